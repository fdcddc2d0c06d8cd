#include "tools/cli/arguments.hpp"

#include <algorithm>
#include <cstddef>

#include <cxxopts.hpp>

#include "jobs/names.hpp"

namespace jobq {

namespace {

using words = std::vector<std::string>;

const option_spec* find_option(const std::vector<option_spec>& options,
                               const std::string& dashed) {
  const auto is_long = dashed.starts_with("--");
  const auto name = dashed.substr(is_long ? 2 : 1);
  for (const auto& option : options)
    if (name == (is_long ? option.name : option.short_name))
      return &option;
  return nullptr;
}

/// Index of the first word from `begin` on that is no option and no option's
/// value; the number of words when there is none.
result<std::size_t> first_positional(const words& line, std::size_t begin) {
  auto at = begin;
  while (at < line.size()) {
    const auto& word = line[at];
    if (word.size() < 2 || word[0] != '-')
      return at;
    const auto name = word.substr(0, word.find('='));
    const auto* option = find_option(global_options(), name);
    if (option == nullptr)
      return fail(errc::invalid_argument,
                  "option " + name
                      + " must come after the command; type: jobq COMMAND "
                      + word + " ...");
    at += !option->value.empty() && name == word ? 2U : 1U;
  }
  return line.size();
}

std::string base_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

/// Removes `infra jobs` from a line of the other spelling.
result<words> without_prefix(words line) {
  if (line.empty() || base_name(line[0]) != "systemprompt")
    return line;
  for (const std::string expected : {"infra", "jobs"}) {
    auto at = first_positional(line, 1);
    if (!at)
      return tl::unexpected(at.error());
    if (*at >= line.size()) {
      // `systemprompt --help` and `--version` stand without a command.
      if (std::any_of(line.begin() + 1, line.end(), [](const auto& word) {
            return word == "--help" || word == "-h" || word == "--version"
                   || word == "-V";
          }))
        return line;
      return fail(errc::invalid_argument,
                  "a command is missing; type: systemprompt infra jobs list");
    }
    if (line[*at] != expected)
      return fail(errc::invalid_argument,
                  "\"" + line[*at]
                      + "\" is not known here; type: systemprompt infra jobs "
                      + (find_command(line[*at]) ? line[*at] : "COMMAND"));
    line.erase(line.begin() + static_cast<std::ptrdiff_t>(*at));
  }
  return line;
}

std::vector<option_spec> options_of(const command_spec* command) {
  auto all = global_options();
  if (command != nullptr)
    all.insert(all.end(), command->options.begin(), command->options.end());
  return all;
}

std::string see_help(const command_spec* command) {
  return "; see jobq " + (command ? command->name + " " : std::string{})
         + "--help";
}

/// The word between the first pair of quotes of a parser's message.
std::string quoted(const std::string& message) {
  const std::string open = "\u2018";
  const std::string close = "\u2019";
  const auto begin = message.find(open);
  const auto end = message.find(close, begin);
  if (begin == std::string::npos || end == std::string::npos)
    return message;
  return message.substr(begin + open.size(), end - begin - open.size());
}

std::string dashed(const std::string& name) {
  return (name.size() == 1 ? "-" : "--") + name;
}

error unknown_option(const std::string& name, const command_spec* command) {
  words known;
  for (const auto& option : options_of(command))
    known.push_back(option.name);
  const auto near = closest(name, known);
  return {errc::invalid_argument,
          "unknown option " + dashed(name)
              + (near.empty() ? see_help(command)
                              : ", did you mean --" + near + "?")};
}

error missing_value(const std::string& name,
                    const std::vector<option_spec>& options,
                    const command_spec* command) {
  const auto* option = find_option(options, dashed(name));
  return {errc::invalid_argument,
          dashed(name) + " needs a value: " + dashed(name) + " "
              + (option ? option->value : "VALUE") + see_help(command)};
}

/// What only the table knows: an option in a value's place, and repetition.
result<void> check_options(const arguments& line,
                           const std::vector<option_spec>& options) {
  for (const auto& option : options) {
    const auto values = line.values(option.name);
    for (const auto& value : values)
      if (!option.value.empty() && value.starts_with("--")
          && find_option(options, value.substr(0, value.find('='))))
        return tl::unexpected(
            missing_value(option.name, options, line.command));
    if (values.size() > 1 && !option.repeated && !option.value.empty())
      return fail(errc::invalid_argument, "--" + option.name + " is given "
                                              + std::to_string(values.size())
                                              + " times; give it once");
  }
  return {};
}

result<void> check_positionals(const arguments& line) {
  const auto& command = *line.command;
  const auto count = line.positionals.size();
  const auto usage = command.name + (command.arguments.empty() ? "" : " ")
                     + command.arguments;
  if (count < command.min_arguments)
    return fail(errc::invalid_argument,
                command.arguments + " is missing; type: jobq " + usage);
  if (count <= command.max_arguments)
    return {};
  if (command.name == "next")
    return fail(errc::invalid_argument,
                "an expression is one argument; quote it: jobq next \"0 */30 "
                "* * * *\"");
  if (command.max_arguments == 0)
    return fail(errc::invalid_argument,
                command.name + " takes no arguments, but \""
                    + line.positionals[0] + "\" is given" + see_help(&command));
  return fail(errc::invalid_argument,
              "too many arguments: \"" + line.positionals[command.max_arguments]
                  + "\" is left over; type: jobq " + usage);
}

result<arguments> parse_options(const words& line,
                                const command_spec* command) {
  const auto specs = options_of(command);
  cxxopts::Options options{"jobq"};
  for (const auto& spec : specs) {
    const auto names = spec.short_name.empty()
                           ? spec.name
                           : spec.short_name + "," + spec.name;
    if (spec.value.empty())
      options.add_options()(names, spec.help, cxxopts::value<bool>());
    else
      options.add_options()(names, spec.help, cxxopts::value<std::string>());
  }
  std::vector<const char*> argv;
  for (const auto& word : line)
    argv.push_back(word.c_str());
  arguments parsed;
  parsed.command = command;
  try {
    const auto found
        = options.parse(static_cast<int>(argv.size()), argv.data());
    for (const auto& option : found.arguments())
      if (option.value() != "false")
        parsed.options[option.key()].push_back(option.value());
    parsed.positionals = found.unmatched();
  } catch (const cxxopts::exceptions::no_such_option& e) {
    return tl::unexpected(unknown_option(quoted(e.what()), command));
  } catch (const cxxopts::exceptions::missing_argument& e) {
    return tl::unexpected(missing_value(quoted(e.what()), specs, command));
  } catch (const cxxopts::exceptions::option_requires_argument& e) {
    return tl::unexpected(missing_value(quoted(e.what()), specs, command));
  } catch (const cxxopts::exceptions::exception& e) {
    return fail(errc::invalid_argument, "\"" + quoted(e.what())
                                            + "\" can't be read as an option"
                                            + see_help(command));
  }
  if (auto checked = check_options(parsed, specs); !checked)
    return tl::unexpected(checked.error());
  return parsed;
}

error unknown_command(const std::string& name) {
  words known;
  for (const auto& command : commands())
    known.push_back(command.name);
  if (name == "infra")
    return {errc::invalid_argument,
            "unknown command \"infra\"; jobq takes the command directly: jobq "
            "list"};
  const auto near = closest(name, known);
  return {errc::invalid_argument,
          "unknown command \"" + name + "\""
              + (near.empty() ? "; see jobq --help"
                              : ", did you mean \"" + near + "\"?")};
}

} // namespace

bool arguments::has(std::string_view option) const {
  return options.contains(std::string{option});
}

std::optional<std::string> arguments::value(std::string_view option) const {
  const auto found = options.find(std::string{option});
  if (found == options.end())
    return std::nullopt;
  return found->second.back();
}

std::vector<std::string> arguments::values(std::string_view option) const {
  const auto found = options.find(std::string{option});
  return found == options.end() ? words{} : found->second;
}

result<arguments> parse_arguments(const words& given) {
  auto line = without_prefix(given);
  if (!line)
    return tl::unexpected(line.error());
  auto at = first_positional(*line, 1);
  if (!at)
    return tl::unexpected(at.error());
  const command_spec* command = nullptr;
  if (*at < line->size()) {
    const auto name = (*line)[*at];
    line->erase(line->begin() + static_cast<std::ptrdiff_t>(*at));
    if (name == "help") {
      // `jobq help list` is `jobq list --help`.
      line->push_back("--help");
      at = first_positional(*line, 1);
      if (!at || *at >= line->size())
        return parse_options(*line, nullptr);
      command = find_command((*line)[*at]);
      if (command == nullptr)
        return tl::unexpected(unknown_command((*line)[*at]));
      line->erase(line->begin() + static_cast<std::ptrdiff_t>(*at));
    } else {
      command = find_command(name);
      if (command == nullptr)
        return tl::unexpected(unknown_command(name));
    }
  }
  auto parsed = parse_options(*line, command);
  if (!parsed || command == nullptr || parsed->has("help")
      || parsed->has("version"))
    return parsed;
  if (auto checked = check_positionals(*parsed); !checked)
    return tl::unexpected(checked.error());
  return parsed;
}

} // namespace jobq
