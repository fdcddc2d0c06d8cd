#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tools/cli/command.hpp"

namespace jobq::test {

/// An API that answers what a test has put there, and remembers what was asked.
class fake_api final : public api_client {
public:
  std::map<std::string, result<std::string>> answers; ///< by `GET /v1/jobs`
  std::map<std::string, std::vector<std::string>> streams; ///< by path
  bool streams_end = true; ///< else they go on until `end_streams`
  std::vector<api_request> asked;

  result<std::string> call(const api_request& request) override {
    const std::lock_guard lock{mutex_};
    asked.push_back(request);
    const auto found = answers.find(request.method + " " + request.path);
    if (found == answers.end())
      return fail(errc::not_found, "no " + request.path);
    return found->second;
  }

  result<void> follow(const api_request& request,
                      const line_sink& sink) override {
    std::vector<std::string> lines;
    {
      const std::lock_guard lock{mutex_};
      asked.push_back(request);
      lines = streams[request.path];
    }
    for (const auto& line : lines)
      if (!sink(line))
        return {};
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return streams_end; });
    return {};
  }

  void end_streams() {
    const std::lock_guard lock{mutex_};
    streams_end = true;
    changed_.notify_all();
  }

  /// How many requests were made of this kind.
  int count(const std::string& method, const std::string& path) const {
    int found = 0;
    for (const auto& request : asked)
      if (request.method == method && request.path == path)
        ++found;
    return found;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

class fake_target final : public target {
public:
  std::shared_ptr<fake_api> api = std::make_shared<fake_api>();
  bool server = false;
  bool there = true;
  int connections = 0;

  result<connection> connect() override {
    ++connections;
    return connection{api, server};
  }
  bool is_there() override { return there; }
  void end_streams() override { api->end_streams(); }
};

struct command_result {
  int code = 0;
  std::string output;
  std::string diagnostics;
};

/// Carries out a command line, `list --json`, against a fake.
inline command_result carry_out(fake_target& where,
                                std::vector<std::string> words) {
  words.insert(words.begin(), "jobq");
  command_result done;
  const auto line = parse_arguments(words);
  if (!line) {
    done.code = to_int(exit_code_of(line.error().code));
    done.diagnostics = line.error().message;
    return done;
  }
  console out{[&](std::string_view text) {
                done.output += text;
                return 0;
              },
              [&](std::string_view text) {
                done.diagnostics += text;
                return 0;
              },
              {style{}, line->has("quiet"), line->has("json"), false}};
  command_context context{*line, out, where};
  done.code = to_int(jobq::carry_out(context));
  return done;
}

} // namespace jobq::test
