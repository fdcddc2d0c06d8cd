#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/error.hpp"
#include "tools/cli/command_table.hpp"

namespace jobq {

/// A command line, taken apart and checked against the command's table.
struct arguments {
  const command_spec* command = nullptr; ///< null: none was named
  std::vector<std::string> positionals;  ///< without the command
  /// Option to its values in order; a flag that was given has one, `true`.
  std::map<std::string, std::vector<std::string>> options;

  bool has(std::string_view option) const;
  /// The last value given, or none.
  std::optional<std::string> value(std::string_view option) const;
  std::vector<std::string> values(std::string_view option) const;
};

/// Takes a command line apart. The first word is the program's path; when its
/// last part is `systemprompt`, the words `infra jobs` come before the command.
/// @returns `invalid_argument` saying what is wrong and what to type instead
result<arguments> parse_arguments(const std::vector<std::string>& words);

} // namespace jobq
