#include "bench/scenario.hpp"

#include <array>
#include <charconv>

#include "jobs/enum_text.hpp"
#include "jobs/names.hpp"

namespace jobq::bench {
namespace {

constexpr enum_words<measure, 9> measure_words{
    {{measure::full_cycle, "full_cycle"},
     {measure::enqueue, "enqueue"},
     {measure::bare_cycle, "bare_cycle"},
     {measure::fan_out, "fan_out"},
     {measure::restart, "restart"},
     {measure::catch_up, "catch_up"},
     {measure::churn, "churn"},
     {measure::plan, "plan"},
     {measure::isolation, "isolation"}}};

constexpr enum_words<place, 4> place_words{{{place::host, "host"},
                                            {place::thread, "thread"},
                                            {place::command, "command"},
                                            {place::executor, "executor"}}};

constexpr enum_words<log_files, 2> floor_words{
    {{log_files::plain, "plain"}, {log_files::prepared, "prepared"}}};

const std::vector<std::string> knobs{
    "outstanding", "payload", "durability", "producers", "depth", "count",
    "where",       "hosts",   "workers",    "readers",   "floor"};

tl::unexpected<error> wrong(std::string_view name, const std::string& why) {
  return fail(errc::invalid_argument,
              "scenario \"" + std::string{name} + "\": " + why);
}

template <class Number>
bool read_number(std::string_view text, Number& to) {
  auto [end, fault]
      = std::from_chars(text.data(), text.data() + text.size(), to);
  return fault == std::errc{} && end == text.data() + text.size();
}

/// @returns what is wrong with it; empty when it is taken over
std::string set_knob(scenario& to, const std::string& key,
                     std::string_view value) {
  auto fits = false;
  if (key == "durability") {
    fits = value == "sync" || value == "async";
    to.durability = value == "sync" ? durability::sync : durability::async;
    return fits ? "" : "durability is sync or async";
  }
  if (key == "where") {
    const auto known = value_of(place_words, value);
    to.where = known.value_or(to.where);
    return known ? "" : "where is host, thread, command or executor";
  }
  if (key == "floor") {
    const auto known = value_of(floor_words, value);
    to.floor = known.value_or(to.floor);
    return known ? "" : "floor is plain or prepared";
  }
  if (key == "outstanding")
    fits = read_number(value, to.outstanding) && to.outstanding > 0;
  else if (key == "payload")
    fits = read_number(value, to.payload);
  else if (key == "producers")
    fits = read_number(value, to.producers) && to.producers > 0
           && to.producers <= 1'024;
  else if (key == "hosts")
    fits = read_number(value, to.hosts) && to.hosts > 0 && to.hosts <= 64;
  else if (key == "workers")
    fits = read_number(value, to.workers) && to.workers <= 1'024;
  else if (key == "readers")
    fits = read_number(value, to.readers) && to.readers <= 64;
  else if (key == "depth")
    fits = read_number(value, to.depth);
  else if (key == "count")
    fits = read_number(value, to.count);
  else
    return "no knob \"" + key + "\"" + did_you_mean(key, knobs);
  return fits ? "" : key + " can't be \"" + std::string{value} + "\"";
}

} // namespace

std::string scenario::name() const {
  auto text = std::string{word_of(measure_words, what)};
  auto add = [&text](std::string_view key, const auto& value) {
    text += "/" + std::string{key} + ":" + std::to_string(value);
  };
  const bool cycles = what == measure::full_cycle || what == measure::bare_cycle
                      || what == measure::isolation;
  if (what == measure::isolation) {
    text += "/where:" + std::string{word_of(place_words, where)};
    add("hosts", hosts);
    add("workers", workers > 0 ? workers : hosts);
  }
  if (cycles)
    add("outstanding", outstanding);
  if (cycles || what == measure::enqueue || what == measure::restart
      || what == measure::churn)
    add("payload", payload);
  if (cycles || what == measure::enqueue)
    text += durability == jobq::durability::sync ? "/durability:sync"
                                                 : "/durability:async";
  if (what == measure::full_cycle || what == measure::enqueue)
    add("producers", producers);
  if (what != measure::isolation && what != measure::bare_cycle)
    add("depth", depth);
  if (readers > 0)
    add("readers", readers);
  if (floor != log_files::plain)
    text += "/floor:" + std::string{word_of(floor_words, floor)};
  if (count > 0)
    add("count", count);
  return text;
}

result<scenario> scenario::parse(std::string_view name) {
  scenario made;
  auto rest = name;
  auto next = [&rest] {
    auto end = rest.find('/');
    auto part = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{}
                                         : rest.substr(end + 1);
    return part;
  };
  auto kind = std::string{next()};
  auto known = value_of(measure_words, kind);
  if (!known)
    return wrong(name, "no measure \"" + kind
                           + "\"; there are full_cycle, enqueue, bare_cycle, "
                             "fan_out, restart, catch_up, churn, plan and "
                             "isolation, see --list");
  made.what = *known;
  if (made.what == measure::fan_out || made.what == measure::restart
      || made.what == measure::churn)
    made.depth = 100'000;
  else if (made.what == measure::catch_up)
    made.depth = 10'000;
  else if (made.what == measure::plan)
    made.depth = 365 * 86'400;
  while (!rest.empty()) {
    auto part = next();
    auto colon = part.find(':');
    if (colon == std::string_view::npos)
      return wrong(name, "expected KNOB:VALUE instead of \"" + std::string{part}
                             + "\"");
    auto fault = set_knob(made, std::string{part.substr(0, colon)},
                          part.substr(colon + 1));
    if (!fault.empty())
      return wrong(name, fault);
  }
  return made;
}

std::vector<scenario> all_scenarios() {
  std::vector<scenario> all;
  for (const char* name : {
           "full_cycle/outstanding:1",
           "full_cycle/outstanding:64",
           "full_cycle/outstanding:10000",
           "full_cycle/outstanding:10000/payload:1024",
           "full_cycle/outstanding:10000/producers:8",
           "full_cycle/outstanding:10000/producers:64",
           "full_cycle/outstanding:1/durability:async",
           "full_cycle/outstanding:64/durability:async",
           "full_cycle/outstanding:10000/durability:async",
           "full_cycle/outstanding:10000/depth:10",
           "full_cycle/outstanding:10000/depth:100000",
           "full_cycle/outstanding:10000/depth:1000000",
           "full_cycle/outstanding:10000/depth:10000000",
           "full_cycle/outstanding:64/depth:1000000",
           "full_cycle/outstanding:64/depth:1000000/readers:1",
           "enqueue/producers:1",
           "enqueue/producers:8",
           "enqueue/producers:64",
           "enqueue/producers:64/payload:1024",
           "bare_cycle/outstanding:10000",
           "fan_out/depth:100000",
           "restart/depth:1000000",
           "restart/depth:10000000",
           "catch_up/depth:10000",
           "churn/depth:1000000/count:10000000",
           "plan/depth:31536000",
           "isolation/where:thread/outstanding:64/durability:async",
           "isolation/where:host/outstanding:64/durability:async",
           "isolation/where:executor/outstanding:64/durability:async",
           "isolation/where:command/outstanding:64/durability:async",
           "isolation/where:thread/outstanding:1/durability:async",
           "isolation/where:host/outstanding:1/durability:async",
       })
    all.push_back(scenario::parse(name).value());
  return all;
}

} // namespace jobq::bench
