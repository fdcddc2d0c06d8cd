#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

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
  int status = 200; ///< of HTTP
  std::string body; ///< one JSON document
};

/// Takes one line of a stream, without its line feed.
/// @returns false when the reader has gone: the stream ends
using line_sink = std::function<bool(const std::string& line)>;

/// Answers one request. Thread-safe; never throws. Errors are
/// `{"error": {"code": "not_found", "message": "…"}}` with the HTTP status that
/// belongs to the code.
api_response handle(runtime& target, const api_request& request);

/// Whether the path is a stream of JSON lines instead of one document.
bool is_stream(const api_request& request);

/// Writes a stream's lines until it ends, the sink says so, or `cancelled`
/// answers true (asked at least every 250 ms). An empty line comes first: the
/// stream has begun, and misses nothing from here on.
/// @returns an error before the first line, if there is one
result<void> stream(runtime& target, const api_request& request,
                    const line_sink& sink,
                    const std::function<bool()>& cancelled);

/// The three functions above as a value, for what carries requests to them.
struct api_service {
  std::function<api_response(const api_request&)> handle;
  std::function<bool(const api_request&)> is_stream;
  std::function<result<void>(const api_request&, const line_sink&,
                             const std::function<bool()>&)>
      stream;
};

/// @param target outlives the service
api_service serve(runtime& target);

/// The answer to a request that failed.
api_response to_response(const error& failed);

/// Reads a request's target, `/v1/runs?state=dead`, into path and query.
/// @returns `invalid_argument` for a malformed escape
result<void> read_target(std::string_view target, api_request& into);

/// Writes path and query as a target, escaped.
std::string to_target(const api_request& request);

} // namespace jobq
