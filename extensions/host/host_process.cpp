#include "extensions/host/host_process.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include "extensions/host/escapees.hpp"
#include "extensions/host/host_spawn.hpp"
#include "extensions/host/process_hunt.hpp"
#include "host.pb.h"

namespace jobq::hosting {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using found = frame_splitter::found;

/// How long a host that says too much is not heard.
constexpr milliseconds silence{10};
constexpr milliseconds reap_interval{2};
constexpr auto silent = "it closed its connection with the server";
/// What is heard of one descriptor at its end.
constexpr std::size_t max_rest = 1 << 20;

std::array<char, 64 * 1024>& scratch() {
  static thread_local std::array<char, 64 * 1024> bytes;
  return bytes;
}

} // namespace

host_process::host_process(asio::io_context& context,
                           const host_options& options, host_listener& listener)
    : silence_patience_{options.silence_patience},
      kill_patience_{options.kill_patience}, listener_{&listener},
      runner_{context}, warden_{context}, output_{context},
      runner_pause_{context},
      output_pause_{context}, patience_{context}, reaper_{context} {}

host_process::~host_process() = default;

result<std::shared_ptr<host_process>>
host_process::start(asio::io_context& context, const host_options& options,
                    const host_profile& profile, host_listener& listener) {
  std::shared_ptr<host_process> made{
      new host_process{context, options, listener}};
  if (auto spawned = made->spawn(options, profile); !spawned)
    return tl::unexpected(spawned.error());
  made->listen();
  return made;
}

result<void> host_process::spawn(const host_options& options,
                                 const host_profile& profile) {
  if (options.groups) {
    auto group = options.groups->add({profile.memory, options.processes});
    if (!group)
      return tl::unexpected(group.error());
    group_ = std::move(*group);
  }
  auto host = spawn_host(options.program, profile.library.empty()
                                              ? "built-in"
                                              : profile.library.string());
  if (!host)
    return tl::unexpected(host.error());
  pid_ = host->pid;
  const asio::local::stream_protocol protocol;
  runner_.assign(protocol, host->runner);
  warden_.assign(protocol, host->warden);
  output_.assign(host->output);
  wire::Settings settings;
  settings.set_library(profile.library.string());
  settings.set_memory(profile.memory);
  settings.set_cpu_seconds(profile.cpu_seconds);
  settings.set_open_files(options.open_files);
  settings.set_processes(options.processes);
  if (group_) {
    settings.set_group(group_->group().directory().string());
    settings.set_group_limits_memory(options.groups->limits_memory());
  }
  if (options.user) {
    auto* user = settings.mutable_user();
    user->set_name(options.user->name);
    user->set_uid(options.user->uid);
    user->set_gid(options.user->gid);
    user->set_home(options.user->home);
  }
  send_frame(warden_.native_handle(), settings);
  return {};
}

void host_process::listen() {
  read_runner();
  read_output();
  read_warden();
}

void host_process::read_runner() {
  runner_.async_wait(
      socket::wait_read, [self = shared_from_this()](const error_code& failed) {
        if (failed || self->ended_)
          return;
        auto& bytes = scratch();
        const auto got
            = ::read(self->runner_.native_handle(), bytes.data(), bytes.size());
        if (got > 0) {
          if (self->hear_runner({bytes.data(), static_cast<std::size_t>(got)}))
            self->read_runner();
          else
            self->pause(self->runner_pause_, &host_process::read_runner);
        } else if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
          self->read_runner();
        } else {
          self->runner_is_silent();
        }
      });
}

bool host_process::hear_runner(std::string_view bytes) {
  from_runner_.add(bytes);
  bool calm = true;
  std::string_view payload;
  for (;;) {
    const auto next = from_runner_.next(payload);
    if (next == found::nothing_yet)
      return calm;
    wire::FromRunner message;
    if (next == found::garbage
        || !message.ParseFromArray(payload.data(),
                                   static_cast<int>(payload.size()))) {
      from_runner_ = {};
      misbehaves("it wrote garbage to its connection with the server");
      return calm;
    }
    if (!misconduct_.empty())
      continue;
    calm = listener_->on_message(message) && calm;
    if (ended_)
      return calm;
  }
}

void host_process::read_output() {
  output_.async_wait(
      asio::posix::stream_descriptor::wait_read,
      [self = shared_from_this()](const error_code& failed) {
        if (failed || self->ended_)
          return;
        auto& bytes = scratch();
        const auto got
            = ::read(self->output_.native_handle(), bytes.data(), bytes.size());
        if (got > 0) {
          if (self->listener_->on_output(
                  {bytes.data(), static_cast<std::size_t>(got)}))
            self->read_output();
          else
            self->pause(self->output_pause_, &host_process::read_output);
        } else if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
          self->read_output();
        }
      });
}

void host_process::drain_output() {
  auto& bytes = scratch();
  for (std::size_t rest = 0; rest < max_rest;) {
    const auto got
        = ::read(output_.native_handle(), bytes.data(), bytes.size());
    if (got <= 0)
      return;
    rest += static_cast<std::size_t>(got);
    listener_->on_output({bytes.data(), static_cast<std::size_t>(got)});
  }
}

void host_process::pause(asio::steady_timer& timer,
                         void (host_process::*next)()) {
  timer.expires_after(silence);
  timer.async_wait([self = shared_from_this(), next](const error_code&) {
    if (!self->ended_)
      (self.get()->*next)();
  });
}

void host_process::read_warden() {
  warden_.async_wait(
      socket::wait_read, [self = shared_from_this()](const error_code& failed) {
        if (failed || self->ended_)
          return;
        auto& bytes = scratch();
        const auto got
            = ::read(self->warden_.native_handle(), bytes.data(), bytes.size());
        if (got > 0)
          self->hear_warden({bytes.data(), static_cast<std::size_t>(got)});
        else if (got < 0 && (errno == EAGAIN || errno == EINTR))
          self->read_warden();
        else
          self->warden_is_gone();
      });
}

void host_process::hear_warden(std::string_view bytes) {
  from_warden_.add(bytes);
  std::string_view payload;
  wire::End end;
  switch (from_warden_.next(payload)) {
  case found::nothing_yet:
    read_warden();
    return;
  case found::frame:
    if (end.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
      ended(&end);
      return;
    }
    [[fallthrough]];
  case found::garbage:
    warden_is_gone();
  }
}

void host_process::send(const wire::ToRunner& message) {
  if (ended_ || closing_)
    return;
  waiting_ += frame_of(message);
  if (outbox_.empty())
    write_more();
}

void host_process::write_more() {
  // Most often the socket takes it all at once, and nobody has to wait.
  while (outbox_.empty() && !waiting_.empty()) {
    const auto sent = ::send(runner_.native_handle(), waiting_.data(),
                             waiting_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
      waiting_.clear(); // its end is told elsewhere
      return;
    }
    if (sent > 0)
      waiting_.erase(0, static_cast<std::size_t>(sent));
    if (sent < 0 || !waiting_.empty())
      outbox_.swap(waiting_);
  }
  if (outbox_.empty())
    return;
  asio::async_write(
      runner_, asio::buffer(outbox_),
      [self = shared_from_this()](const error_code&, std::size_t) {
        self->outbox_.clear();
        if (!self->ended_)
          self->write_more();
      });
}

void host_process::terminate() {
  if (ended_)
    return;
  wire::Order order;
  order.set_kind(wire::Order::TERMINATE);
  send_frame(warden_.native_handle(), order);
  wake_warden();
}

void host_process::kill() {
  if (ended_ || std::exchange(killing_, true))
    return;
  wire::Order order;
  order.set_kind(wire::Order::KILL);
  send_frame(warden_.native_handle(), order);
  wake_warden();
  patience_.expires_after(kill_patience_);
  patience_.async_wait(
      [self = shared_from_this()](const error_code& cancelled) {
        // A warden that is stopped again and again, say, obeys nobody.
        if (!cancelled && !self->ended_)
          self->warden_is_gone();
      });
}

void host_process::close() {
  if (ended_ || std::exchange(closing_, true))
    return;
  error_code ignored;
  runner_.shutdown(socket::shutdown_send, ignored);
  wake_warden();
  patience_.expires_after(kill_patience_);
  patience_.async_wait(
      [self = shared_from_this()](const error_code& cancelled) {
        if (!cancelled)
          self->kill();
      });
}

/// A function may have stopped it, and then it does not see how its runner
/// ends.
void host_process::wake_warden() {
  ::kill(pid_, SIGCONT);
}

void host_process::misbehaves(std::string what) {
  if (misconduct_.empty())
    misconduct_ = std::move(what);
  kill();
}

void host_process::runner_is_silent() {
  if (closing_ || killing_)
    return;
  wake_warden();
  patience_.expires_after(silence_patience_);
  patience_.async_wait(
      [self = shared_from_this()](const error_code& cancelled) {
        if (!cancelled && !self->ended_)
          self->misbehaves(silent);
      });
}

void host_process::warden_is_gone() {
  if (group_)
    group_->group().kill();
  // A stopped warden has its descendants still, a dead one had.
  process_hunt{pid_}.round();
  ::kill(pid_, SIGKILL);
  kill_escapees(pid_);
  ended(nullptr);
}

void host_process::ended(const wire::End* end) {
  if (ended_)
    return;
  auto& bytes = scratch();
  for (std::size_t rest = 0; rest < max_rest;) {
    const auto got
        = ::read(runner_.native_handle(), bytes.data(), bytes.size());
    if (got <= 0)
      break;
    rest += static_cast<std::size_t>(got);
    hear_runner({bytes.data(), static_cast<std::size_t>(got)});
  }
  drain_output();
  ended_ = true;
  runner_pause_.cancel();
  output_pause_.cancel();
  patience_.cancel();
  error_code ignored;
  runner_.close(ignored);
  warden_.close(ignored);
  output_.close(ignored);
  group_.reset();
  leaves_some_ = end != nullptr && end->left();
  reap();
  // It was silent because it was dead; its warden only came late to tell.
  if (misconduct_ == silent && end != nullptr
      && (!end->on_order() || !WIFSIGNALED(end->status())
          || WTERMSIG(end->status()) != SIGKILL))
    misconduct_.clear();
  auto* listener = std::exchange(listener_, nullptr);
  listener->on_end(end, misconduct_);
}

void host_process::reap() {
  if (::waitpid(pid_, nullptr, WNOHANG) != 0) {
    forget_warden(pid_);
    if (leaves_some_)
      kill_escapees(pid_);
    return;
  }
  // It is on its way out; a second is more than it needs.
  if (++reaps_ > 500)
    ::kill(pid_, SIGKILL);
  reaper_.expires_after(reap_interval);
  reaper_.async_wait([self = shared_from_this()](const error_code& cancelled) {
    if (!cancelled)
      self->reap();
  });
}

} // namespace jobq::hosting
