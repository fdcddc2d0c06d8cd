#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include <unistd.h>

#include "tools/cli/command.hpp"

namespace jobq {

namespace {

/// The program that measures: in the build tree's folder, or beside this one.
/// @returns an empty path when it is in neither place
std::filesystem::path load_program() {
  std::error_code failed;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", failed);
  const auto here = self.parent_path();
  for (const auto& place :
       {here.parent_path() / "bench" / "load", here / "load"})
    if (::access(place.c_str(), X_OK) == 0)
      return place;
  return {};
}

} // namespace

exit_code bench_command(command_context& context) {
  const auto program = load_program();
  if (program.empty())
    return complain(context.out,
                    {errc::not_found, "the program that measures, load, is not "
                                      "beside this one; build it: cmake "
                                      "--build --preset release --target "
                                      "load"});
  std::vector<std::string> words{program.string()};
  for (const char* option : {"scenario", "repeat", "directory"})
    for (const auto& value : context.line.values(option))
      words.push_back(std::string{"--"} + option + "=" + value);
  for (const char* option : {"list", "json", "quiet"})
    if (context.line.has(option))
      words.push_back(std::string{"--"} + option);
  std::vector<char*> argv;
  for (auto& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(argv[0], argv.data());
  return complain(context.out, {errc::internal, program.string() + ": "
                                                    + std::strerror(errno)});
}

} // namespace jobq
