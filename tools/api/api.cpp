#include "tools/api/api.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>
#include <vector>

#include "tools/api/handlers.hpp"
#include "tools/api/input.hpp"
#include "tools/runtime.hpp"
#include "tools/unix_socket.hpp"

namespace jobq {

namespace {

using words = std::vector<std::string>;

/// One line of the API. `{…}` in a pattern stands for one part of a path.
struct route {
  std::string method;
  std::string pattern;
  words query; ///< the query parameters that it knows
  words body;  ///< the body's fields
  api_handler answer = nullptr;
  stream_handler flow = nullptr;
  words parts{}; ///< of the pattern
};

words parts_of(const std::string& path) {
  words parts;
  std::size_t begin = 1;
  while (begin <= path.size()) {
    const auto end = std::min(path.find('/', begin), path.size());
    parts.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::vector<route> split(std::vector<route> all) {
  for (auto& one : all)
    one.parts = parts_of(one.pattern);
  return all;
}

/// The whole API.
const std::vector<route>& routes() {
  static const words history{"job", "status", "since", "n", "since_sequence"};
  static const words run_body{"parameters", "enforce"};
  static const words reason{"reason"};
  static const words replay{"job",     "from",  "to",  "limit",
                            "overlap", "again", "skip"};
  static const auto all = split({
      {"GET", "/v1/status", {}, {}, show_status},
      {"GET", "/v1/jobs", {"name"}, {}, list_jobs},
      {"GET", "/v1/jobs/{name}", {}, {}, show_job},
      {"POST", "/v1/jobs/{name}/run", {}, run_body, run_job},
      {"POST", "/v1/jobs/{name}/enable", {}, reason, enable_job},
      {"POST", "/v1/jobs/{name}/disable", {}, reason, disable_job},
      {"POST",
       "/v1/functions/{extension}/{name}/run",
       {},
       {"parameters", "enforce", "job"},
       run_function},
      {"GET", "/v1/history", history, {}, list_history},
      {"GET",
       "/v1/history/stream",
       {"job", "status", "since_sequence"},
       {},
       nullptr,
       stream_history},
      {"GET", "/v1/ticks", {"job", "since", "fate", "n"}, {}, list_ticks},
      {"GET", "/v1/replay", replay, {}, show_replay},
      {"POST", "/v1/replay", {}, replay, apply_replay},
      {"GET", "/v1/runs", {"state", "job", "n"}, {}, list_runs},
      {"POST", "/v1/runs", {}, {"runs"}, enqueue_runs},
      {"GET", "/v1/runs/{id}", {}, {}, show_run},
      {"GET", "/v1/runs/{id}/log", {"attempt"}, {}, show_log},
      {"GET", "/v1/runs/{id}/stream", {}, {}, nullptr, stream_run},
      {"POST", "/v1/runs/{id}/cancel", {}, reason, cancel_run},
      {"POST", "/v1/runs/{id}/retry", {}, reason, retry_run},
      {"POST", "/v1/runs/{id}/discard", {}, reason, discard_run},
      {"POST", "/v1/reload", {}, {}, reload_config},
      {"POST", "/v1/drain", {}, {}, drain_server},
      {"POST", "/v1/stop", {}, {}, stop_server},
  });
  return all;
}

/// Whether a path has the pattern's form; collects what stands for `{…}`.
bool fits(const words& parts, const words& path, words& names) {
  names.clear();
  if (parts.size() != path.size())
    return false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].front() == '{' && !path[i].empty())
      names.push_back(path[i]);
    else if (parts[i] != path[i])
      return false;
  }
  return true;
}

/// The routes that share the most leading parts with the path.
std::string near_routes(const words& path) {
  std::size_t best = 0;
  words near;
  for (const auto& each : routes()) {
    const auto& parts = each.parts;
    std::size_t shared = 0;
    while (shared < std::min(parts.size(), path.size())
           && (parts[shared] == path[shared] || parts[shared].front() == '{'))
      ++shared;
    if (shared < best)
      continue;
    if (shared > best)
      near.clear();
    best = shared;
    near.push_back(each.method + " " + each.pattern);
  }
  std::string text;
  for (const auto& each : near)
    text.append(text.empty() ? "" : ", ").append(each);
  return text;
}

/// Where a request goes, or the answer that says why nowhere.
struct destination {
  const route* found = nullptr;
  words names;
  api_response refusal;
};

destination find_route(const api_request& request) {
  destination made;
  const auto path = parts_of(request.path);
  std::string allowed;
  for (const auto& each : routes()) {
    words names;
    if (!fits(each.parts, path, names))
      continue;
    if (each.method == request.method
        || (request.method == "HEAD" && each.method == "GET"
            && each.flow == nullptr)) {
      made.found = &each;
      made.names = std::move(names);
      return made;
    }
    allowed = each.method;
  }
  if (!allowed.empty()) {
    made.refusal
        = to_response({errc::unsupported, request.path + " takes " + allowed
                                              + ", not " + request.method});
    made.refusal.status = 405;
    return made;
  }
  made.refusal = to_response(
      {errc::not_found,
       "no route " + request.path + "; there are: " + near_routes(path)});
  return made;
}

result<api_call> read_call(runtime& target, const api_request& request,
                           const destination& where) {
  if (const auto query = check_query(request.query, where.found->query); !query)
    return tl::unexpected(query.error());
  auto body = read_body(request.body, where.found->body);
  if (!body)
    return tl::unexpected(body.error());
  return api_call{
      .target = target,
      .query = request.query,
      .body = std::move(*body),
      .names = where.names,
      .user = request.user.empty() ? own_user() : request.user,
      .now = std::chrono::floor<milliseconds>(std::chrono::system_clock::now()),
      .config = target.config()};
}

api_response answer(runtime& target, const api_request& request) {
  const auto where = find_route(request);
  if (where.found == nullptr)
    return where.refusal;
  if (where.found->answer == nullptr)
    return to_response({errc::unsupported, request.path + " is a stream"});
  const auto call = read_call(target, request, where);
  if (!call)
    return to_response(call.error());
  const auto made = where.found->answer(*call);
  if (!made)
    return to_response(made.error());
  return {200, to_text(*made)};
}

result<void> flow(runtime& target, const api_request& request,
                  const line_sink& sink,
                  const std::function<bool()>& cancelled) {
  const auto where = find_route(request);
  if (where.found == nullptr || where.found->flow == nullptr)
    return fail(errc::not_found, request.path + " is not a stream");
  const auto call = read_call(target, request, where);
  if (!call)
    return tl::unexpected(call.error());
  return where.found->flow(*call, sink, cancelled);
}

} // namespace

api_response handle(runtime& target, const api_request& request) {
  try {
    return answer(target, request);
  } catch (const std::exception& failed) {
    return to_response({errc::internal, failed.what()});
  }
}

bool is_stream(const api_request& request) {
  const auto where = find_route(request);
  return where.found != nullptr && where.found->flow != nullptr;
}

result<void> stream(runtime& target, const api_request& request,
                    const line_sink& sink,
                    const std::function<bool()>& cancelled) {
  try {
    return flow(target, request, sink, cancelled);
  } catch (const std::exception& failed) {
    return fail(errc::internal, failed.what());
  }
}

api_service serve(runtime& target) {
  return {
      [&target](const api_request& request) { return handle(target, request); },
      [](const api_request& request) { return is_stream(request); },
      [&target](const api_request& request, const line_sink& sink,
                const std::function<bool()>& cancelled) {
        return stream(target, request, sink, cancelled);
      }};
}

} // namespace jobq
