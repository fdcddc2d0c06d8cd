#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/definition.hpp"
#include "jobs/outcome.hpp"
#include "jobs/run_id.hpp"
#include "jobs/time.hpp"

namespace jobq {

enum class log_level { debug, info, warning, error };

inline constexpr enum_words<log_level, 4> log_level_words{
    {{log_level::debug, "debug"},
     {log_level::info, "info"},
     {log_level::warning, "warning"},
     {log_level::error, "error"}}};

/// What a job function is told, and through which it reports while it works.
/// Valid for the duration of the call; its methods are thread-safe.
class job_context {
public:
  virtual ~job_context() = default;

  virtual const run_id& id() const = 0;
  virtual std::string_view job() const = 0;
  virtual std::uint32_t attempt() const = 0;
  virtual const parameter_map& parameters() const = 0;
  /// False: change nothing that can't be undone, report what would be done.
  virtual bool enforce() const = 0;
  virtual std::optional<time_point> nominal_time() const = 0;
  virtual std::optional<time_point> deadline() const = 0;
  /// The instant that the attempt began: what "now" means to the function.
  virtual time_point started_at() const = 0;

  /// True once the attempt shall end: on cancel, timeout and shutdown. Asked
  /// between units of work; return `job_result::stopped()` then.
  virtual bool stop_requested() const = 0;

  /// Adds a line to the run's log (bounded: the oldest lines give way).
  virtual void log(log_level level, std::string_view line) = 0;
  /// @param fraction 0..1
  virtual void progress(double fraction, std::string_view message) = 0;
};

/// What a job function returns: an `outcome` that it may honestly claim.
struct job_result {
  static outcome succeeded(std::string message = {});
  static outcome failed(std::string error, bool retryable = true);
  static outcome snoozed(milliseconds pause, std::string message = {});
  /// Ended early because `stop_requested` said so; the engine knows whether
  /// that was a cancel, a timeout or a shutdown.
  static outcome stopped(std::string message = {});
};

using job_function = std::function<outcome(job_context&)>;

/// A parameter that a function takes.
struct parameter_spec {
  enum class type { text, integer, number, boolean };
  std::string name;
  type kind = type::text;
  std::string default_value;
  std::string description;
  std::optional<std::int64_t> min; ///< of an integer
  std::optional<std::int64_t> max;
};

/// A job function as an extension exports it.
struct function_entry {
  std::string extension;
  std::string name;
  std::string description;
  std::string default_schedule; ///< empty: none
  std::vector<parameter_spec> parameters;
  job_function call;  ///< empty in listings of functions that run elsewhere
  bool blocks = true; ///< false: may run with `isolation: inline`
  bool any_parameters = false; ///< also takes those that it does not list
};

/// Reads a run's parameters by a function's specification.
/// @returns one message naming every unknown (with the closest known one),
///   malformed or out-of-range parameter; empty when all is well.
std::string check_parameters(const function_entry& function,
                             const parameter_map& parameters);

} // namespace jobq
