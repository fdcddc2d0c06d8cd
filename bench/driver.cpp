// One measure of the queue, for runs side by side with other queues.

#include <algorithm>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <iostream>

#include <cxxopts.hpp>

#include "bench/bounds.hpp"
#include "bench/drive.hpp"

namespace {

using namespace jobq::bench;

constexpr auto explanation = R"(
MEASURE is one of
  enqueue_single   the next run when the last one is acknowledged
  enqueue_conc     256 runs that wait to be acknowledged at any time
  enqueue_bulk     batches of 1,000 runs, one after the other
  e2e              N runs are queued, then executed until all are durably
                   completed
  latency          an idle queue: from enqueue to start, of 200 runs at most
  memory           resident memory with N runs queued

It ends after N runs or SECONDS (1 to 60), whichever comes first, and within a
minute. Prints lines of JSON: measure, value, unit, n (what was measured in the
end), note. Exit code 0, or 1 with the reason in the note, or 2 on wrong usage.

Example:
  driver e2e 100000 10 --via socket
)";

int wrong_usage(const std::string& message) {
  std::cerr << "driver: " << message << "; see driver --help\n";
  return 2;
}

/// @returns 0 for what is no number
std::uint64_t number_of(const std::string& text) {
  std::uint64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return read.ec == std::errc{} && read.ptr == end ? number : 0;
}

/// jobqd lies beside: build/PRESET/bench/driver, build/PRESET/bin/jobqd.
std::filesystem::path default_server() {
  std::error_code ignored;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", ignored);
  return self.parent_path().parent_path() / "bin" / "jobqd";
}

cxxopts::Options make_options() {
  cxxopts::Options options{
      "driver", "Measures jobq in the way that other queues are measured.\n"};
  options.custom_help("MEASURE N SECONDS [OPTION...]");
  options.positional_help("");
  options.add_options()(
      "via", "inprocess, or socket: the client of a server that it starts",
      cxxopts::value<std::string>()->default_value("inprocess"),
      "WAY")("durability", "sync, or async: no commit waits for the disk",
             cxxopts::value<std::string>()->default_value("sync"), "WORD")(
      "directory", "where its data lies meanwhile: the disk that is measured",
      cxxopts::value<std::string>()->default_value(
          std::filesystem::temp_directory_path().string()),
      "DIR")(
      "server", "the server to start",
      cxxopts::value<std::string>()->default_value(default_server().string()),
      "FILE")("h,help", "show this");
  options.add_options("positional")("positional", "",
                                    cxxopts::value<std::vector<std::string>>());
  options.parse_positional({"positional"});
  return options;
}

void listen_for_signals() {
  struct sigaction how {};
  how.sa_handler = [](int) { interrupt(); };
  for (const int number : {SIGINT, SIGTERM, SIGHUP})
    ::sigaction(number, &how, nullptr);
}

int run(int argc, char** argv) {
  auto options = make_options();
  const auto given = options.parse(argc, argv);
  if (given.count("help") != 0) {
    std::cout << options.help({""}) << explanation;
    return 0;
  }
  const auto words = given.count("positional") != 0
                         ? given["positional"].as<std::vector<std::string>>()
                         : std::vector<std::string>{};
  if (words.size() != 3)
    return wrong_usage("give MEASURE N SECONDS");
  drive_options what;
  what.measure = words[0];
  what.runs = number_of(words[1]);
  what.time = std::chrono::seconds{static_cast<std::int64_t>(
      std::min<std::uint64_t>(number_of(words[2]), 1'000))};
  const auto via = given["via"].as<std::string>();
  const auto durability = given["durability"].as<std::string>();
  if (via != "inprocess" && via != "socket")
    return wrong_usage("--via is inprocess or socket");
  if (durability != "sync" && durability != "async")
    return wrong_usage("--durability is sync or async");
  what.via_socket = via == "socket";
  if (durability == "async")
    what.durability = jobq::durability::async;
  what.directory
      = std::filesystem::absolute(given["directory"].as<std::string>());
  what.server = std::filesystem::absolute(given["server"].as<std::string>());
  if (auto ok = check(what); !ok)
    return wrong_usage(ok.error().message);
  listen_for_signals();
  const bool done = drive(
      what, [](const std::string& line) { std::cout << line << std::endl; });
  return interrupted() ? 130 : done ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const cxxopts::exceptions::exception& wrong) {
    return wrong_usage(wrong.what());
  } catch (const std::exception& failed) {
    std::cerr << "driver: " << failed.what() << '\n';
    return 1;
  }
}
