# One INTERFACE target carries what every target of the project is built with.
set(JOBQ_SANITIZE "" CACHE STRING "address, thread, or empty")

add_library(jobq_flags INTERFACE)
target_include_directories(jobq_flags INTERFACE "${CMAKE_SOURCE_DIR}")
target_compile_options(jobq_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Werror -fno-omit-frame-pointer)
# GCC 12 sees overlaps in std::string's operator+ that are not there (PR105651).
target_compile_options(jobq_flags INTERFACE
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)

if(JOBQ_SANITIZE STREQUAL "address")
  # `null` reports come from CAF 0.17's spawn helper alone.
  set(_san -fsanitize=address,undefined -fno-sanitize=null
    -fno-sanitize-recover=all)
elseif(JOBQ_SANITIZE STREQUAL "thread")
  set(_san -fsanitize=thread)
  # TSan knows no fences. Asio's stand beside locks, which it does know.
  target_compile_definitions(jobq_flags INTERFACE
    BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()
if(JOBQ_SANITIZE)
  target_compile_options(jobq_flags INTERFACE ${_san})
  target_link_options(jobq_flags INTERFACE ${_san})
  # GCC's flow warnings misfire on instrumented code.
  target_compile_options(jobq_flags INTERFACE
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()

# jobq_program(NAME): a program that holds the engine. Runs are made in one
# thread and end in another; glibc's allocator takes locks for that and searches
# lists, jemalloc hardly. A sanitizer brings an allocator of its own.
find_library(JEMALLOC_LIBRARY jemalloc)
function(jobq_program name)
  if(JEMALLOC_LIBRARY AND NOT JOBQ_SANITIZE)
    target_link_options(${name} PRIVATE -Wl,--no-as-needed)
    target_link_libraries(${name} PRIVATE "${JEMALLOC_LIBRARY}")
    target_sources(${name} PRIVATE "${CMAKE_SOURCE_DIR}/cmake/jemalloc_conf.cpp")
  endif()
endfunction()

# jobq_library(NAME SOURCES... ): a static library with the project's flags.
function(jobq_library name)
  add_library(${name} STATIC ${ARGN})
  target_link_libraries(${name} PUBLIC jobq_flags)
endfunction()

# jobq_precompile(NAME HEADERS...): has Clang compile heavy headers once for all
# sources of a target. GCC 12 then forgets that they are no code of ours, and
# warns of overflows in them that are not there.
function(jobq_precompile name)
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    target_precompile_headers(${name} PRIVATE ${ARGN})
  endif()
endfunction()

# jobq_part(NAME SOURCES...): the same, fit for shared libraries as well.
function(jobq_part name)
  jobq_library(${name} ${ARGN})
  # Hidden: the linker then binds calls as in a program.
  set_target_properties(${name} PROPERTIES
    POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
endfunction()
