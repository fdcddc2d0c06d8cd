#pragma once

#include "jobs/error.hpp"

namespace jobq {

/// The HTTP status that belongs to an error.
constexpr int http_status_of(errc code) noexcept {
  switch (code) {
  case errc::invalid_argument:
    return 400;
  case errc::not_found:
    return 404;
  case errc::already_exists:
  case errc::invalid_state:
    return 409;
  case errc::unsupported:
    return 501;
  case errc::busy:
  case errc::unavailable:
    return 503;
  case errc::store_failed:
  case errc::store_corrupt:
  case errc::format_too_new:
  case errc::io:
  case errc::internal:
    return 500;
  }
  return 500;
}

} // namespace jobq
