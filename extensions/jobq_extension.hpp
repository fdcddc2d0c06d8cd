#pragma once

/// C++20 over jobq_extension.h, header only. A whole extension:
///
///     #include <jobq_extension.hpp>
///     using namespace jobq::extension;
///
///     result greet(context& run) {
///       run.log("hello, " + std::string{run.parameter("name")});
///       return succeeded("greeted");
///     }
///
///     JOBQ_EXTENSION("hello", "1.0",
///                    {{"greet", "Greets.", greet, {{"name", "world"}}}})

#include <charconv>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jobq_extension.h>

namespace jobq::extension {

using std::chrono::milliseconds;
using time_point
    = std::chrono::time_point<std::chrono::system_clock, milliseconds>;

enum class level {
  debug = JOBQ_LOG_DEBUG,
  info = JOBQ_LOG_INFO,
  warning = JOBQ_LOG_WARNING,
  error = JOBQ_LOG_ERROR
};

/// What a function returns; made by the functions below.
struct result {
  jobq_status status = JOBQ_SUCCEEDED;
  std::string text; ///< message of a success, snooze or stop; else the error
  milliseconds snooze{0};
};

inline result succeeded(std::string message = {}) {
  return {JOBQ_SUCCEEDED, std::move(message), {}};
}
/// Tried again while the job's `max_attempts` allows.
inline result failed(std::string error) {
  return {JOBQ_FAILED, std::move(error), {}};
}
/// Failed, and another attempt would not help.
inline result discarded(std::string error) {
  return {JOBQ_DISCARDED, std::move(error), {}};
}
/// Again after `pause`; counts as no attempt.
inline result snoozed(milliseconds pause, std::string message = {}) {
  return {JOBQ_SNOOZED, std::move(message), pause};
}
/// Ended early because `stop_requested` said so.
inline result stopped(std::string message = {}) {
  return {JOBQ_STOPPED, std::move(message), {}};
}

/// The run that a function works for. Valid during the call; its methods may be
/// called from any thread.
class context {
public:
  explicit context(const jobq_context& raw) noexcept : raw_{&raw} {}

  std::string_view run_id() const noexcept { return raw_->run_id; }
  std::string_view job() const noexcept { return raw_->job; }
  std::string_view function() const noexcept { return raw_->function; }
  std::uint32_t attempt() const noexcept { return raw_->attempt; }
  /// False: change nothing that can't be undone, report what would be done.
  bool enforce() const noexcept { return raw_->enforce != 0; }
  std::optional<time_point> nominal_time() const noexcept {
    return time_of(raw_->nominal_time);
  }
  std::optional<time_point> deadline() const noexcept {
    return time_of(raw_->deadline);
  }
  time_point started_at() const noexcept {
    return time_point{milliseconds{raw_->started_at}};
  }

  /// A parameter's value, or its default.
  /// @throws std::out_of_range when the function has no such parameter
  std::string_view parameter(std::string_view name) const {
    for (std::size_t i = 0; i < raw_->parameter_count; ++i)
      if (name == raw_->parameters[i].name)
        return raw_->parameters[i].value;
    throw std::out_of_range("no parameter \"" + std::string{name} + "\"");
  }
  /// The same of a JOBQ_INTEGER. @throws std::invalid_argument when it is none
  std::int64_t integer(std::string_view name) const {
    const auto text = parameter(name);
    const auto* end = text.data() + text.size();
    std::int64_t value = 0;
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec != std::errc{} || read.ptr != end)
      throw std::invalid_argument("parameter \"" + std::string{name}
                                  + "\" is no whole number");
    return value;
  }
  /// The same of a JOBQ_BOOLEAN.
  bool boolean(std::string_view name) const {
    return parameter(name) == "true";
  }

  /// True once the attempt shall end; return `stopped()` then.
  bool stop_requested() const noexcept {
    return raw_->stop_requested(raw_) != 0;
  }

  void log(const std::string& line, level how = level::info) const {
    raw_->log(raw_, static_cast<jobq_log_level>(how), line.c_str());
  }
  /// @param fraction 0 to 1
  void progress(double fraction, const std::string& message = {}) const {
    raw_->progress(raw_, fraction, message.c_str());
  }
  void counter(const std::string& name, std::int64_t value) const {
    raw_->counter(raw_, name.c_str(), value);
  }
  void items(std::uint64_t processed, std::uint64_t failed_ones = 0) const {
    raw_->items(raw_, processed, failed_ones);
  }

private:
  static std::optional<time_point> time_of(std::int64_t at) noexcept {
    if (at == JOBQ_NO_TIME)
      return std::nullopt;
    return time_point{milliseconds{at}};
  }

  const jobq_context* raw_;
};

struct parameter {
  std::string name;
  std::string default_value = {};
  jobq_parameter_type type = JOBQ_TEXT;
  std::string description = {};
  std::optional<std::int64_t> min = {}; ///< of JOBQ_INTEGER
  std::optional<std::int64_t> max = {};
};

struct function {
  std::string name;
  std::string description;
  std::function<result(context&)> call; ///< what it throws is a failure
  std::vector<parameter> parameters = {};
  std::string default_schedule = {}; ///< six-field cron; empty: none
};

/// Keeps an extension's description in the form that the C interface shows.
/// Made by JOBQ_EXTENSION, lives until the process ends.
class description {
public:
  description(std::string name, std::string release,
              std::vector<function> functions)
      : name_{std::move(name)}, release_{std::move(release)},
        functions_{std::move(functions)} {
    specs_.reserve(functions_.size());
    for (auto& each : functions_) {
      auto& specs = specs_.emplace_back();
      for (const auto& one : each.parameters)
        specs.push_back({one.name.c_str(), one.type, one.default_value.c_str(),
                         one.description.c_str(), one.min ? &*one.min : nullptr,
                         one.max ? &*one.max : nullptr});
      raw_functions_.push_back({each.name.c_str(), each.description.c_str(),
                                each.default_schedule.empty()
                                    ? nullptr
                                    : each.default_schedule.c_str(),
                                specs.size(), specs.data(), call, &each});
    }
    raw_ = {JOBQ_EXTENSION_VERSION, name_.c_str(), release_.c_str(),
            raw_functions_.size(), raw_functions_.data()};
  }
  description(const description&) = delete;
  description& operator=(const description&) = delete;

  const jobq_extension* raw() const noexcept { return &raw_; }

private:
  static jobq_status call(const jobq_context* raw, void* data) noexcept {
    result made;
    try {
      context run{*raw};
      made = static_cast<const function*>(data)->call(run);
    } catch (const std::exception& thrown) {
      made = failed(thrown.what());
    } catch (...) {
      made = failed("unknown exception");
    }
    const bool error
        = made.status == JOBQ_FAILED || made.status == JOBQ_DISCARDED;
    (error ? raw->error : raw->message)(raw, made.text.c_str());
    raw->snooze(raw, made.snooze.count());
    return made.status;
  }

  std::string name_;
  std::string release_;
  std::vector<function> functions_;
  std::vector<std::vector<jobq_parameter_spec>> specs_;
  std::vector<jobq_function> raw_functions_;
  jobq_extension raw_{};
};

} // namespace jobq::extension

/// Exports an extension: name, release, and `{function, ...}`.
#define JOBQ_EXTENSION(name, release, ...)                                     \
  extern "C" const jobq_extension* jobq_extension_v1(void) {                   \
    static const jobq::extension::description made{name, release,              \
                                                   __VA_ARGS__};               \
    return made.raw();                                                         \
  }
