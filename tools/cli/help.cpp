#include "tools/cli/help.hpp"

#include <algorithm>
#include <cstddef>

namespace jobq {

namespace {

constexpr std::size_t page_width = 80;

/// Breaks `text` at spaces into lines that end before the page does; every
/// line but the first is indented.
std::string wrapped(const std::string& text, std::size_t indent) {
  std::string page;
  std::size_t column = indent;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find(' ', begin), text.size());
    const auto length = end - begin;
    if (column > indent && column + 1 + length > page_width) {
      page += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      page += ' ';
      ++column;
    }
    page.append(text, begin, length);
    column += length;
    begin = end + 1;
  }
  return page;
}

std::string option_names(const option_spec& option) {
  auto names = option.short_name.empty()
                   ? "    --" + option.name
                   : "-" + option.short_name + ", --" + option.name;
  if (!option.value.empty())
    names += " " + option.value;
  return names;
}

std::string option_lines(const std::vector<option_spec>& options) {
  std::size_t widest = 0;
  for (const auto& option : options)
    widest = std::max(widest, option_names(option).size());
  std::string lines;
  for (const auto& option : options) {
    const auto names = option_names(option);
    auto help = option.help;
    if (option.repeated)
      help += "; may be repeated";
    if (!option.fallback.empty())
      help += " (default: " + option.fallback + ")";
    lines += "  " + names + std::string(widest - names.size() + 2, ' ')
             + wrapped(help, widest + 4) + "\n";
  }
  return lines;
}

} // namespace

std::string overview_help() {
  std::string text = "Usage: jobq COMMAND [OPTIONS]\n\n"
                     "Manages background jobs. Talks to a running jobqd, or "
                     "opens the store itself.\n\nCommands:\n";
  std::size_t widest = 0;
  for (const auto& command : commands())
    widest = std::max(widest, command.name.size());
  for (const auto& command : commands())
    text += "  " + command.name
            + std::string(widest - command.name.size() + 2, ' ')
            + command.summary + "\n";
  text += "\nOptions of every command:\n" + option_lines(global_options());
  text += "\nExit codes: 0 ok, 1 the work failed, 2 wrong use or invalid "
          "input, 3 not found,\n4 no server, or the store is busy.\n"
          "\nExample: jobq run publish_content\n"
          "More: jobq COMMAND --help\n";
  return text;
}

std::string command_help(const command_spec& command) {
  std::string text = "Usage: jobq " + command.name;
  if (!command.arguments.empty())
    text += " " + command.arguments;
  text += " [OPTIONS]\n\n";
  auto summary = command.summary;
  if (!summary.empty() && summary[0] >= 'a' && summary[0] <= 'z')
    summary[0] = static_cast<char>(summary[0] - 'a' + 'A');
  text += wrapped(summary + ".", 0) + "\n";
  for (std::size_t begin = 0; begin < command.details.size();) {
    const auto end
        = std::min(command.details.find('\n', begin), command.details.size());
    text += wrapped(command.details.substr(begin, end - begin), 0) + "\n";
    begin = end + 1;
  }
  if (!command.options.empty())
    text += "\nOptions:\n" + option_lines(command.options);
  text += "\nOptions of every command:\n" + option_lines(global_options());
  text += command.examples.size() == 1 ? "\nExample:\n" : "\nExamples:\n";
  for (const auto& example : command.examples)
    text += "  jobq " + example + "\n";
  return text;
}

} // namespace jobq
