#pragma once

#include <functional>
#include <map>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "jobs/error.hpp"

namespace jobq {

class runtime; // tools/runtime.hpp

/// The API is functions from request to response; docs/api.md lists them. HTTP
/// over a socket, or a CLI without a server, are only ways to call them.
struct api_request {
  std::string method = "GET"; ///< GET or POST
  std::string path;           ///< `/v1/jobs/publish_content`, decoded
  std::map<std::string, std::string> query; ///< decoded
  std::string body;                         ///< JSON or empty
  std::string user;                         ///< who asks, for the record
};

struct api_response {
  int status = 200;
  std::string body; ///< one JSON document
};

/// Takes one line of a stream.
/// @returns false when the reader has gone: the stream ends
using line_sink = std::function<bool(const std::string& line)>;

/// Answers one request. Thread-safe; never throws. Errors are
/// `{"error": {"code": "not_found", "message": "…"}}` with the HTTP status that
/// belongs to the code.
api_response handle(runtime& target, const api_request& request);

/// Whether the path is a stream of JSON lines instead of one document.
bool is_stream(const api_request& request);

/// Writes a stream's lines until it ends, the sink says so, or `cancelled`
/// answers true (asked at least every 250 ms).
/// @returns an error before the first line, if there is one
result<void> stream(runtime& target, const api_request& request,
                    const line_sink& sink,
                    const std::function<bool()>& cancelled);

} // namespace jobq
