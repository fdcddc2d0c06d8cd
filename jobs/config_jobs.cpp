#include "jobs/config_jobs.hpp"

#include <algorithm>
#include <array>

#include "jobs/config_values.hpp"
#include "jobs/names.hpp"

namespace jobq {

namespace {

constexpr std::array<std::string_view, 33> job_keys{"name",
                                                    "extension",
                                                    "job",
                                                    "schedule",
                                                    "enabled",
                                                    "description",
                                                    "timezone",
                                                    "parameters",
                                                    "tags",
                                                    "enforce",
                                                    "queue",
                                                    "priority",
                                                    "timeout",
                                                    "timeout_seconds",
                                                    "max_attempts",
                                                    "backoff",
                                                    "overlap_policy",
                                                    "catchup",
                                                    "catchup_window",
                                                    "catchup_limit",
                                                    "start_deadline",
                                                    "dst_gap",
                                                    "dst_overlap",
                                                    "misfire_threshold",
                                                    "jitter",
                                                    "isolation",
                                                    "limits",
                                                    "concurrency",
                                                    "rate_limit",
                                                    "max_crashes",
                                                    "command",
                                                    "env",
                                                    "working_directory"};

constexpr std::array<std::string_view, 5> backoff_keys{"type", "base", "factor",
                                                       "max", "jitter"};
constexpr std::array<std::string_view, 3> limits_keys{"memory", "cpu_time",
                                                      "output"};
constexpr std::array<std::string_view, 2> concurrency_keys{"limit", "key"};
constexpr std::array<std::string_view, 2> rate_limit_keys{"limit", "period"};

constexpr std::string_view command_extension = "command";
constexpr std::string_view command_function = "exec";
constexpr std::size_t longest_schedule = 1024;
constexpr milliseconds shortest{1};

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words)
    out += (out.empty() ? "" : ", ") + word;
  return out.empty() ? "none" : out;
}

/// A name that the environment of a program can carry.
bool is_variable_name(std::string_view name) {
  auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && letter(name.front())
         && std::all_of(name.begin(), name.end(), [&](char c) {
              return letter(c) || (c >= '0' && c <= '9');
            });
}

bool is_tag(std::string_view tag) {
  return !tag.empty() && tag.size() <= 64
         && tag.find_first_of(", \t\r\n") == std::string_view::npos;
}

/// What is wrong with a concurrency key's placeholders, or an empty string.
std::string fault_of_key(std::string_view key) {
  constexpr std::string_view prefix = "parameters.";
  while (!key.empty()) {
    const auto open = key.find_first_of("{}");
    if (open == std::string_view::npos)
      break;
    const auto close = key.find_first_of("{}", open + 1);
    if (key[open] == '}' || close == std::string_view::npos
        || key[close] == '{')
      return "has a brace without its partner";
    const auto inside = key.substr(open + 1, close - open - 1);
    if (!inside.starts_with(prefix) || !is_word(inside.substr(prefix.size())))
      return quoted_for_message(inside)
             + " is no placeholder: write {parameters.NAME}";
    key.remove_prefix(close + 1);
  }
  return {};
}

/// Reads one job. A method for each group of keys; every one leaves the
/// default where the file has nothing or something wrong.
class job_reader {
public:
  job_reader(const config_scope& scope, const config_node& node,
             const known_functions& known, zone_finder& zones)
      : scope_{scope}, node_{node}, in_{scope, node, "", job_keys},
        known_{known}, zones_{zones} {}

  job_entry read() {
    if (!node_.is_map())
      return std::move(out_);
    job_.place = scope_.file.place(node_);
    read_name();
    read_function();
    read_schedule();
    read_description();
    read_execution();
    read_retries();
    read_catchup();
    read_limits();
    read_command();
    return std::move(out_);
  }

private:
  void read_name() {
    if (!in_.require("name"))
      return;
    const auto name = in_.text("name");
    if (!name)
      return;
    out_.has_name = true;
    out_.name_place = scope_.file.place(*in_.find("name")->value);
    job_.name = *name;
    if (!is_job_name(*name))
      in_.error("name", quoted_for_message(*name)
                            + " is not a job's name: use 1 to 64 of a-z, 0-9, "
                              "\"_\", \".\" and \"-\"");
  }

  void read_function() {
    job_.function_place = job_.extension_place = job_.place;
    job_.function = job_.name;
    if (const auto* entry = in_.find("job")) {
      job_.function_place = scope_.file.place(*entry->value);
      if (const auto function = word_of("job"))
        job_.function = *function;
      else
        function_known_ = false;
    }
    if (!in_.require("extension"))
      return;
    job_.extension_place = scope_.file.place(*in_.find("extension")->value);
    const auto extension = word_of("extension");
    if (!extension)
      return;
    job_.extension = *extension;
    if (job_.extension == command_extension && in_.find("job") == nullptr)
      job_.function = command_function;
    check_known();
  }

  std::optional<std::string> word_of(std::string_view key) {
    auto given = in_.text(key);
    if (given && !is_word(*given)) {
      in_.error(key, quoted_for_message(*given)
                         + " is not a name: use 1 to 64 letters, digits, "
                           "\"_\", \".\" and \"-\"");
      return std::nullopt;
    }
    return given;
  }

  void check_known() {
    const auto found = known_.find(job_.extension);
    if (found == known_.end()) {
      // A command job has its own notice (jobs/config_notices.hpp).
      if (job_.extension == command_extension)
        return;
      std::vector<std::string> names;
      for (const auto& extension : known_)
        names.push_back(extension.first);
      const auto hint = did_you_mean(job_.extension, names);
      scope_.warning(*in_.find("extension")->value,
                     "extension \"" + job_.extension + "\" not found"
                         + (hint.empty() ? "; known: " + joined(names) : hint));
      return;
    }
    // Without a `job:` a bad name is the one mistake.
    const auto* entry = in_.find("job");
    if (!function_known_ || job_.function.empty()
        || (entry == nullptr && !is_job_name(job_.function)))
      return;
    const auto& functions = found->second;
    if (std::find(functions.begin(), functions.end(), job_.function)
        != functions.end())
      return;
    const auto hint = did_you_mean(job_.function, functions);
    const auto& at = entry != nullptr ? *entry->value
                                      : *(in_.find("name") != nullptr
                                              ? in_.find("name")->value
                                              : &node_);
    scope_.warning(
        at, "extension \"" + job_.extension + "\" has no job function \""
                + job_.function + "\""
                + (hint.empty() ? "; known: " + joined(functions) : hint));
  }

  void read_schedule() {
    assign(job_.enabled, in_.boolean("enabled"));
    assign(job_.gap, in_.word("dst_gap", dst_gap_words));
    assign(job_.overlap, in_.word("dst_overlap", dst_overlap_words));
    assign(job_.jitter, in_.duration("jitter"));
    if (in_.find("timezone") != nullptr) {
      out_.has_timezone = true;
      assign(job_.timezone, zones_.find(in_, "timezone"));
    }
    const auto* node = in_.value("schedule");
    if (node == nullptr)
      return;
    const auto text = in_.text("schedule");
    if (!text || text->empty())
      return;
    job_.schedule_text = *text;
    if (text->size() > longest_schedule) {
      in_.error("schedule", "is longer than 1024 characters");
      return;
    }
    auto schedule = cron_schedule::parse(*text);
    if (schedule)
      job_.schedule = *schedule;
    else
      scope_.error(*node, schedule.error().message);
  }

  void read_description() {
    if (in_.value("description") != nullptr)
      assign(job_.description, in_.text("description"));
    assign(job_.enforce, in_.boolean("enforce"));
    read_tags();
    read_parameters();
  }

  void read_tags() {
    const auto items = in_.list("tags");
    if (!items)
      return;
    for (const auto* item : *items) {
      auto tag = read_text(scope_, *item, "tags");
      if (!tag)
        continue;
      if (!is_tag(*tag))
        scope_.error(*item, "tags: " + quoted_for_message(*tag)
                                + " is not a tag: use 1 to 64 characters "
                                  "without spaces and commas");
      else if (std::find(job_.tags.begin(), job_.tags.end(), *tag)
               == job_.tags.end())
        job_.tags.push_back(std::move(*tag));
    }
  }

  /// The entries of a map of texts; the names are checked by `allowed`.
  template <class Allowed>
  void read_map(std::string_view key, std::string_view rule, Allowed allowed,
                std::map<std::string, std::string>& into) {
    const auto* node = in_.value(key);
    if (node == nullptr)
      return;
    if (!node->is_map()) {
      in_.error(key, "expected a map of names and values");
      return;
    }
    for (const auto& entry : entries_of(scope_, *node)) {
      const auto& name = entry.key->text;
      if (!allowed(name))
        scope_.error(*entry.key,
                     std::string{key} + ": " + quoted_for_message(name)
                         + " is not a name: use " + std::string{rule});
      else if (auto value
               = read_text(scope_, *entry.value, std::string{key} + '.' + name))
        into.emplace(name, std::move(*value));
    }
  }

  void read_parameters() {
    read_map("parameters", "1 to 64 letters, digits, \"_\", \".\" and \"-\"",
             is_word, job_.parameters);
  }

  void read_execution() {
    if (in_.find("queue") != nullptr)
      if (const auto queue = in_.text("queue")) {
        if (is_job_name(*queue))
          job_.queue = *queue;
        else
          in_.error("queue",
                    quoted_for_message(*queue)
                        + " is not a queue's name: use 1 to 64 of a-z, "
                          "0-9, \"_\", \".\" and \"-\"");
      }
    if (const auto priority = in_.integer("priority", -100, 100))
      job_.priority = static_cast<int>(*priority);
    read_timeout();
    read_overlap_policy();
    assign(job_.isolation, in_.word("isolation", isolation_words));
  }

  void read_timeout() {
    if (const auto* second = in_.find("timeout_seconds")) {
      if (in_.find("timeout") != nullptr) {
        scope_.error(*second->key,
                     "timeout and timeout_seconds are both given: keep one");
        return;
      }
      constexpr std::int64_t hundred_years = 3'155'760'000;
      if (const auto value = in_.integer("timeout_seconds", 1, hundred_years))
        job_.timeout = seconds{*value};
    }
    assign(job_.timeout, in_.duration("timeout", shortest));
  }

  void read_overlap_policy() {
    const auto* node = in_.value("overlap_policy");
    if (node != nullptr && node->is_scalar())
      if (const auto policy = value_of(overlap_policy_aliases, node->text)) {
        job_.overlap_policy = *policy;
        return;
      }
    assign(job_.overlap_policy,
           in_.word("overlap_policy", overlap_policy_words));
  }

  void read_retries() {
    assign(job_.max_attempts, in_.count("max_attempts", 1, 1000));
    assign(job_.max_crashes, in_.count("max_crashes", 1, 1000));
    const auto* node = in_.value("backoff");
    if (node == nullptr)
      return;
    const section_reader section{scope_, *node, "backoff", backoff_keys};
    auto& backoff = job_.backoff;
    assign(backoff.type, section.word("type", backoff_type_words));
    assign(backoff.jitter, section.number("jitter", 0, 1));
    read_factor(section);
    const auto base = section.duration("base");
    const auto max = section.duration("max");
    assign(backoff.base, base);
    assign(backoff.max, max);
    // A wrong value elsewhere in the pair must not become a second mistake.
    const bool comparable = (base || section.find("base") == nullptr)
                            && (max || section.find("max") == nullptr)
                            && (base || max);
    if (comparable && backoff.max < backoff.base)
      section.error(max ? "max" : "base", "max (" + format_duration(backoff.max)
                                              + ") is less than base ("
                                              + format_duration(backoff.base)
                                              + ")");
  }

  void read_factor(const section_reader& section) {
    const auto factor = section.number("factor", 0, 1'000'000);
    if (factor && *factor <= 0)
      section.error("factor", "must be greater than 0");
    else
      assign(job_.backoff.factor, factor);
  }

  void read_catchup() {
    assign(job_.catchup, in_.word("catchup", catchup_policy_words));
    assign(job_.catchup_window, in_.duration("catchup_window"));
    assign(job_.catchup_limit, in_.count("catchup_limit", 1, 10'000));
    assign(job_.misfire_threshold, in_.duration("misfire_threshold"));
    assign(job_.start_deadline, in_.duration("start_deadline"));
  }

  void read_limits() {
    if (const auto* node = in_.value("limits")) {
      const section_reader section{scope_, *node, "limits", limits_keys};
      assign(job_.limits.memory, section.size("memory"));
      assign(job_.limits.cpu_time, section.duration("cpu_time", shortest));
      assign(job_.limits.output, section.size("output"));
    }
    if (const auto* node = in_.value("concurrency")) {
      const section_reader section{scope_, *node, "concurrency",
                                   concurrency_keys};
      concurrency_limit limit;
      if (node->is_map() && section.require("limit"))
        assign(limit.limit, section.count("limit", 1, 1'000'000));
      assign(limit.key, section.text("key"));
      if (auto fault = fault_of_key(limit.key); !fault.empty())
        section.error("key", fault);
      job_.concurrency = std::move(limit);
    }
    if (const auto* node = in_.value("rate_limit")) {
      const section_reader section{scope_, *node, "rate_limit",
                                   rate_limit_keys};
      jobq::rate_limit limit;
      if (node->is_map() && section.require("limit"))
        assign(limit.limit, section.count("limit", 1, 1'000'000'000));
      assign(limit.period, section.duration("period", shortest));
      job_.rate_limit = limit;
    }
  }

  void read_command() {
    const auto* extension = in_.find("extension");
    const bool is_command = job_.extension == command_extension;
    // With a bad extension nobody knows whether these keys are in place.
    if (!job_.extension.empty() && !is_command)
      for (const std::string_view key : {"command", "env", "working_directory"})
        if (const auto* entry = in_.find(key))
          scope_.error(*entry->key,
                       std::string{key}
                           + " is only for jobs of the extension \"command\"");
    if (!is_command)
      return;
    if (in_.find("command") == nullptr)
      scope_.error(*extension->value,
                   "a job of the extension \"command\" needs command: "
                   "[PROGRAM, ARGUMENT...]");
    else
      read_arguments();
    read_map("env", "letters, digits and \"_\", not beginning with a digit",
             is_variable_name, job_.env);
    if (const auto directory = in_.text("working_directory")) {
      if (directory->empty())
        in_.error("working_directory", "is empty");
      else
        job_.working_directory = scope_.file.resolve(*directory).string();
    }
  }

  void read_arguments() {
    const auto items = in_.list("command");
    if (!items)
      return;
    if (auto arguments = in_.texts("command"))
      job_.command = std::move(*arguments);
    if (items->empty())
      in_.error("command", "is empty, expected [PROGRAM, ARGUMENT...]");
    else if (job_.command.size() == items->size()
             && job_.command.front().empty())
      in_.error("command", "the program's name is empty");
  }

  const config_scope& scope_;
  const config_node& node_;
  section_reader in_;
  const known_functions& known_;
  zone_finder& zones_;
  job_entry out_;
  job_definition& job_ = out_.definition;
  bool function_known_ = true;
};

/// At most 64 bytes of a text, without cutting a character apart.
std::string clipped(const std::string& text) {
  auto size = std::min<std::size_t>(text.size(), 64);
  while (size > 0 && size < text.size()
         && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U)
    --size;
  return text.substr(0, size);
}

/// The name of a job for the messages about it, before anything is checked.
std::string name_of(const config_node& node) {
  if (node.is_map())
    for (std::size_t i = 0; i + 1 < node.items.size(); i += 2)
      if (node.items[i]->text == "name" && node.items[i + 1]->is_scalar())
        return clipped(node.items[i + 1]->text);
  return {};
}

} // namespace

job_entry read_job(const config_file& file, config_faults& faults,
                   const config_node& node, const known_functions& known,
                   zone_finder& zones) {
  const config_scope scope{file, faults, name_of(node)};
  if (node.is_null()) {
    scope.error(node, "an empty job: expected name, extension and so on");
    return {};
  }
  return job_reader{scope, node, known, zones}.read();
}

} // namespace jobq
