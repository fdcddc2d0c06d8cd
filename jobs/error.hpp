#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace jobq {

/// Why an operation failed. One enum for every layer below the actors; the
/// programs map it to exit codes and HTTP statuses in one place.
enum class errc {
  invalid_argument, ///< the caller's input is wrong; the message names it
  not_found,        ///< no such job, run, function or file
  already_exists,   ///< a second thing of the same identity
  invalid_state,    ///< the run's state does not allow this
  busy,             ///< held by another process, or over a limit: try later
  unavailable,      ///< no server answers, or it is stopping
  store_failed,     ///< the disk refused; nothing was acknowledged
  store_corrupt,    ///< stored bytes are not what was written
  format_too_new,   ///< written by a newer jobq
  unsupported,      ///< valid, but not possible here
  io,               ///< a file or socket operation failed
  internal          ///< a defect in jobq itself
};

/// The enum's word, e.g. `not_found`: stable, used in JSON.
std::string_view to_string(errc code) noexcept;

/// What went wrong, in a sentence that a tired reader can act on.
struct error {
  errc code = errc::internal;
  std::string message;

  friend bool operator==(const error&, const error&) = default;
};

/// A value or the reason why there is none. Exceptions do not cross a folder's
/// boundary; this does.
template <class T>
using result = tl::expected<T, error>;

/// Shorthand for returning an error from a function that returns `result<T>`.
inline tl::unexpected<error> fail(errc code, std::string message) {
  return tl::unexpected<error>(error{code, std::move(message)});
}

} // namespace jobq
