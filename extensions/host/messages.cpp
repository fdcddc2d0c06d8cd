#include "extensions/host/messages.hpp"

#include <utility>

#include "host.pb.h"

namespace jobq::hosting {

namespace {

time_point time_of(std::int64_t count) {
  return time_point{milliseconds{count}};
}

} // namespace

void write(const run& from, const std::string& setup, wire::Run& to) {
  to.set_id(from.id.to_string());
  to.set_job(from.job);
  to.set_extension(from.extension);
  to.set_function(from.function);
  to.set_attempt(from.attempt);
  to.set_enforce(from.enforce);
  for (const auto& [name, value] : from.parameters) {
    auto* parameter = to.add_parameters();
    parameter->set_name(name);
    parameter->set_value(value);
  }
  if (from.nominal_time)
    to.set_nominal_time(from.nominal_time->time_since_epoch().count());
  if (from.started_at)
    to.set_started_at(from.started_at->time_since_epoch().count());
  if (from.timeout)
    to.set_timeout(from.timeout->count());
  to.set_setup(setup);
}

bool read(const wire::Run& from, run& to) {
  auto id = run_id::parse(from.id());
  if (!id)
    return false;
  to.id = *id;
  to.job = from.job();
  to.extension = from.extension();
  to.function = from.function();
  to.attempt = from.attempt();
  to.enforce = from.enforce();
  for (const auto& parameter : from.parameters())
    to.parameters[parameter.name()] = parameter.value();
  if (from.has_nominal_time())
    to.nominal_time = time_of(from.nominal_time());
  if (from.has_started_at())
    to.started_at = time_of(from.started_at());
  if (from.has_timeout())
    to.timeout = milliseconds{from.timeout()};
  return true;
}

void write(const outcome& from, wire::Done& to) {
  to.set_kind(static_cast<std::uint32_t>(from.kind));
  to.set_message(from.message);
  to.set_error(from.error);
  to.set_retryable(from.retryable);
  to.set_asks_retry(from.asks_retry);
  to.set_snooze(from.snooze.count());
  to.set_items_processed(from.items_processed);
  to.set_items_failed(from.items_failed);
  for (const auto& [name, value] : from.counters) {
    auto* counter = to.add_counters();
    counter->set_name(name);
    counter->set_value(value);
  }
  if (!from.process)
    return;
  auto* process = to.mutable_process();
  if (from.process->exit_code)
    process->set_exit_code(*from.process->exit_code);
  if (from.process->signal)
    process->set_signal(*from.process->signal);
  process->set_peak_memory(from.process->peak_memory);
}

outcome read(const wire::Done& from) {
  outcome to;
  if (from.kind() >= outcome_kind_words.size()) {
    to = job_result::failed("the host sent an outcome of unknown kind");
    return to;
  }
  to.kind = static_cast<outcome_kind>(from.kind());
  to.message = from.message();
  to.error = from.error();
  to.retryable = from.retryable();
  to.asks_retry = from.asks_retry();
  to.snooze = milliseconds{from.snooze()};
  to.items_processed = from.items_processed();
  to.items_failed = from.items_failed();
  for (const auto& counter : from.counters())
    to.counters[counter.name()] = counter.value();
  if (from.has_process()) {
    const auto& process = from.process();
    auto& end = to.process.emplace();
    if (process.has_exit_code())
      end.exit_code = process.exit_code();
    if (process.has_signal())
      end.signal = process.signal();
    end.peak_memory = process.peak_memory();
  }
  return to;
}

void write(const function_entry& from, wire::FunctionSpec& to) {
  to.set_name(from.name);
  to.set_description(from.description);
  to.set_default_schedule(from.default_schedule);
  for (const auto& each : from.parameters) {
    auto* spec = to.add_parameters();
    spec->set_name(each.name);
    spec->set_type(static_cast<std::uint32_t>(each.kind));
    spec->set_default_value(each.default_value);
    spec->set_description(each.description);
    if (each.min)
      spec->set_min(*each.min);
    if (each.max)
      spec->set_max(*each.max);
  }
}

function_entry read(const wire::FunctionSpec& from) {
  function_entry to;
  to.name = from.name();
  to.description = from.description();
  to.default_schedule = from.default_schedule();
  for (const auto& each : from.parameters()) {
    parameter_spec spec;
    spec.name = each.name();
    if (each.type()
        <= static_cast<std::uint32_t>(parameter_spec::type::boolean))
      spec.kind = static_cast<parameter_spec::type>(each.type());
    spec.default_value = each.default_value();
    spec.description = each.description();
    if (each.has_min())
      spec.min = each.min();
    if (each.has_max())
      spec.max = each.max();
    to.parameters.push_back(std::move(spec));
  }
  return to;
}

} // namespace jobq::hosting
