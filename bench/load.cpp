#include <cstdio>
#include <filesystem>
#include <iostream>

#include <unistd.h>

#include <cxxopts.hpp>

#include "bench/measurement.hpp"
#include "bench/progress_bar.hpp"

namespace {

int wrong_usage(const std::string& message) {
  std::cerr << "load: " << message << '\n';
  return 2;
}

cxxopts::Options make_options() {
  cxxopts::Options options{"load", "Measures jobq's engine on this machine.\n"};
  options.add_options()("s,scenario", "what to measure; may be repeated",
                        cxxopts::value<std::vector<std::string>>(),
                        "NAME")("list", "name the scenarios")(
      "repeat", "repetitions of each",
      cxxopts::value<int>()->default_value("1"),
      "N")("json", "one line of JSON per repetition")(
      "directory", "where scratch data lies: the disk that is measured",
      cxxopts::value<std::string>()->default_value(
          std::filesystem::temp_directory_path().string()),
      "DIR")("q,quiet", "no progress on the terminal")("h,help", "show this");
  return options;
}

int run(int argc, char** argv) {
  auto options = make_options();
  const auto given = options.parse(argc, argv);
  if (given.count("help") != 0) {
    std::cout << options.help();
    return 0;
  }
  if (given.count("list") != 0) {
    for (const auto& one : jobq::bench::all_scenarios())
      std::cout << one.name() << '\n';
    return 0;
  }
  if (given.count("scenario") == 0)
    return wrong_usage("give --scenario NAME, or --list to see them");
  const auto repeat = given["repeat"].as<int>();
  if (repeat < 1)
    return wrong_usage("--repeat must be 1 or more");
  // All names first: a wrong one shall not come to light after minutes.
  std::vector<jobq::bench::scenario> all;
  for (const auto& name : given["scenario"].as<std::vector<std::string>>()) {
    auto what = jobq::bench::scenario::parse(name);
    if (!what)
      return wrong_usage(what.error().message);
    all.push_back(std::move(*what));
  }
  jobq::bench::progress_bar progress{
      given.count("quiet") == 0 && ::isatty(STDERR_FILENO) == 1,
      all.size() * static_cast<std::uint64_t>(repeat)};
  for (const auto& what : all) {
    for (int i = 0; i < repeat; ++i) {
      progress.next(what.name());
      auto came
          = jobq::bench::carry_out(what, given["directory"].as<std::string>());
      progress.clear();
      if (!came) {
        std::cerr << "load: " << what.name() << ": " << came.error().message
                  << '\n';
        return 1;
      }
      std::cout << (given.count("json") != 0 ? came->json() + "\n"
                                             : came->text())
                << std::flush;
    }
  }
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& fault) {
    std::cerr << "load: " << fault.what() << "; see load --help\n";
    return 2;
  }
}
