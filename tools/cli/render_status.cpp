#include "tools/cli/render_status.hpp"

#include <vector>

#include <nlohmann/json.hpp>

#include "tools/cli/table.hpp"
#include "tools/cli/text.hpp"

namespace jobq {

namespace {

std::string field_line(const std::string& name, const std::string& value) {
  return padded(name, 10) + value + "\n";
}

std::string server_text(const json& status, bool server, const style& look) {
  if (!server)
    return "none; the store is read directly, schedules do not fire";
  auto text = paint(look, tone::good, "running") + ", process "
              + text_of(status, "pid") + ", since "
              + time_of(status, "started_at", look) + ", version "
              + text_of(status, "version");
  if (flag_of(status, "draining"))
    text += ", " + paint(look, tone::warn, "draining: starts no runs");
  else if (!flag_of(status, "ticking"))
    text += ", " + paint(look, tone::warn, "schedules do not fire");
  if (number_of(status, "restarts") > 0)
    text += ", " + text_of(status, "restarts") + " restarts of its parts";
  return text;
}

std::string hosts_text(const json& hosts, const style& look) {
  auto text = text_or(hosts, "hosts", "0") + " of at most "
              + text_or(hosts, "max_hosts", "0") + ", "
              + text_or(hosts, "idle", "0") + " idle; "
              + text_or(hosts, "started", "0") + " started, "
              + text_or(hosts, "crashed", "0") + " crashed, "
              + text_or(hosts, "replaced", "0") + " replaced";
  if (has_value(hosts, "user"))
    text += "; as user " + text_of(hosts, "user");
  if (has_value(hosts, "failure"))
    text += "; " + paint(look, tone::bad, text_of(hosts, "failure"));
  return text;
}

std::string library_text(const json& library, const style& look) {
  if (has_value(library, "fault"))
    return paint(look, tone::bad, text_of(library, "fault"));
  return text_of(library, "extension") + " " + text_of(library, "release")
         + " from " + text_of(library, "path")
         + ", functions: " + text_of(library, "functions");
}

} // namespace

std::string render_status(const json& status, bool server, const style& look) {
  auto text = field_line("server", server_text(status, server, look));
  if (has_value(status, "failure"))
    text += field_line("failure",
                       paint(look, tone::bad, text_of(status, "failure")));
  const auto& store = part_of(status, "store");
  text += field_line("store", text_of(store, "path") + ", "
                                  + size_text(number_of(store, "disk_bytes"))
                                  + ", format " + text_of(store, "format"));
  const auto& config = part_of(status, "config");
  text += field_line("config", text_or(config, "file", "-") + ", "
                                   + text_or(status, "jobs", "0") + " jobs");
  for (const auto& warning : part_of(config, "warnings"))
    text += field_line(
        "", paint(look, tone::warn,
                  printable(warning.is_string() ? warning.get<std::string>()
                                                : json_line(warning))));
  text
      += field_line("workers", text_or(status, "running", "0") + " of "
                                   + text_or(status, "workers", "0") + " busy");
  if (const auto& hosts = part_of(status, "hosts"); !hosts.empty())
    text += field_line("hosts", hosts_text(hosts, look))
            + field_line("limits",
                         paint(look,
                               text_of(hosts, "processes") == "unbounded"
                                   ? tone::warn
                                   : tone::plain,
                               text_of(hosts, "limits")));
  for (const auto& library : part_of(status, "libraries"))
    text += field_line("library", library_text(library, look));
  text += field_line("runs", pairs_of(status, "states"));
  std::vector<table_row> rows;
  for (const auto& queue : part_of(status, "queues"))
    rows.push_back({{text_of(queue, "queue"), tone::plain},
                    {text_or(queue, "available", "0"), tone::plain},
                    {text_or(queue, "scheduled", "0"), tone::plain},
                    {text_or(queue, "running", "0"), tone::plain},
                    {text_or(queue, "retryable", "0"), tone::plain},
                    {duration_field(queue, "latency_ms"), tone::plain}});
  if (!rows.empty())
    text += "\n"
            + render_table({"QUEUE", "AVAILABLE", "SCHEDULED", "RUNNING",
                            "RETRYABLE", "LATENCY"},
                           rows, look);
  return text;
}

} // namespace jobq
