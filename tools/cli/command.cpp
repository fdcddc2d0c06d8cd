#include "tools/cli/command.hpp"

#include <pwd.h>
#include <unistd.h>

#include <utility>

#include <nlohmann/json.hpp>

namespace jobq {

namespace {

std::string user_name() {
  const auto* entry = ::getpwuid(::geteuid());
  if (entry != nullptr && entry->pw_name != nullptr)
    return entry->pw_name;
  return std::to_string(::geteuid());
}

result<json> ask(api_client& client, const api_request& request) {
  const auto answer = client.call(request);
  if (!answer)
    return tl::unexpected(answer.error());
  return read_line(*answer);
}

using command_function = exit_code (*)(command_context&);

const std::map<std::string_view, command_function>& functions() {
  static const std::map<std::string_view, command_function> all{
      {"list", list_command},
      {"show", show_command},
      {"enable", enable_command},
      {"disable", disable_command},
      {"run", run_command},
      {"cleanup-sessions", cleanup_sessions_command},
      {"log-cleanup", log_cleanup_command},
      {"history", history_command},
      {"ticks", ticks_command},
      {"replay", replay_command},
      {"runs", runs_command},
      {"run-info", run_info_command},
      {"logs", logs_command},
      {"cancel", cancel_command},
      {"retry", retry_command},
      {"discard", discard_command},
      {"next", next_command},
      {"check", check_command},
      {"diff", diff_command},
      {"simulate", simulate_command},
      {"status", status_command},
      {"reload", reload_command},
      {"drain", drain_command},
      {"stop", stop_command},
      {"bench", bench_command},
  };
  return all;
}

} // namespace

exit_code carry_out(command_context& context) {
  const auto found = functions().find(context.line.command->name);
  if (found == functions().end())
    return complain(context.out, {errc::internal, "a command without a "
                                                  "function"});
  return found->second(context);
}

exit_code complain(console& out, const error& failed) {
  out.complain(failed.message);
  return exit_code_of(failed.code);
}

api_request make_request(std::string_view method, std::string path,
                         std::map<std::string, std::string> query) {
  api_request request;
  request.method = method;
  request.path = std::move(path);
  std::erase_if(query, [](const auto& item) { return item.second.empty(); });
  request.query = std::move(query);
  request.user = user_name();
  return request;
}

result<json> get(api_client& client, std::string path,
                 std::map<std::string, std::string> query) {
  return ask(client, make_request("GET", std::move(path), std::move(query)));
}

result<json> post(api_client& client, std::string path, const json& body) {
  auto request = make_request("POST", std::move(path));
  request.body = json_line(body);
  return ask(client, request);
}

result<json> read_line(const std::string& line) {
  auto document = json::parse(line, nullptr, false);
  if (document.is_discarded())
    return fail(errc::internal, "the answer is not JSON: " + line);
  return document;
}

} // namespace jobq
