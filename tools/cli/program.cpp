#include "tools/cli/program.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <clocale>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <langinfo.h>

#include "tools/cli/command.hpp"
#include "tools/cli/help.hpp"
#include "tools/cli/values.hpp"
#include "tools/paths.hpp"
#include "tools/version.hpp"

namespace jobq {

namespace {

bool is_set(const char* variable) {
  const auto* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return size.ws_col;
  return 80;
}

bool speaks_utf8() {
  std::setlocale(LC_CTYPE, "");
  return std::strcmp(::nl_langinfo(CODESET), "UTF-8") == 0;
}

style make_style(const arguments& line, std::optional<time_zone> zone) {
  style look;
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  look.width = terminal ? terminal_width() : 0;
  look.colour = terminal && !line.has("no-color") && !is_set("NO_COLOR");
  look.unicode = speaks_utf8();
  look.zone = zone.value_or(time_zone::utc());
  look.zone_given = zone.has_value();
  return look;
}

/// Help and version, which need no command to be complete.
/// @returns whether one was asked for
bool answer_at_once(const arguments& line, console& out) {
  if (line.has("help"))
    out.print(line.command != nullptr ? command_help(*line.command)
                                      : overview_help());
  else if (line.has("version"))
    out.print("jobq " + std::string{version} + "\n");
  else
    return false;
  return true;
}

exit_code carry_out_line(const arguments& line, console& out) {
  if (answer_at_once(line, out))
    return exit_code::ok;
  if (line.command == nullptr) {
    out.complain("a command is missing");
    out.report(overview_help());
    return exit_code::usage;
  }
  default_target where{config_path(line.value("config").value_or("")),
                       data_path(line.value("data").value_or(""))};
  command_context context{line, out, where};
  return carry_out(context);
}

} // namespace

int run_program(const std::vector<std::string>& words) {
  // A reader that has gone is noticed where it is written to.
  std::signal(SIGPIPE, SIG_IGN);
  const auto line = parse_arguments(words);
  const auto zone = line ? zone_of(*line) : result<std::optional<time_zone>>{};
  const arguments none;
  const auto& known = line ? *line : none;
  console out{write_to(STDOUT_FILENO),
              write_to(STDERR_FILENO),
              {make_style(known, zone ? *zone : std::nullopt),
               known.has("quiet"), known.has("json"),
               ::isatty(STDERR_FILENO) == 1}};
  if (!line)
    return to_int(complain(out, line.error()));
  if (!zone)
    return to_int(complain(out, zone.error()));
  const auto code = carry_out_line(*line, out);
  if (out.failure() != 0) {
    out.complain(std::string{"can't write the output: "}
                 + std::strerror(out.failure()));
    return to_int(exit_code::failed);
  }
  return to_int(code);
}

} // namespace jobq
