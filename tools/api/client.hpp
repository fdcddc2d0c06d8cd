#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "tools/api/api.hpp"

namespace jobq {

/// Where a CLI command's requests go: to a server over its Unix socket, or to
/// a runtime in this process.
class api_client {
public:
  virtual ~api_client() = default;

  /// @returns the body of a 2xx answer, or the error that the answer held
  virtual result<std::string> call(const api_request& request) = 0;

  /// Calls `sink` for every line until the stream ends.
  virtual result<void> follow(const api_request& request, const line_sink& sink)
      = 0;
};

/// Connects to a server.
/// @returns `unavailable` when nobody listens there
result<std::unique_ptr<api_client>>
connect_to_server(const std::filesystem::path& socket);

/// Answers from a runtime in this process.
std::unique_ptr<api_client> make_local_client(runtime& target);

} // namespace jobq
