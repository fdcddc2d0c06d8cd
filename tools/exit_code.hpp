#pragma once

#include "jobs/error.hpp"

namespace jobq {

/// How `jobq` and `jobqd` end; scripts rely on the numbers.
enum class exit_code {
  ok = 0,
  failed = 1,     ///< the work was done and failed, or the server broke
  usage = 2,      ///< wrong usage, or invalid input such as a configuration
  not_found = 3,  ///< no such job, run or file
  unavailable = 4 ///< no server answers, or the store is held by another one
};

constexpr int to_int(exit_code code) noexcept {
  return static_cast<int>(code);
}

/// The exit code that belongs to an error.
constexpr exit_code exit_code_of(errc code) noexcept {
  switch (code) {
  case errc::invalid_argument:
    return exit_code::usage;
  case errc::not_found:
    return exit_code::not_found;
  case errc::busy:
  case errc::unavailable:
    return exit_code::unavailable;
  case errc::already_exists:
  case errc::invalid_state:
  case errc::store_failed:
  case errc::store_corrupt:
  case errc::format_too_new:
  case errc::unsupported:
  case errc::io:
  case errc::internal:
    return exit_code::failed;
  }
  return exit_code::failed;
}

} // namespace jobq
