#include "tools/cli/target.hpp"

#include <string_view>
#include <system_error>
#include <utility>

#include "tools/paths.hpp"
#include "tools/runtime.hpp"

namespace jobq {

namespace {

/// A client of this process's runtime whose streams can be ended.
class local_client final : public api_client {
public:
  local_client(runtime& local, const std::atomic<bool>& ended)
      : local_{local}, client_{make_local_client(local)}, ended_{ended} {}

  result<std::string> call(const api_request& request) override {
    return client_->call(request);
  }

  result<void> follow(const api_request& request,
                      const line_sink& sink) override {
    return stream(local_, request, sink, [this] { return ended_.load(); });
  }

private:
  runtime& local_;
  std::unique_ptr<api_client> client_;
  const std::atomic<bool>& ended_;
};

} // namespace

default_target::default_target(std::filesystem::path config,
                               std::filesystem::path data)
    : config_{std::move(config)}, data_{std::move(data)} {}

default_target::~default_target() = default;

result<connection> default_target::connect() {
  if (local_)
    return connection{std::make_shared<local_client>(*local_, ended_), false};
  const auto socket = socket_path(data_);
  auto server = connect_to_server(socket);
  if (server)
    return connection{std::move(*server), true};
  if (server.error().code != errc::unavailable)
    return tl::unexpected(server.error());
  return open_store(socket);
}

bool default_target::is_there() {
  std::error_code ignored;
  return std::filesystem::exists(socket_path(data_), ignored)
         || std::filesystem::exists(store_path(data_), ignored);
}

result<connection>
default_target::open_store(const std::filesystem::path& socket) {
  runtime_options options;
  options.config = config_;
  options.data = data_;
  options.ticks = false;
  options.log = [](log_level, std::string_view) {};
  auto opened = runtime::open(std::move(options));
  if (!opened) {
    auto failed = opened.error();
    if (failed.code == errc::busy)
      failed.message = "the store " + store_path(data_).string()
                       + " is in use by another process, but no server "
                         "answers at "
                       + socket.string()
                       + "; wait until that process has ended, or name "
                         "another --data";
    return tl::unexpected(std::move(failed));
  }
  local_ = std::move(*opened);
  return connection{std::make_shared<local_client>(*local_, ended_), false};
}

} // namespace jobq
