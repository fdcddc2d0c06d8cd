#include "extensions/host/learn.hpp"

#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "extensions/host/host_process.hpp"
#include "extensions/host/hosted_attempt.hpp"
#include "extensions/host/messages.hpp"
#include "host.pb.h"
#include "jobs/time.hpp"

namespace jobq {

namespace {

using namespace hosting;

/// Hears a host out until it has said what it can.
class pupil final : public host_listener {
public:
  explicit pupil(std::filesystem::path path) : path_{std::move(path)} {}

  bool on_message(const wire::FromRunner& message) override {
    if (message.hello())
      greeted_ = true;
    if (message.has_ready()) {
      learn(message.ready());
      if (host)
        host->close();
    }
    return true;
  }

  bool on_output(std::string_view) override { return true; }

  void on_end(const wire::End* end, const std::string& misconduct) override {
    host.reset();
    if (answer)
      return;
    if (!greeted_)
      answer = fail(errc::unavailable,
                    "no job host can be started: " + describe(end, {}));
    else if (!misconduct.empty())
      refuse("broke its job host while it was opened: " + misconduct);
    else
      refuse("broke its job host while it was opened: " + describe(end, {}));
  }

  void refuse(const std::string& why) {
    answer = fail(errc::invalid_argument, path_.string() + ": " + why);
  }

  std::optional<result<learned_library>> answer;
  std::shared_ptr<host_process> host;

private:
  void learn(const wire::Ready& ready) {
    if (!ready.error().empty()) {
      answer = fail(errc::invalid_argument, ready.error());
      return;
    }
    learned_library made{path_, ready.extension(), ready.release(), {}};
    for (const auto& each : ready.functions()) {
      made.functions.push_back(read(each));
      made.functions.back().extension = made.extension;
    }
    answer = std::move(made);
  }

  const std::filesystem::path path_;
  bool greeted_ = false;
};

} // namespace

result<learned_library> learn_library(const host_options& options,
                                      const std::filesystem::path& path,
                                      milliseconds patience) {
  boost::asio::io_context context{1};
  pupil hears{path};
  auto host = host_process::start(context, options, host_profile{path, 0, 0, 0},
                                  hears);
  if (!host)
    return tl::unexpected(host.error());
  hears.host = *host;
  host->reset();
  boost::asio::steady_timer timer{context};
  timer.expires_after(patience);
  timer.async_wait([&](const boost::system::error_code& cancelled) {
    if (cancelled || hears.answer || !hears.host)
      return;
    hears.refuse("did not answer within " + format_duration(patience)
                 + " of being opened");
    hears.host->kill();
  });
  while (hears.host)
    context.run_one();
  timer.cancel();
  context.run(); // until it is reaped
  return std::move(*hears.answer);
}

} // namespace jobq
