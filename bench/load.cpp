#include <cstdio>
#include <filesystem>
#include <iostream>

#include <cxxopts.hpp>

#include "bench/measurement.hpp"

namespace {

int run(int argc, char** argv) {
  cxxopts::Options options{"load", "Measures jobq's engine on this machine.\n"};
  options.add_options()("s,scenario", "what to measure; may be repeated",
                        cxxopts::value<std::vector<std::string>>())(
      "list", "names the scenarios")("repeat", "repetitions of each",
                                     cxxopts::value<int>()->default_value("1"))(
      "json", "one line of JSON per repetition")(
      "directory", "where scratch data lies: the disk that is measured",
      cxxopts::value<std::string>()->default_value(
          std::filesystem::temp_directory_path().string()))("h,help",
                                                            "show this");
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
  if (given.count("scenario") == 0) {
    std::cerr << "load: give --scenario NAME, or --list to see them\n";
    return 2;
  }
  for (const auto& name : given["scenario"].as<std::vector<std::string>>()) {
    auto what = jobq::bench::scenario::parse(name);
    if (!what) {
      std::cerr << "load: " << what.error().message << '\n';
      return 2;
    }
    for (int i = 0; i < given["repeat"].as<int>(); ++i) {
      auto came
          = jobq::bench::carry_out(*what, given["directory"].as<std::string>());
      if (!came) {
        std::cerr << "load: " << what->name() << ": " << came.error().message
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
