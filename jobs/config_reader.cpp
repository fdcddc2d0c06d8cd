#include "jobs/config_reader.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_set>

#include "jobs/config_notices.hpp"
#include "jobs/config_values.hpp"
#include "jobs/names.hpp"

namespace jobq {

namespace {

/// Lines up to here have their columns counted in characters.
constexpr std::size_t counted_line = 4096;

/// Texts up to here are tried as a duration, a zone and the like.
constexpr std::size_t longest_word = 256;

std::string kind_of(const config_node& node) {
  switch (node.kind) {
  case config_node::kinds::null:
    return "nothing";
  case config_node::kinds::scalar:
    return quoted_for_message(node.text);
  case config_node::kinds::sequence:
    return "a list";
  case config_node::kinds::map:
    return "a map";
  }
  return "?";
}

std::string known_list(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words)
    out += (out.empty() ? "" : ", ") + word;
  return out;
}

} // namespace

std::string to_string(const source_place& place) {
  if (place.line == 0) // of the file as a whole
    return place.file;
  return place.file + ':' + std::to_string(place.line) + ':'
         + std::to_string(place.column);
}

void config_faults::add(config_fault fault) {
  errors_ += fault.level == severity::error ? 1 : 0;
  if (!full())
    faults_.push_back(std::move(fault));
}

std::vector<config_fault>
config_faults::take(const std::vector<std::string>& files) {
  std::unordered_map<std::string_view, std::size_t> order;
  for (const auto& file : files)
    order.emplace(file, order.size());
  auto rank = [&](const config_fault& fault) {
    const auto found = order.find(fault.place.file);
    return std::tuple{found == order.end() ? order.size() : found->second,
                      fault.place.line, fault.place.column};
  };
  std::stable_sort(
      faults_.begin(), faults_.end(),
      [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  if (full()) {
    auto last = faults_.back();
    last.level = errors_ > 0 ? severity::error : severity::warning;
    last.job.clear();
    last.message = "too many faults: the rest is not shown";
    faults_.push_back(std::move(last));
  }
  return std::move(faults_);
}

source_place config_file::place(int line, int byte_column) const {
  source_place out{name, line, byte_column};
  const auto index = static_cast<std::size_t>(line) - 1;
  if (ascii_ || index >= line_starts_.size())
    return out;
  const auto before = std::string_view{text}.substr(
      line_starts_[index], static_cast<std::size_t>(byte_column) - 1);
  if (before.size() <= counted_line)
    out.column = 1
                 + static_cast<int>(
                     std::count_if(before.begin(), before.end(), [](char c) {
                       return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
                     }));
  return out;
}

source_place config_file::place(const config_node& node) const {
  return place(node.line, node.column);
}

std::filesystem::path config_file::resolve(std::string_view relative) const {
  return (path.parent_path() / relative).lexically_normal();
}

void config_file::index_lines() {
  ascii_ = std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x80;
  });
  if (ascii_)
    return;
  line_starts_.push_back(0);
  for (auto at = text.find('\n'); at != std::string::npos;
       at = text.find('\n', at + 1))
    line_starts_.push_back(at + 1);
}

void config_scope::error(const config_node& at, std::string message) const {
  faults.add({severity::error, file.place(at), job, std::move(message)});
}

void config_scope::warning(const config_node& at, std::string message) const {
  faults.add({severity::warning, file.place(at), job, std::move(message)});
}

namespace {

/// Collects the entries of a map and of the maps that it merges.
class entry_collector {
public:
  explicit entry_collector(const config_scope& scope) : scope_{scope} {}

  /// `own`: of the map itself, so that a key given twice is a mistake. A merged
  /// key gives way to one that is there.
  void collect(const config_node& map, bool own) {
    std::unordered_map<std::string_view, const config_node*> here;
    for (std::size_t i = 0; i + 1 < map.items.size(); i += 2) {
      const auto& key = *map.items[i];
      if (!key.is_scalar()) {
        scope_.error(key, "a key must be a word, not " + kind_of(key));
        continue;
      }
      const auto [first, fresh] = here.emplace(key.text, &key);
      if (!fresh)
        scope_.error(key, "key " + quoted_for_message(key.text)
                              + " is given twice, first at "
                              + to_string(scope_.file.place(*first->second)));
      else if (is_merge(key))
        merges_.push_back(map.items[i + 1]);
      else if (own || taken_.count(key.text) == 0)
        entries_.push_back({&key, map.items[i + 1]});
    }
    for (const auto& entry : here)
      taken_.insert(entry.first);
    // The list grows while merged maps are collected, breadth first.
    if (!own)
      return;
    for (std::size_t i = 0; i < merges_.size(); ++i)
      merge(*merges_[i]);
  }

  std::vector<config_entry> take() { return std::move(entries_); }

private:
  static bool is_merge(const config_node& key) {
    return key.text == "<<" && !key.quoted;
  }

  void merge(const config_node& from) {
    if (from.is_map()) {
      collect(from, false);
      return;
    }
    const bool maps = from.is_sequence()
                      && std::all_of(from.items.begin(), from.items.end(),
                                     [](auto* item) { return item->is_map(); });
    if (!maps) {
      scope_.error(from,
                   "<< takes a map or a list of maps, not " + kind_of(from));
      return;
    }
    for (const auto* item : from.items)
      collect(*item, false);
  }

  const config_scope& scope_;
  std::vector<config_entry> entries_;
  std::unordered_set<std::string_view> taken_;
  std::vector<const config_node*> merges_;
};

/// Whether a value says something: nulls and empty lists are the default.
bool is_set(const config_node& node) {
  return !node.is_null() && !(node.is_sequence() && node.items.empty());
}

} // namespace

std::vector<config_entry> entries_of(const config_scope& scope,
                                     const config_node& map) {
  entry_collector collector{scope};
  collector.collect(map, true);
  return collector.take();
}

std::optional<std::string> read_text(const config_scope& scope,
                                     const config_node& node,
                                     std::string_view label) {
  auto refuse = [&](const std::string& why) {
    scope.error(node, std::string{label} + ": " + why);
    return std::nullopt;
  };
  if (node.is_null())
    return refuse("has no value");
  if (!node.is_scalar())
    return refuse("expected one value, not " + kind_of(node));
  if (node.text.find('\0') != std::string::npos)
    return refuse("holds a NUL character");
  return node.text;
}

section_reader::section_reader(const config_scope& scope,
                               const config_node& node,
                               std::string_view section,
                               std::span<const std::string_view> keys)
    : scope_{scope}, node_{node}, section_{section} {
  if (node.is_null())
    return;
  if (!node.is_map()) {
    scope.error(node,
                (section.empty() ? std::string{} : std::string{section} + ": ")
                    + "expected a map of settings, not " + kind_of(node));
    return;
  }
  auto found = entries_of(scope, node);
  entries_.reserve(found.size());
  for (const auto& entry : found) {
    const auto& key = entry.key->text;
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) {
      entries_.push_back(entry);
      if (const auto* notice = find_notice(section, key, entry.value->text);
          notice != nullptr && is_set(*entry.value))
        scope.warning(*entry.key,
                      label(key)
                          + (notice->value.empty()
                                 ? ""
                                 : ": " + std::string{notice->value})
                          + " is accepted but not enforced by this version: "
                          + std::string{notice->effect});
      continue;
    }
    std::string message = "unknown key " + quoted_for_message(key);
    if (!scope.faults.full()) {
      const std::vector<std::string> known{keys.begin(), keys.end()};
      message += section.empty() ? "" : " in " + std::string{section};
      const auto hint = did_you_mean(key, known);
      message += hint.empty() && known.size() <= 10
                     ? "; known: " + known_list(known)
                     : hint;
    }
    scope.error(*entry.key, std::move(message));
  }
}

const config_entry* section_reader::find(std::string_view key) const noexcept {
  for (const auto& entry : entries_)
    if (entry.key->text == key)
      return &entry;
  return nullptr;
}

const config_node* section_reader::value(std::string_view key) const noexcept {
  const auto* entry = find(key);
  return entry == nullptr || entry->value->is_null() ? nullptr : entry->value;
}

std::string section_reader::label(std::string_view key) const {
  return section_.empty() ? std::string{key}
                          : std::string{section_} + '.' + std::string{key};
}

void section_reader::error(std::string_view key,
                           std::string_view message) const {
  const auto* entry = find(key);
  scope_.error(entry == nullptr ? node_ : *entry->value,
               label(key) + ": " + std::string{message});
}

bool section_reader::require(std::string_view key) const {
  if (find(key) != nullptr)
    return true;
  scope_.error(node_, label(key) + " is missing");
  return false;
}

std::optional<std::string> section_reader::text(std::string_view key) const {
  const auto* entry = find(key);
  return entry == nullptr ? std::nullopt
                          : read_text(scope_, *entry->value, label(key));
}

template <class T, class Parse>
std::optional<T> section_reader::parsed(std::string_view key,
                                        Parse parse) const {
  const auto given = text(key);
  if (!given)
    return std::nullopt;
  if (given->size() > longest_word) {
    error(key, quoted_for_message(*given) + " is too long");
    return std::nullopt;
  }
  result<T> value = parse(*given);
  if (value)
    return std::move(*value);
  error(key, value.error().message);
  return std::nullopt;
}

std::optional<bool> section_reader::boolean(std::string_view key) const {
  const auto* node = value(key);
  if (node != nullptr && node->is_scalar() && node->quoted
      && parse_boolean(node->text)) {
    error(key,
          quoted_for_message(node->text) + " is text: write it without quotes");
    return std::nullopt;
  }
  return parsed<bool>(key, parse_boolean);
}

std::optional<std::int64_t> section_reader::integer(std::string_view key,
                                                    std::int64_t low,
                                                    std::int64_t high) const {
  return parsed<std::int64_t>(key, [&](std::string_view given) {
    return parse_integer(given, low, high);
  });
}

std::optional<std::uint32_t> section_reader::count(std::string_view key,
                                                   std::uint32_t low,
                                                   std::uint32_t high) const {
  const auto value = integer(key, low, high);
  return value ? std::optional{static_cast<std::uint32_t>(*value)}
               : std::nullopt;
}

std::optional<double> section_reader::number(std::string_view key, double low,
                                             double high) const {
  return parsed<double>(key, [&](std::string_view given) {
    return parse_number(given, low, high);
  });
}

std::optional<milliseconds> section_reader::duration(std::string_view key,
                                                     milliseconds least) const {
  const auto value = parsed<milliseconds>(key, parse_duration);
  if (!value || *value >= least)
    return value;
  error(key, "must be at least " + format_duration(least));
  return std::nullopt;
}

std::optional<std::uint64_t> section_reader::size(std::string_view key) const {
  return parsed<std::uint64_t>(key, parse_size);
}

std::optional<std::vector<const config_node*>>
section_reader::list(std::string_view key) const {
  const auto* entry = find(key);
  if (entry == nullptr)
    return std::nullopt;
  if (entry->value->is_null())
    return std::vector<const config_node*>{};
  if (!entry->value->is_sequence()) {
    error(key, "expected a list, not " + kind_of(*entry->value));
    return std::nullopt;
  }
  return entry->value->items;
}

std::optional<std::vector<std::string>>
section_reader::texts(std::string_view key) const {
  const auto items = list(key);
  if (!items)
    return std::nullopt;
  std::vector<std::string> out;
  for (const auto* item : *items)
    if (auto read = read_text(scope_, *item, label(key)))
      out.push_back(std::move(*read));
  return out;
}

void section_reader::unknown_word(
    std::string_view key, std::string_view given,
    const std::vector<std::string>& allowed) const {
  error(key, quoted_for_message(given) + " is not one of " + known_list(allowed)
                 + (scope_.faults.full() ? std::string{}
                                         : did_you_mean(given, allowed)));
}

std::optional<time_zone> zone_finder::find(const section_reader& section,
                                           std::string_view key) {
  const auto name = section.text(key);
  if (!name)
    return std::nullopt;
  if (name->size() > longest_word) {
    section.error(key, quoted_for_message(*name) + " is not a time zone");
    return std::nullopt;
  }
  auto found = found_.find(*name);
  if (found == found_.end())
    found = found_.emplace(*name, time_zone::find(*name)).first;
  if (found->second)
    return *found->second;
  section.error(key, found->second.error().message);
  return std::nullopt;
}

} // namespace jobq
