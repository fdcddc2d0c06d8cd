// The inspection tool. As `systemprompt` it takes the words `infra jobs` first.

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "tools/cli/program.hpp"

int main(int argc, char** argv) {
  try {
    // Threads that still read from a server's socket end with the process, not
    // before it: nothing of theirs is torn down under them.
    std::_Exit(jobq::run_program(std::vector<std::string>(argv, argv + argc)));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "jobq: %s\n", e.what());
    std::_Exit(1);
  }
}
