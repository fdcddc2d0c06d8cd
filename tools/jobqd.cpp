#include <iostream>
#include <string>

#include <cxxopts.hpp>

#include "tools/daemon.hpp"
#include "tools/log.hpp"
#include "tools/paths.hpp"
#include "tools/version.hpp"

namespace {

using namespace jobq;

constexpr auto example = R"(
Example:
  jobqd --config services/config/config.yaml --data ./var
  jobq --data ./var list

SIGTERM and SIGINT stop the server, SIGHUP reads its configuration again.
It ends with 0 when it was stopped, 1 when it broke, 2 on wrong usage or a
configuration with errors, 4 when another process holds the store.
)";

cxxopts::Options make_options() {
  cxxopts::Options options("jobqd", "The server of the jobq job engine.\n");
  options.custom_help("[OPTION...]");
  options.add_options() //
      ("config",
       "the configuration (JOBQ_CONFIG; services/config/config.yaml, else "
       "services/scheduler/config.yaml)",
       cxxopts::value<std::string>()->default_value(""), "FILE") //
      ("data", "where store and socket lie (JOBQ_DATA; ./var)",
       cxxopts::value<std::string>()->default_value(""), "DIR") //
      ("log-level", "the least that is logged: debug, info, warning, error",
       cxxopts::value<std::string>()->default_value("info"), "LEVEL") //
      ("h,help", "show this and exit")                                //
      ("version", "show the version and exit");
  return options;
}

int wrong_usage(const std::string& message) {
  std::cerr << "jobqd: " << message << "\nSee jobqd --help.\n";
  return to_int(exit_code::usage);
}

} // namespace

int main(int argc, char** argv) {
  try {
    auto options = make_options();
    const auto read = options.parse(argc, argv);
    if (read.count("help") > 0) {
      std::cout << options.help() << example;
      return to_int(exit_code::ok);
    }
    if (read.count("version") > 0) {
      std::cout << "jobqd " << version << '\n';
      return to_int(exit_code::ok);
    }
    if (!read.unmatched().empty())
      return wrong_usage("unexpected argument \"" + read.unmatched().front()
                         + "\"");
    const auto word = read["log-level"].as<std::string>();
    const auto least = read_log_level(word);
    if (!least)
      return wrong_usage("--log-level: \"" + word
                         + "\" is not one of debug, info, warning, error");
    daemon_options how;
    how.config = config_path(read["config"].as<std::string>());
    how.data = data_path(read["data"].as<std::string>());
    how.least = *least;
    return to_int(run_daemon(how));
  } catch (const cxxopts::exceptions::exception& wrong) {
    return wrong_usage(wrong.what());
  } catch (const std::exception& failed) {
    std::cerr << "jobqd: " << failed.what() << '\n';
    return to_int(exit_code::failed);
  }
}
