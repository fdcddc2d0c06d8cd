#include "extensions/host/library.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>

#include "extensions/jobq_extension.h"
#include "extensions/parameters.hpp"

namespace jobq::hosting {

namespace {

constexpr std::size_t max_functions = 1000;
constexpr std::size_t max_parameters = 100;

std::string text_or_empty(const char* text) {
  return text != nullptr ? text : "";
}

std::int64_t count_of(time_point at) {
  return at.time_since_epoch().count();
}

/// An enumeration as another language may have left it: any number.
template <class Enumeration>
int number_of(const Enumeration& raw) {
  int number = 0;
  static_assert(sizeof(number) == sizeof(raw));
  std::memcpy(&number, &raw, sizeof(number));
  return number;
}

/// One call of a library's function: what it sees, and what it has said.
class call {
public:
  call(const function_entry& function, job_context& context)
      : context_{context}, id_{context.id().to_string()}, job_{context.job()} {
    auto values = context.parameters();
    for (const auto& spec : function.parameters)
      values.try_emplace(spec.name, spec.default_value);
    for (auto& [name, value] : values)
      parameters_.emplace_back(name,
                               as_passed(function, name, std::move(value)));
    for (const auto& [name, value] : parameters_)
      raw_parameters_.push_back({name.c_str(), value.c_str()});
    fill(function);
  }
  call(const call&) = delete;
  call& operator=(const call&) = delete;

  outcome make(const jobq_function& function) {
    const int status = function.call(&raw_, function.data);
    const std::lock_guard lock{mutex_};
    return came_to(status);
  }

private:
  /// Booleans are written in many ways and passed in one.
  static std::string as_passed(const function_entry& function,
                               const std::string& name, std::string value) {
    const auto spec
        = std::ranges::find(function.parameters, name, &parameter_spec::name);
    if (spec == function.parameters.end()
        || spec->kind != parameter_spec::type::boolean)
      return value;
    const auto read = read_boolean(value);
    return read.value_or(false) ? "true" : "false";
  }

  void fill(const function_entry& function) {
    raw_.size = sizeof(raw_);
    raw_.attempt = context_.attempt();
    raw_.function = function.name.c_str();
    raw_.run_id = id_.c_str();
    raw_.job = job_.c_str();
    const auto nominal = context_.nominal_time();
    raw_.nominal_time = nominal ? count_of(*nominal) : JOBQ_NO_TIME;
    raw_.started_at = count_of(context_.started_at());
    const auto deadline = context_.deadline();
    raw_.deadline = deadline ? count_of(*deadline) : JOBQ_NO_TIME;
    raw_.enforce = context_.enforce() ? 1 : 0;
    raw_.parameter_count = raw_parameters_.size();
    raw_.parameters = raw_parameters_.data();
    raw_.host = this;
    raw_.stop_requested = [](const jobq_context* raw) {
      return of(raw).context_.stop_requested() ? 1 : 0;
    };
    raw_.log = log;
    raw_.progress
        = [](const jobq_context* raw, double fraction, const char* message) {
            of(raw).context_.progress(fraction, text_or_empty(message));
          };
    raw_.counter
        = [](const jobq_context* raw, const char* name, std::int64_t value) {
            of(raw).change([&](outcome& made) {
              if (name != nullptr)
                made.counters[name] = value;
            });
          };
    raw_.items = [](const jobq_context* raw, std::uint64_t processed,
                    std::uint64_t failed) {
      of(raw).change([&](outcome& made) {
        made.items_processed = processed;
        made.items_failed = failed;
      });
    };
    raw_.message = [](const jobq_context* raw, const char* text) {
      of(raw).change(
          [&](outcome& made) { made.message = text_or_empty(text); });
    };
    raw_.error = [](const jobq_context* raw, const char* text) {
      of(raw).change([&](outcome& made) { made.error = text_or_empty(text); });
    };
    raw_.snooze = [](const jobq_context* raw, std::int64_t pause) {
      of(raw).change([&](outcome& made) {
        made.snooze = milliseconds{std::max<std::int64_t>(pause, 0)};
      });
    };
  }

  // No lambda: handing the level on would take it for one that there is.
  static void log(const jobq_context* raw, jobq_log_level level,
                  const char* line) {
    const auto known
        = std::clamp(number_of(level), 0, static_cast<int>(log_level::error));
    of(raw).context_.log(static_cast<log_level>(known), text_or_empty(line));
  }

  static call& of(const jobq_context* raw) {
    return *static_cast<call*>(raw->host);
  }

  template <class Change>
  void change(Change apply) {
    const std::lock_guard lock{mutex_};
    apply(made_);
  }

  outcome came_to(int status) {
    switch (status) {
    case JOBQ_SUCCEEDED:
      made_.kind = outcome_kind::succeeded;
      return made_;
    case JOBQ_SNOOZED:
      made_.kind = outcome_kind::snoozed;
      return made_;
    case JOBQ_STOPPED:
      made_.kind = outcome_kind::interrupted;
      return made_;
    case JOBQ_FAILED:
    case JOBQ_DISCARDED:
      break;
    default:
      made_.error = "the function returned " + std::to_string(status)
                    + ", which is no jobq_status";
    }
    made_.kind = outcome_kind::failed;
    made_.retryable = status != JOBQ_DISCARDED;
    if (made_.error.empty())
      made_.error = "the function failed without saying why";
    return made_;
  }

  job_context& context_;
  const std::string id_;
  const std::string job_;
  std::vector<std::pair<std::string, std::string>> parameters_;
  std::vector<jobq_parameter> raw_parameters_;
  jobq_context raw_{};
  std::mutex mutex_; ///< made_
  outcome made_;
};

/// Why a description can't be used, or empty.
std::string fault_of(const jobq_parameter_spec& spec) {
  if (spec.name == nullptr || *spec.name == '\0')
    return "has a parameter without a name";
  const int type = number_of(spec.type);
  if (type < JOBQ_TEXT || type > JOBQ_BOOLEAN)
    return "has a parameter \"" + std::string{spec.name}
           + "\" of an unknown type";
  return {};
}

std::string fault_of(const jobq_function& function) {
  if (function.name == nullptr || *function.name == '\0')
    return "has a function without a name";
  const std::string name = function.name;
  if (function.call == nullptr)
    return "has a function \"" + name + "\" that can't be called";
  if (function.parameter_count > max_parameters
      || (function.parameter_count > 0 && function.parameters == nullptr))
    return "has a function \"" + name + "\" with a broken list of parameters";
  for (std::size_t i = 0; i < function.parameter_count; ++i)
    if (auto fault = fault_of(function.parameters[i]); !fault.empty())
      return "has a function \"" + name + "\" that " + fault;
  return {};
}

std::string fault_of(const jobq_extension* extension) {
  if (extension == nullptr)
    return "says that it can't work here: jobq_extension_v1 returned null";
  if (extension->version != JOBQ_EXTENSION_VERSION)
    return "is made for version " + std::to_string(extension->version)
           + " of the extension interface, this jobq has version "
           + std::to_string(JOBQ_EXTENSION_VERSION);
  if (extension->name == nullptr || *extension->name == '\0')
    return "gives its extension no name";
  if (extension->function_count > max_functions
      || (extension->function_count > 0 && extension->functions == nullptr))
    return "has a broken list of functions";
  for (std::size_t i = 0; i < extension->function_count; ++i)
    if (auto fault = fault_of(extension->functions[i]); !fault.empty())
      return fault;
  return {};
}

parameter_spec spec_of(const jobq_parameter_spec& raw) {
  parameter_spec made;
  made.name = raw.name;
  made.kind = static_cast<parameter_spec::type>(raw.type);
  made.default_value = text_or_empty(raw.default_value);
  made.description = text_or_empty(raw.description);
  if (raw.min != nullptr)
    made.min = *raw.min;
  if (raw.max != nullptr)
    made.max = *raw.max;
  return made;
}

function_entry entry_of(const std::string& extension,
                        const jobq_function& raw) {
  function_entry made;
  made.extension = extension;
  made.name = raw.name;
  made.description = text_or_empty(raw.description);
  made.default_schedule = text_or_empty(raw.default_schedule);
  for (std::size_t i = 0; i < raw.parameter_count; ++i)
    made.parameters.push_back(spec_of(raw.parameters[i]));
  made.call = [about = made, &raw](job_context& context) {
    return call{about, context}.make(raw);
  };
  return made;
}

} // namespace

result<library_functions> open_library(const std::filesystem::path& path) {
  const auto refuse = [&path](const std::string& why) {
    return fail(errc::invalid_argument, path.string() + ": " + why);
  };
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return refuse("can't be opened: " + text_or_empty(::dlerror()));
  auto* symbol = ::dlsym(library, "jobq_extension_v1");
  if (symbol == nullptr)
    return refuse("exports no jobq_extension_v1, so it is no jobq extension "
                  "(see jobq_extension.h)");
  const auto* described
      = reinterpret_cast<const jobq_extension* (*)()>(symbol)();
  if (auto fault = fault_of(described); !fault.empty())
    return refuse(fault);
  library_functions made{
      described->name, text_or_empty(described->release), {}};
  for (std::size_t i = 0; i < described->function_count; ++i) {
    auto entry = entry_of(made.extension, described->functions[i]);
    if (std::ranges::find(made.functions, entry.name, &function_entry::name)
        != made.functions.end())
      return refuse("has two functions \"" + entry.name + "\"");
    made.functions.push_back(std::move(entry));
  }
  return made;
}

} // namespace jobq::hosting
