#include <fstream>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

#include "bench/http_clients.hpp"
#include "bench/server_process.hpp"
#include "bench/target.hpp"
#include "jobs/time.hpp"

namespace jobq::bench {
namespace {

using nlohmann::json;
using steady = std::chrono::steady_clock;
using wall = std::chrono::system_clock;

// The cheapest function that a server has: it opens the application's database
// (a file beside the store) and finds nothing to publish.
constexpr auto configuration_text = R"(
scheduler:
  workers: 8
  jobs:
    - name: idle
      extension: core
      job: publish_content
)";

constexpr auto run_one = "/v1/jobs/idle/run";
constexpr auto run_many = "/v1/runs";
constexpr milliseconds look_every{2};
/// What was claimed before the server heard that it shall not.
constexpr milliseconds settling{100};

std::string batch_of(std::uint64_t runs) {
  std::string text = R"({"runs":[)";
  for (std::uint64_t i = 0; i < runs; ++i)
    text.append(i == 0 ? "" : ",").append(R"({"job":"idle"})");
  return text + "]}";
}

class socket_target final : public target {
public:
  explicit socket_target(const target_options& options)
      : program_{options.server}, config_{options.directory / "config.yaml"},
        data_{options.directory / "data"} {}

  result<void> start() {
    std::ofstream{config_} << configuration_text;
    auto made = server_process::start(program_, config_, data_);
    if (!made)
      return tl::unexpected{made.error()};
    server_ = std::move(*made);
    return {};
  }

  result<progress> enqueue(const producing& how, const bounds& until) override {
    if (auto ok = hold(); !ok)
      return tl::unexpected{ok.error()};
    auto clients = http_clients::connect(server_->socket(), how.in_flight);
    if (!clients)
      return tl::unexpected{clients.error()};
    const auto one = http_clients::post(run_one, "{}");
    const auto full = http_clients::post(run_many, batch_of(how.batch));
    std::uint64_t asked = 0;
    progress made;
    const auto next = [&]() -> std::optional<std::string> {
      if (asked == until.runs || until.over())
        return std::nullopt;
      const auto size = std::min<std::uint64_t>(how.batch, until.runs - asked);
      asked += size;
      if (how.batch == 1)
        return one;
      return size == how.batch ? full
                               : http_clients::post(run_many, batch_of(size));
    };
    const auto begun = steady::now();
    const auto done = (*clients)->exchange(next, [&](const std::string& body) {
      made.runs += how.batch == 1 ? 1 : count_of(body);
    });
    made.took = steady::now() - begun;
    if (!done)
      return tl::unexpected{done.error()};
    return made;
  }

  /// The time begins with the first claim, as the server tells it: its process
  /// is a new one, and its start is not the queue's work.
  result<progress> execute(const bounds& until) override {
    if (auto ok = server_->stop(); !ok)
      return tl::unexpected{ok.error()};
    if (auto ok = start(); !ok)
      return tl::unexpected{ok.error()};
    auto client = http_clients::connect(server_->socket(), 1);
    if (!client)
      return tl::unexpected{client.error()};
    progress made;
    auto at = wall::now();
    while (made.runs < until.runs && !until.over()) {
      std::this_thread::sleep_for(look_every);
      const auto status = ask(**client, "/v1/status");
      if (!status)
        return tl::unexpected{status.error()};
      made.runs = (*status)["store"]["last_sequence"].get<std::uint64_t>();
      at = wall::now();
    }
    const auto first = ask(**client, "/v1/history?since_sequence=0&n=1");
    if (!first)
      return tl::unexpected{first.error()};
    if ((*first)["runs"].empty())
      return fail(errc::internal, "no run was executed");
    made.took = at - begin_of((*first)["runs"][0]);
    return made;
  }

  result<latencies> start_latencies(const bounds& until) override {
    auto client = http_clients::connect(server_->socket(), 1);
    if (!client)
      return tl::unexpected{client.error()};
    const auto request = http_clients::post(run_one, "{}");
    latencies all;
    for (std::uint64_t i = 0; i < until.runs && !until.over(); ++i) {
      std::this_thread::sleep_for(look_every);
      const auto sent = wall::now();
      const auto begun = (*client)->call(request);
      if (!begun)
        return tl::unexpected{begun.error()};
      const auto ended
          = await(**client, json::parse(*begun)["id"].get<std::string>());
      if (!ended)
        return tl::unexpected{ended.error()};
      // The end of the millisecond that the server names: not less than it was.
      all.add(
          std::chrono::nanoseconds{begin_of(*ended) + milliseconds{1} - sent}
              .count());
    }
    return all;
  }

  std::uint64_t resident() const override { return server_->resident(); }

  std::string note() const override {
    return "over the Unix socket of a server of its own; no parameters";
  }

  std::string execution() const override {
    return "the function is core.publish_content, which opens a SQLite "
           "database and finds nothing to do, 8 at a time; the server tells "
           "starts in milliseconds, taken as rounded down";
  }

private:
  result<void> hold() {
    auto client = http_clients::connect(server_->socket(), 1);
    if (!client)
      return tl::unexpected{client.error()};
    if (auto done = (*client)->call(http_clients::post("/v1/drain", "{}"));
        !done)
      return tl::unexpected{done.error()};
    std::this_thread::sleep_for(settling);
    return {};
  }

  static result<json> ask(http_clients& client, const std::string& what) {
    auto answer = client.call(http_clients::get(what));
    if (!answer)
      return tl::unexpected{answer.error()};
    return json::parse(*answer);
  }

  static result<json> await(http_clients& client, const std::string& id) {
    const bounds until{1, steady::now() + seconds{5}};
    while (!until.over()) {
      auto now = ask(client, "/v1/runs/" + id);
      if (!now || (*now)["state"] == "completed")
        return now;
      std::this_thread::sleep_for(look_every);
    }
    return fail(errc::internal, "a run did not end");
  }

  static wall::time_point begin_of(const json& one) {
    const auto at = parse_rfc3339(one["started_at"].get<std::string>());
    return at ? wall::time_point{at->time_since_epoch()} : wall::time_point{};
  }

  /// How many runs a batch's answer acknowledges.
  static std::uint64_t count_of(const std::string& body) {
    return json::parse(body)["ids"].size();
  }

  const std::filesystem::path program_;
  const std::filesystem::path config_;
  const std::filesystem::path data_;
  std::unique_ptr<server_process> server_;
};

} // namespace

result<std::unique_ptr<target>> open_socket(const target_options& options) {
  if (options.durability != durability::sync)
    return fail(errc::invalid_argument, "a server always syncs");
  auto made = std::make_unique<socket_target>(options);
  if (auto ok = made->start(); !ok)
    return tl::unexpected{ok.error()};
  return made;
}

} // namespace jobq::bench
