#include "tools/daemon.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "extensions/host/escapees.hpp"
#include "tools/log.hpp"
#include "tools/notify.hpp"
#include "tools/paths.hpp"
#include "tools/runtime.hpp"
#include "tools/server.hpp"
#include "tools/unix_socket.hpp"
#include "tools/version.hpp"

namespace jobq {

namespace {

constexpr int stop_signals[] = {SIGTERM, SIGINT};

/// A bell that any thread may ring and the main thread hears.
class bell {
public:
  bell() : fd_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {}

  void ring() const {
    const std::uint64_t one = 1;
    (void)!::write(fd_.get(), &one, sizeof(one));
  }

  void hush() const {
    std::uint64_t count = 0;
    (void)!::read(fd_.get(), &count, sizeof(count));
  }

  int fd() const { return fd_.get(); }

private:
  unique_fd fd_;
};

/// Signals as a descriptor. They are blocked before any thread starts, so that
/// all threads inherit that and this is the only place where they arrive.
class signal_source {
public:
  signal_source() {
    sigset_t set;
    sigemptyset(&set);
    for (const int each : stop_signals)
      sigaddset(&set, each);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    fd_.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  }

  int fd() const { return fd_.get(); }

  /// The next signal that is pending; 0 for none.
  int next() const {
    signalfd_siginfo info{};
    if (::read(fd_.get(), &info, sizeof(info)) != sizeof(info))
      return 0;
    return static_cast<int>(info.ssi_signo);
  }

private:
  unique_fd fd_;
};

/// Logs every run that becomes final, from the engine's feed.
class run_log {
public:
  run_log(runtime& target, logger log) : log_{std::move(log)} {
    const auto counts = target.reads().statistics();
    feed_ = target.jobs_engine().subscribe(counts ? counts->last_sequence
                                                  : std::uint64_t{0});
    thread_ = std::thread{[this] { follow(); }};
  }

  /// To be destroyed after the engine was stopped, which ends the feed.
  ~run_log() {
    feed_->close();
    thread_.join();
  }

private:
  void follow() {
    while (const auto fresh = feed_->next(std::chrono::minutes{1}))
      for (const auto& each : *fresh)
        log_(level_of(*each.run), line_of(*each.run));
  }

  logger log_;
  std::shared_ptr<completion_feed> feed_;
  std::thread thread_;
};

class daemon_process {
public:
  explicit daemon_process(const daemon_options& options)
      : options_{options}, log_{make_stderr_logger(options.least)} {}

  exit_code run() {
    auto opened = runtime::open({.config = options_.config,
                                 .data = options_.data,
                                 .ticks = true,
                                 .log = log_,
                                 .on_stop = [this] { ask_to_stop(); }});
    if (!opened) {
      log_(log_level::error, opened.error().message);
      return exit_code_of(opened.error().code);
    }
    runtime_ = std::move(*opened);
    for (const auto& each : runtime_->warnings())
      log_(log_level::warning, each.to_string());
    log_isolation();
    runtime_->jobs_engine().on_failure([this](const std::string& why) {
      log_(log_level::error, "the engine gave up: " + why);
      broken_ = true;
      bell_.ring();
    });

    const auto socket = socket_path(options_.data);
    server_options serving;
    serving.socket = socket;
    serving.service = serve(*runtime_);
    serving.log = log_;
    auto listening = server::start(std::move(serving));
    if (!listening) {
      log_(log_level::error, listening.error().message);
      return exit_code_of(listening.error().code);
    }
    server_ = std::move(*listening);
    runs_.emplace(*runtime_, log_);
    log_(log_level::info, started_line(socket));
    notify_manager("READY=1\nSTATUS=running");
    wait_until_stopped();
    return stop();
  }

private:
  void ask_to_stop() {
    stop_asked_ = true;
    bell_.ring();
  }

  /// What job functions are, and what keeps them within bounds.
  void log_isolation() const {
    for (const auto& each : runtime_->functions()->libraries)
      if (each.fault.empty())
        log_(log_level::info,
             "extension " + each.extension + " " + each.release + " from "
                 + each.path.string()
                 + ", functions: " + std::to_string(each.functions));
    const auto contained = runtime_->hosts().contained;
    log_(contained.processes == containment::limit::unbounded
             ? log_level::warning
             : log_level::info,
         "job hosts: " + describe(contained));
  }

  std::string started_line(const std::filesystem::path& socket) const {
    const auto config = runtime_->config();
    return std::string{"jobqd "} + version + " is running: pid "
           + std::to_string(::getpid()) + ", configuration "
           + options_.config.string() + ", data " + options_.data.string()
           + ", " + std::to_string(config->jobs.size()) + " jobs, "
           + std::to_string(config->workers) + " workers, socket "
           + socket.string();
  }

  void wait_until_stopped() {
    while (!broken_) {
      if (stop_asked_) {
        log_(log_level::info, "stopping: asked by the API");
        return;
      }
      listen(-1);
      while (const int signal = signals_.next()) {
        if (signal != SIGHUP) {
          log_(log_level::info,
               std::string{"stopping: "}
                   + (signal == SIGTERM ? "SIGTERM" : "SIGINT"));
          return;
        }
        reload();
      }
    }
  }

  /// Waits for a signal or the bell.
  void listen(int milliseconds_at_most) const {
    pollfd watched[] = {{signals_.fd(), POLLIN, 0}, {bell_.fd(), POLLIN, 0}};
    if (::poll(watched, 2, milliseconds_at_most) > 0 && watched[1].revents != 0)
      bell_.hush();
  }

  void reload() {
    log_(log_level::info, "reload: reading " + options_.config.string());
    notify_reloading();
    const auto faults = runtime_->reload();
    if (!faults) {
      log_(log_level::error, "reload: " + faults.error().message);
    } else {
      bool wrong = false;
      for (const auto& each : *faults) {
        const bool error = each.level == severity::error;
        wrong = wrong || error;
        log_(error ? log_level::error : log_level::warning, each.to_string());
      }
      if (wrong)
        log_(log_level::error,
             "reload: the configuration has errors; the one before stays");
      else
        log_(log_level::info,
             "reload: " + std::to_string(runtime_->config()->jobs.size())
                 + " jobs");
    }
    notify_manager("READY=1");
  }

  /// The order of stopping:
  /// 1. the engine: no ticks, no claims, grace for what runs, the rest is given
  ///    back and committed. The API still answers, so that one can watch;
  /// 2. the log of runs, which has told the last of them by then;
  /// 3. the server: streams have ended with the engine;
  /// 4. the runtime: committer, then store.
  exit_code stop() {
    notify_manager("STOPPING=1");
    std::atomic<bool> done{false};
    std::thread stopping{[&] {
      runtime_->jobs_engine().stop();
      runs_.reset();
      log_(log_level::info, "stopped: the engine");
      server_->stop();
      log_(log_level::info, "stopped: the server");
      server_.reset();
      runtime_.reset();
      done = true;
      bell_.ring();
    }};
    while (!done) {
      listen(1000);
      if (const int signal = signals_.next(); signal != 0 && signal != SIGHUP) {
        log_(log_level::error,
             "a second signal: exiting at once; the next start gives back what "
             "was running");
        ::_exit(to_int(exit_code::failed));
      }
    }
    stopping.join();
    log_(log_level::info, broken_ ? "ended after a failure" : "ended");
    return broken_ ? exit_code::failed : exit_code::ok;
  }

  const daemon_options& options_;
  const signal_source signals_;
  const bell bell_;
  const logger log_;
  std::atomic<bool> broken_{false};
  std::atomic<bool> stop_asked_{false};
  std::unique_ptr<runtime> runtime_;
  std::unique_ptr<server> server_;
  std::optional<run_log> runs_;
};

} // namespace

exit_code run_daemon(const daemon_options& options) {
  hosting::adopt_escapees();
  return daemon_process{options}.run();
}

} // namespace jobq
