#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "jobs/config.hpp"
#include "jobs/config_tree.hpp"

namespace jobq {

/// The faults found so far. Bounded: those past the first `most` are dropped.
class config_faults {
public:
  static constexpr std::size_t most = 1'000;

  void add(config_fault fault);

  bool has_errors() const noexcept { return errors_ > 0; }

  /// Whether further faults are dropped, so that nobody need word them.
  bool full() const noexcept { return faults_.size() >= most; }

  /// All of them, by the order of `files` and then by place.
  std::vector<config_fault> take(const std::vector<std::string>& files);

private:
  std::vector<config_fault> faults_;
  std::size_t errors_ = 0;
};

/// A file that is being read.
struct config_file {
  std::filesystem::path path; ///< absolute
  std::string name;           ///< as messages show it
  std::string text;
  config_tree tree;

  /// Column in characters. Of a line longer than 4 KiB that holds more than
  /// ASCII it is the byte column, so that a million of them cost little.
  source_place place(int line, int byte_column) const;
  source_place place(const config_node& node) const;

  /// `path` made absolute against this file's directory.
  std::filesystem::path resolve(std::string_view relative) const;

  /// Remembers where the lines begin. To be called once `text` is there.
  void index_lines();

private:
  std::vector<std::size_t> line_starts_;
  bool ascii_ = true;
};

/// Where faults go while one part of a file is read: the file, the faults, and
/// the job's name where there is one.
struct config_scope {
  const config_file& file;
  config_faults& faults;
  std::string job;

  void error(const config_node& at, std::string message) const;
  void warning(const config_node& at, std::string message) const;
};

/// One key of a map.
struct config_entry {
  const config_node* key = nullptr;
  const config_node* value = nullptr;
};

/// The entries of a map in the file's order, merge keys (`<<`) expanded behind
/// them, keys that are not plain words and duplicates reported and left out.
std::vector<config_entry> entries_of(const config_scope& scope,
                                     const config_node& map);

/// The text of a scalar that is not null. Faults are reported with `label`.
std::optional<std::string> read_text(const config_scope& scope,
                                     const config_node& node,
                                     std::string_view label);

/// A typed view of a map with known keys. What is asked for and is not there
/// or is wrong comes out empty; what is wrong is reported once.
class section_reader {
public:
  /// Reports everything about the keys themselves: unknown, twice, and set
  /// without effect (jobs/config_notices.hpp).
  /// @param node a map, or null for an empty one; anything else is reported
  /// @param section the name in messages; empty for a job itself
  section_reader(const config_scope& scope, const config_node& node,
                 std::string_view section,
                 std::span<const std::string_view> keys);

  /// The entry of a key, or null.
  const config_entry* find(std::string_view key) const noexcept;

  /// The value of a key that is neither absent nor null, or null.
  const config_node* value(std::string_view key) const noexcept;

  std::optional<std::string> text(std::string_view key) const;
  std::optional<bool> boolean(std::string_view key) const;
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t low,
                                      std::int64_t high) const;
  std::optional<std::uint32_t> count(std::string_view key, std::uint32_t low,
                                     std::uint32_t high) const;
  std::optional<double> number(std::string_view key, double low,
                               double high) const;
  std::optional<milliseconds>
  duration(std::string_view key, milliseconds least = milliseconds{0}) const;
  std::optional<std::uint64_t> size(std::string_view key) const;

  /// The items of a list; a null is an empty list.
  std::optional<std::vector<const config_node*>>
  list(std::string_view key) const;

  /// A list of texts. One bad item leaves out that item alone.
  std::optional<std::vector<std::string>> texts(std::string_view key) const;

  /// A word of an enum's table.
  template <class Enum, std::size_t Size>
  std::optional<Enum> word(std::string_view key,
                           const enum_words<Enum, Size>& words) const {
    const auto given = text(key);
    if (!given)
      return std::nullopt;
    if (const auto found = value_of(words, *given))
      return found;
    std::vector<std::string> allowed;
    for (const auto& entry : words)
      allowed.emplace_back(entry.second);
    unknown_word(key, *given, allowed);
    return std::nullopt;
  }

  /// Reports that a required key is missing, at the section's place.
  bool require(std::string_view key) const;

  void error(std::string_view key, std::string_view message) const;

  /// `section.key`, or `key` of a job itself.
  std::string label(std::string_view key) const;

private:
  template <class T, class Parse>
  std::optional<T> parsed(std::string_view key, Parse parse) const;

  void unknown_word(std::string_view key, std::string_view given,
                    const std::vector<std::string>& allowed) const;

  const config_scope& scope_;
  const config_node& node_;
  std::string_view section_;
  std::vector<config_entry> entries_;
};

/// Puts what was read in place of the default, if anything was.
template <class Target, class Value>
void assign(Target& target, std::optional<Value> value) {
  if (value)
    target = std::move(*value);
}

/// Finds zones by name, each once.
class zone_finder {
public:
  /// The zone of a key, or none when it is absent or unknown.
  std::optional<time_zone> find(const section_reader& section,
                                std::string_view key);

private:
  std::unordered_map<std::string, result<time_zone>> found_;
};

/// `file:line:column` for a message about two places.
std::string to_string(const source_place& place);

} // namespace jobq
