#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "extensions/host/frame.hpp"
#include "extensions/host/host_groups.hpp"
#include "extensions/host/host_options.hpp"
#include "jobs/error.hpp"

namespace jobq::wire {
class End;
class FromRunner;
class ToRunner;
} // namespace jobq::wire

namespace jobq::hosting {

/// Hears what comes from a job host. Called on the thread of its io_context.
class host_listener {
public:
  virtual ~host_listener() = default;

  /// A message of the runner. @returns false to hear the next one, and further
  ///   output, only after a pause: it says too much
  virtual bool on_message(const wire::FromRunner& message) = 0;
  /// Bytes that the host's processes wrote to standard output and error.
  virtual bool on_output(std::string_view bytes) = 0;
  /// The last call: the runner and all its descendants are gone, and what they
  /// had said has been heard.
  /// @param end how; null when its warden was killed and nobody knows
  /// @param misconduct why the server had it killed, or empty
  virtual void on_end(const wire::End* end, const std::string& misconduct) = 0;
};

/// A job host as its server sees it: starts it, talks to it, knows when it has
/// ended. Belongs to one io_context, whose thread alone may use it; that thread
/// must live as long as the host. Keeps itself alive until the host has ended.
class host_process : public std::enable_shared_from_this<host_process> {
public:
  /// @param listener must outlive the host, or be taken off with `forget`
  /// @returns `unavailable` when no process can be started
  static result<std::shared_ptr<host_process>>
  start(boost::asio::io_context& context, const host_options& options,
        const host_profile& profile, host_listener& listener);

  ~host_process();
  host_process(const host_process&) = delete;
  host_process& operator=(const host_process&) = delete;

  void send(const wire::ToRunner& message);
  /// SIGTERM to the runner's process group.
  void terminate();
  /// SIGKILL to the runner and all its descendants.
  void kill();
  /// Lets the runner end by itself, which an idle one does at once.
  void close();
  /// Hears the output that is there already.
  void drain_output();

  /// The warden's process id.
  pid_t pid() const noexcept { return pid_; }

private:
  using socket = boost::asio::local::stream_protocol::socket;

  host_process(boost::asio::io_context& context, const host_options& options,
               host_listener& listener);

  result<void> spawn(const host_options& options, const host_profile& profile);
  void listen();
  void read_runner();
  void read_output();
  void read_warden();
  bool hear_runner(std::string_view bytes);
  void hear_warden(std::string_view bytes);
  void pause(boost::asio::steady_timer& timer, void (host_process::*next)());
  void write_more();
  void wake_warden();
  void misbehaves(std::string what);
  void runner_is_silent();
  void warden_is_gone();
  void ended(const wire::End* end);
  void reap();

  const milliseconds silence_patience_;
  const milliseconds kill_patience_;
  host_listener* listener_;
  socket runner_;
  socket warden_;
  boost::asio::posix::stream_descriptor output_;
  boost::asio::steady_timer runner_pause_;
  boost::asio::steady_timer output_pause_;
  boost::asio::steady_timer patience_;
  boost::asio::steady_timer reaper_;
  frame_splitter from_runner_;
  frame_splitter from_warden_;
  std::string outbox_;  ///< being written
  std::string waiting_; ///< to be written next
  std::string misconduct_;
  std::unique_ptr<host_group> group_; ///< null: it has none
  pid_t pid_ = -1;
  bool ended_ = false;
  bool closing_ = false;
  bool killing_ = false;
  bool leaves_some_ = false; ///< whom its warden could not kill
  int reaps_ = 0;
};

} // namespace jobq::hosting
