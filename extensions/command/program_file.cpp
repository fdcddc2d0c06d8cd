#include "extensions/command/program_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "extensions/command/spawn.hpp"

namespace jobq {

namespace {

constexpr auto not_found_hint
    = "give the program's full path, or a name that PATH finds";
constexpr auto not_executable_hint
    = "the file has to be a program that may be executed (chmod +x)";

/// Whether another attempt may find it otherwise.
bool may_pass(int code) noexcept {
  switch (code) {
  case EAGAIN:
  case ENOMEM:
  case EMFILE:
  case ENFILE:
  case ETXTBSY: // the file is being written
  case EINTR:
  case EIO:
    return true;
  default:
    return false;
  }
}

/// 0 if the file may be executed, else why not.
int executable_fault(const std::string& file, int directory) {
  struct stat status {};
  if (::fstatat(directory, file.c_str(), &status, 0) != 0)
    return errno;
  if (!S_ISREG(status.st_mode))
    return EACCES;
  return ::faccessat(directory, file.c_str(), X_OK, AT_EACCESS) == 0 ? 0
                                                                     : errno;
}

/// Looks through PATH. @returns the file, or sets `code`.
std::string look_up(const std::string& name, std::string_view path,
                    int directory, int& code) {
  code = ENOENT;
  for (;;) {
    auto end = path.find(':');
    std::string file{path.substr(0, end)};
    file += file.empty() ? "./" : "/";
    file += name;
    int fault = executable_fault(file, directory);
    if (fault == 0) {
      code = 0;
      return file;
    }
    if (fault == EACCES) // told only if no other is better
      code = EACCES;
    if (end == std::string_view::npos)
      return {};
    path.remove_prefix(end + 1);
  }
}

} // namespace

tl::unexpected<error> start_error(const std::string& program, int code,
                                  const std::string& hint) {
  const char* text = ::strerrordesc_np(code); // thread-safe, unlike strerror
  auto message
      = program + ": " + (text ? text : "error " + std::to_string(code));
  if (!hint.empty())
    message += ": " + hint;
  return fail(may_pass(code) ? errc::busy : errc::invalid_argument,
              std::move(message));
}

result<descriptor> open_directory(const std::string& program,
                                  const std::string& path) {
  auto name = program + ": working directory " + (path.empty() ? "." : path);
  int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  descriptor opened{::open(path.empty() ? "." : path.c_str(), flags)};
  if (!opened)
    return start_error(name, errno, "");
  if (::faccessat(opened.get(), ".", X_OK, AT_EACCESS) != 0)
    return start_error(name, errno, "");
  auto moved = clear_of_standard(std::move(opened));
  if (!moved)
    return start_error(program, errno, "");
  return moved;
}

result<std::string> find_program(const std::string& name,
                                 const std::string& path, int directory) {
  int code = 0;
  std::string file = name;
  if (name.find('/') == std::string::npos)
    file = look_up(name, path, directory, code);
  else
    code = executable_fault(name, directory);
  if (code == 0)
    return file;
  return start_error(name, code,
                     code == EACCES   ? not_executable_hint
                     : code == ENOENT ? not_found_hint
                                      : "");
}

std::string exec_hint(const std::string& file, int code, int directory) {
  switch (code) {
  case ENOENT: // of a file that was there a moment ago
    return executable_fault(file, directory) == 0
               ? "the interpreter that its first line names is not there"
               : not_found_hint;
  case EACCES:
    return not_executable_hint;
  case ENOEXEC:
    return "a script needs a first line that names its interpreter, such as "
           "#!/bin/sh";
  case E2BIG:
    return "its arguments and environment are too long";
  default:
    return {};
  }
}

} // namespace jobq
