#include "jobs/error.hpp"

namespace jobq {

std::string_view to_string(errc code) noexcept {
  switch (code) {
  case errc::invalid_argument:
    return "invalid_argument";
  case errc::not_found:
    return "not_found";
  case errc::already_exists:
    return "already_exists";
  case errc::invalid_state:
    return "invalid_state";
  case errc::busy:
    return "busy";
  case errc::unavailable:
    return "unavailable";
  case errc::store_failed:
    return "store_failed";
  case errc::store_corrupt:
    return "store_corrupt";
  case errc::format_too_new:
    return "format_too_new";
  case errc::unsupported:
    return "unsupported";
  case errc::io:
    return "io";
  case errc::internal:
    return "internal";
  }
  return "internal";
}

} // namespace jobq
