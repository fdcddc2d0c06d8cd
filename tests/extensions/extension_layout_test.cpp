// Version 1 of the interface for extensions, byte by byte: a library that was
// built with it must fit every later jobq. A change that breaks a line here
// needs another version, unless it adds a member at the end of jobq_context,
// which `size` announces.
#include "extensions/jobq_extension.h"

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace {

using run = const jobq_context*;

#define JOBQ_HAS(type, member, at, ...)                                        \
  static_assert(offsetof(type, member) == (at));                               \
  static_assert(std::is_same_v<decltype(type::member), __VA_ARGS__>)

static_assert(JOBQ_EXTENSION_VERSION == 1);
static_assert(std::is_same_v<decltype(jobq_extension_v1),
                             const struct jobq_extension*()>);
static_assert(JOBQ_NO_TIME == INT64_MIN);

static_assert(JOBQ_LOG_DEBUG == 0 && JOBQ_LOG_INFO == 1 && JOBQ_LOG_WARNING == 2
              && JOBQ_LOG_ERROR == 3);
static_assert(JOBQ_SUCCEEDED == 0 && JOBQ_FAILED == 1 && JOBQ_DISCARDED == 2
              && JOBQ_SNOOZED == 3 && JOBQ_STOPPED == 4);
static_assert(JOBQ_TEXT == 0 && JOBQ_INTEGER == 1 && JOBQ_NUMBER == 2
              && JOBQ_BOOLEAN == 3);
static_assert(sizeof(jobq_log_level) == 4 && sizeof(jobq_status) == 4
              && sizeof(jobq_parameter_type) == 4);

// Where long and pointers have 64 bits.
#if defined(__LP64__)

static_assert(sizeof(jobq_parameter) == 16
              && std::is_standard_layout_v<jobq_parameter>);
JOBQ_HAS(jobq_parameter, name, 0, const char*);
JOBQ_HAS(jobq_parameter, value, 8, const char*);

static_assert(sizeof(jobq_context) == 152
              && std::is_standard_layout_v<jobq_context>);
JOBQ_HAS(jobq_context, size, 0, std::uint32_t);
JOBQ_HAS(jobq_context, attempt, 4, std::uint32_t);
JOBQ_HAS(jobq_context, function, 8, const char*);
JOBQ_HAS(jobq_context, run_id, 16, const char*);
JOBQ_HAS(jobq_context, job, 24, const char*);
JOBQ_HAS(jobq_context, nominal_time, 32, std::int64_t);
JOBQ_HAS(jobq_context, started_at, 40, std::int64_t);
JOBQ_HAS(jobq_context, deadline, 48, std::int64_t);
JOBQ_HAS(jobq_context, enforce, 56, std::int32_t);
JOBQ_HAS(jobq_context, parameter_count, 64, std::size_t);
JOBQ_HAS(jobq_context, parameters, 72, const jobq_parameter*);
JOBQ_HAS(jobq_context, stop_requested, 80, int (*)(run));
JOBQ_HAS(jobq_context, log, 88, void (*)(run, jobq_log_level, const char*));
JOBQ_HAS(jobq_context, progress, 96, void (*)(run, double, const char*));
JOBQ_HAS(jobq_context, counter, 104, void (*)(run, const char*, std::int64_t));
JOBQ_HAS(jobq_context, items, 112, void (*)(run, std::uint64_t, std::uint64_t));
JOBQ_HAS(jobq_context, message, 120, void (*)(run, const char*));
JOBQ_HAS(jobq_context, error, 128, void (*)(run, const char*));
JOBQ_HAS(jobq_context, snooze, 136, void (*)(run, std::int64_t));
JOBQ_HAS(jobq_context, host, 144, void*);

static_assert(sizeof(jobq_parameter_spec) == 48
              && std::is_standard_layout_v<jobq_parameter_spec>);
JOBQ_HAS(jobq_parameter_spec, name, 0, const char*);
JOBQ_HAS(jobq_parameter_spec, type, 8, jobq_parameter_type);
JOBQ_HAS(jobq_parameter_spec, default_value, 16, const char*);
JOBQ_HAS(jobq_parameter_spec, description, 24, const char*);
JOBQ_HAS(jobq_parameter_spec, min, 32, const std::int64_t*);
JOBQ_HAS(jobq_parameter_spec, max, 40, const std::int64_t*);

static_assert(sizeof(jobq_function) == 56
              && std::is_standard_layout_v<jobq_function>);
JOBQ_HAS(jobq_function, name, 0, const char*);
JOBQ_HAS(jobq_function, description, 8, const char*);
JOBQ_HAS(jobq_function, default_schedule, 16, const char*);
JOBQ_HAS(jobq_function, parameter_count, 24, std::size_t);
JOBQ_HAS(jobq_function, parameters, 32, const jobq_parameter_spec*);
JOBQ_HAS(jobq_function, call, 40, jobq_status (*)(run, void*));
JOBQ_HAS(jobq_function, data, 48, void*);

static_assert(sizeof(jobq_extension) == 40
              && std::is_standard_layout_v<jobq_extension>);
JOBQ_HAS(jobq_extension, version, 0, std::uint32_t);
JOBQ_HAS(jobq_extension, name, 8, const char*);
JOBQ_HAS(jobq_extension, release, 16, const char*);
JOBQ_HAS(jobq_extension, function_count, 24, std::size_t);
JOBQ_HAS(jobq_extension, functions, 32, const jobq_function*);

#endif

} // namespace
