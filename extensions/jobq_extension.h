/// jobq's extension interface, version 1: what a shared library exports so that
/// jobq runs its functions as jobs. Plain C, so that any language and any
/// compiler can provide it; C++ has jobq_extension.hpp on top of it.
///
/// A library is opened in job hosts only, never in the server: whatever it does
/// costs the run that it does it in, and nothing else. A host runs one function
/// at a time, on its main thread, and is used for many runs: a function finds
/// the library's globals as the run before it left them. Threads and processes
/// that a function leaves behind are ended with the run.
///
/// All texts are UTF-8 and end with a zero byte. What jobq passes is valid
/// until the function returns; what the library passes is copied.
///
/// Stability: within a version nothing changes but what stands behind `size`
/// (later members are added at the end). Another version has another symbol.
#ifndef JOBQ_EXTENSION_H
#define JOBQ_EXTENSION_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define JOBQ_EXTENSION_VERSION 1

/// No such instant: the run has no nominal time, or no deadline.
#define JOBQ_NO_TIME INT64_MIN

enum jobq_log_level {
  JOBQ_LOG_DEBUG = 0,
  JOBQ_LOG_INFO = 1,
  JOBQ_LOG_WARNING = 2,
  JOBQ_LOG_ERROR = 3
};

/// What a function came to; its return value. Anything else is a failure.
enum jobq_status {
  JOBQ_SUCCEEDED = 0,
  JOBQ_FAILED = 1,    ///< tried again while `max_attempts` allows
  JOBQ_DISCARDED = 2, ///< failed, and another attempt would not help
  JOBQ_SNOOZED = 3,   ///< not now: again after the time given to `snooze`
  JOBQ_STOPPED = 4    ///< ended early because `stop_requested` said so
};

enum jobq_parameter_type {
  JOBQ_TEXT = 0,
  JOBQ_INTEGER = 1,
  JOBQ_NUMBER = 2,
  JOBQ_BOOLEAN = 3 ///< reaches the function as "true" or "false"
};

/// A parameter of a run.
struct jobq_parameter {
  const char* name;
  const char* value;
};

/// A run, as its function sees it. The members up to `parameters` are facts;
/// the functions after them may be called from any thread while the job
/// function runs, with the context as their first argument.
struct jobq_context {
  uint32_t size;        ///< of this struct, in bytes, as the host knows it
  uint32_t attempt;     ///< 1 for the first
  const char* function; ///< as the library exported it
  const char* run_id;
  const char* job;      ///< the configured job; empty for an ad-hoc run
  int64_t nominal_time; ///< milliseconds since 1970 UTC, or JOBQ_NO_TIME
  int64_t started_at;   ///< the same; when this attempt began
  int64_t deadline;     ///< the same; when its timeout fires
  int32_t
      enforce; ///< 0: change nothing that can't be undone; say what would be
  size_t parameter_count;
  /// Checked against the function's specifications, defaults filled in, sorted
  /// by name.
  const struct jobq_parameter* parameters;

  /// Not 0 once the attempt shall end (cancel, timeout, shutdown). Cheap enough
  /// for every unit of work. A function that does not obey gets SIGTERM, then
  /// SIGKILL.
  int (*stop_requested)(const struct jobq_context*);
  /// Adds a line to the run's log.
  void (*log)(const struct jobq_context*, enum jobq_log_level, const char*);
  /// @param fraction 0 to 1  @param message may be null
  void (*progress)(const struct jobq_context*, double fraction,
                   const char* message);
  /// Sets a named counter. The outcome keeps 1,000 of them, with the first 100
  /// bytes of their names.
  void (*counter)(const struct jobq_context*, const char* name, int64_t value);
  /// Sets how many items were processed, and how many of them failed.
  void (*items)(const struct jobq_context*, uint64_t processed,
                uint64_t failed);
  /// Sets what the function did: the outcome's message.
  void (*message)(const struct jobq_context*, const char*);
  /// Sets why it failed: the outcome's error.
  void (*error)(const struct jobq_context*, const char*);
  /// Sets for how long JOBQ_SNOOZED puts the run off, in milliseconds.
  void (*snooze)(const struct jobq_context*, int64_t);

  void* host; ///< the host's own
};

struct jobq_parameter_spec {
  const char* name;
  enum jobq_parameter_type type;
  const char* default_value; ///< null: empty text, which counts as not given
  const char* description;   ///< may be null
  const int64_t* min;        ///< of JOBQ_INTEGER; null: none
  const int64_t* max;
};

struct jobq_function {
  const char* name;
  const char* description;      ///< may be null
  const char* default_schedule; ///< six-field cron; null: none
  size_t parameter_count;
  const struct jobq_parameter_spec* parameters;
  /// Runs the job. @param data what stands in the next member
  enum jobq_status (*call)(const struct jobq_context*, void* data);
  void* data;
};

struct jobq_extension {
  uint32_t version;    ///< JOBQ_EXTENSION_VERSION
  const char* name;    ///< what a configuration writes at `extension:`
  const char* release; ///< the extension's own version, for people
  size_t function_count;
  const struct jobq_function* functions;
};

#if defined(__GNUC__)
#define JOBQ_EXPORT __attribute__((visibility("default")))
#else
#define JOBQ_EXPORT
#endif

/// The one symbol that a library exports. Called once in each host, before any
/// function. @returns the description, valid until the process ends; null when
/// the library can't work here
JOBQ_EXPORT const struct jobq_extension* jobq_extension_v1(void);

#ifdef __cplusplus
}
#endif

#endif
