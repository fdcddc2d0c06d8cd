#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "jobs/config_source.hpp"

namespace jobq {

/// The deepest nesting of a configuration, aliases followed.
inline constexpr std::uint32_t max_config_depth = 64;

/// The most values of one file, those that aliases repeat counted each time.
inline constexpr std::uint64_t max_config_values = 1'000'000;

/// A value of a YAML document. An alias is a second pointer to the same node,
/// so walk only where the schema leads.
struct config_node {
  enum class kinds : std::uint8_t { null, scalar, sequence, map };

  kinds kind = kinds::null;
  bool quoted = false;      ///< a scalar that is text whatever it looks like
  bool open = false;        ///< while it is being read: a container
  int line = 1;             ///< from 1
  int column = 1;           ///< from 1, in bytes
  std::uint32_t height = 1; ///< levels, this one included
  std::uint64_t values = 1; ///< in it, aliases followed, itself included
  std::string text;
  /// Of a sequence its items; of a map its keys and values in turn.
  std::vector<const config_node*> items;

  bool is_null() const noexcept { return kind == kinds::null; }
  bool is_scalar() const noexcept { return kind == kinds::scalar; }
  bool is_sequence() const noexcept { return kind == kinds::sequence; }
  bool is_map() const noexcept { return kind == kinds::map; }
};

/// One YAML document with the places of all its values. Duplicate keys are
/// kept, in order; `max_config_depth` and `max_config_values` hold.
struct config_tree {
  std::deque<config_node> nodes;
  const config_node* root = nullptr; ///< null: nothing but comments
};

/// Parses `text`, which `check_text` has passed. Never throws; the time is
/// bounded by the limits above.
tl::expected<config_tree, text_fault> parse_config_tree(std::string_view text);

} // namespace jobq
