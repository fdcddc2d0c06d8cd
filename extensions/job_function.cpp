#include "extensions/job_function.hpp"

#include <charconv>
#include <cmath>
#include <utility>

#include "extensions/parameters.hpp"
#include "jobs/names.hpp"

namespace jobq {

outcome job_result::succeeded(std::string message) {
  outcome result;
  result.message = std::move(message);
  return result;
}

outcome job_result::failed(std::string error, bool retryable) {
  outcome result;
  result.kind = outcome_kind::failed;
  result.error = std::move(error);
  result.retryable = retryable;
  return result;
}

outcome job_result::snoozed(milliseconds pause, std::string message) {
  outcome result;
  result.kind = outcome_kind::snoozed;
  result.snooze = pause;
  result.message = std::move(message);
  return result;
}

outcome job_result::stopped(std::string message) {
  outcome result;
  result.kind = outcome_kind::interrupted;
  result.message = std::move(message);
  return result;
}

namespace {

std::string range_fault(const parameter_spec& spec, std::int64_t value) {
  if (spec.min && value < *spec.min)
    return "must be at least " + std::to_string(*spec.min);
  if (spec.max && value > *spec.max)
    return "must be at most " + std::to_string(*spec.max);
  return {};
}

std::string integer_fault(const parameter_spec& spec, std::string_view text) {
  if (auto value = read_integer(text))
    return range_fault(spec, *value);
  return "must be a whole number";
}

std::string number_fault(std::string_view text) {
  double value = 0;
  auto end = text.data() + text.size();
  auto [stop, code] = std::from_chars(text.data(), end, value);
  if (code != std::errc{} || stop != end || !std::isfinite(value))
    return "must be a number";
  return {};
}

/// What is wrong with a value, without naming the parameter.
std::string fault_of(const parameter_spec& spec, std::string_view text) {
  switch (spec.kind) {
  case parameter_spec::type::text:
    return {};
  case parameter_spec::type::integer:
    return integer_fault(spec, text);
  case parameter_spec::type::number:
    return number_fault(text);
  case parameter_spec::type::boolean:
    return read_boolean(text) ? "" : "must be true or false";
  }
  return {};
}

std::string unknown_fault(const function_entry& function,
                          const std::string& name) {
  std::vector<std::string> names;
  for (const auto& spec : function.parameters)
    names.push_back(spec.name);
  auto hint = did_you_mean(name, names);
  if (hint.empty() && names.empty())
    hint = ", " + function.extension + "." + function.name + " takes none";
  return "unknown parameter \"" + name + "\"" + hint;
}

const parameter_spec* spec_of(const function_entry& function,
                              std::string_view name) {
  for (const auto& spec : function.parameters)
    if (spec.name == name)
      return &spec;
  return nullptr;
}

} // namespace

std::string check_parameters(const function_entry& function,
                             const parameter_map& parameters) {
  std::string faults;
  auto add = [&faults](const std::string& fault) {
    if (!faults.empty())
      faults += "; ";
    faults += fault;
  };
  for (const auto& [name, value] : parameters) {
    const auto* spec = spec_of(function, name);
    if (!spec) {
      if (!function.any_parameters)
        add(unknown_fault(function, name));
      continue;
    }
    if (auto fault = fault_of(*spec, value); !fault.empty())
      add("parameter \"" + name + "\" " + fault + ", not \"" + value + "\"");
  }
  return faults;
}

} // namespace jobq
