#include "tools/log.hpp"

#include <memory>
#include <string>
#include <utility>

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace jobq {

namespace {

spdlog::level::level_enum spdlog_level(log_level level) {
  switch (level) {
  case log_level::debug:
    return spdlog::level::debug;
  case log_level::info:
    return spdlog::level::info;
  case log_level::warning:
    return spdlog::level::warn;
  case log_level::error:
    return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string printable(std::string_view line) {
  std::string made;
  for (const char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    made += (byte < 0x20 && c != '\t') || byte == 0x7f ? '?' : c;
  }
  return made;
}

} // namespace

logger make_stderr_logger(log_level least) {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto target = std::make_shared<spdlog::logger>("jobq", std::move(sink));
  target->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      "%Y-%m-%dT%H:%M:%S.%eZ %-5l %v", spdlog::pattern_time_type::utc));
  target->set_level(spdlog_level(least));
  target->flush_on(spdlog::level::trace);
  return [target](log_level level, std::string_view message) {
    const auto severity = spdlog_level(level);
    if (!target->should_log(severity))
      return;
    while (true) {
      const auto line = message.substr(0, message.find('\n'));
      target->log(severity, "{}", printable(line));
      if (line.size() == message.size())
        return;
      message.remove_prefix(line.size() + 1);
    }
  };
}

std::optional<log_level> read_log_level(std::string_view word) {
  return value_of(log_level_words, word);
}

log_level level_of(const run& ended) {
  return ended.state == run_state::discarded ? log_level::warning
                                             : log_level::info;
}

std::string line_of(const run& ended) {
  const auto name
      = ended.job.empty() ? ended.extension + "." + ended.function : ended.job;
  auto line = "run " + ended.id.to_string() + " of " + name + ": "
              + std::string{word_of(run_state_words, ended.state)};
  if (!ended.attempts.empty()) {
    const auto& last = ended.attempts.back();
    line += ", " + std::string{word_of(outcome_kind_words, last.outcome.kind)}
            + " in " + format_duration(last.finished_at - last.started_at);
    if (ended.attempt > 1)
      line += " at attempt " + std::to_string(ended.attempt);
    const auto& said = last.outcome.error.empty() ? last.outcome.message
                                                  : last.outcome.error;
    if (!said.empty())
      line += ": " + said;
  }
  if (!ended.reason.empty())
    line += " (" + ended.reason + ")";
  for (auto& c : line)
    if (c == '\n')
      c = ' ';
  return line;
}

} // namespace jobq
