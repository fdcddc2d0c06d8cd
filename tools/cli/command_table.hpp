#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace jobq {

/// An option of the command line. Parsing, checking and help read this table.
struct option_spec {
  std::string name;       ///< long, without dashes
  std::string short_name; ///< one letter, or empty
  std::string value;      ///< what its value is called; empty: a flag
  std::string help;
  std::string fallback; ///< the default as help shows it, or empty
  bool repeated = false;
};

/// A command of `jobq`.
struct command_spec {
  std::string name;
  std::string arguments; ///< as help shows them: `NAME...`
  std::size_t min_arguments = 0;
  std::size_t max_arguments = 0;
  std::string summary; ///< one line
  std::string details; ///< further lines, or empty
  std::vector<option_spec> options;
  std::vector<std::string> examples; ///< without the program's name
};

inline constexpr std::size_t any_number = 1000;

/// Every command, in the order in which help lists them.
const std::vector<command_spec>& commands();

/// The options that every command takes.
const std::vector<option_spec>& global_options();

/// @returns null when there is none
const command_spec* find_command(std::string_view name);

} // namespace jobq
