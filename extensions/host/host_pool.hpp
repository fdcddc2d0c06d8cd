#pragma once

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <unordered_map>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "extensions/host/host_process.hpp"
#include "extensions/host/hosted_attempt.hpp"
#include "extensions/host/process_executor.hpp"

namespace jobq::hosting {

/// The hosts of an executor and the attempts in them. Lives on the thread of
/// one io_context.
class host_pool {
public:
  host_pool(boost::asio::io_context& context,
            const process_executor_options& options);
  ~host_pool();
  host_pool(const host_pool&) = delete;
  host_pool& operator=(const host_pool&) = delete;

  void start(run what, execution_plan plan, attempt_observer observer);
  void stop(const run_id& id, stop_reason why);
  /// After a change of `max_hosts`.
  void resized();
  /// Ends everything; `emptied` is called when no host is left.
  void shut_down(std::function<void()> emptied);
  const host_statistics& statistics() const { return statistics_; }

private:
  class slot;
  /// An attempt and its host, once it has one.
  struct entry {
    std::unique_ptr<hosted_attempt> attempt;
    host_profile profile;
    slot* host = nullptr;
    std::unique_ptr<boost::asio::steady_timer> patience;
  };

  void assign();
  slot* find_idle(const host_profile& profile);
  std::size_t serving() const;
  slot* longest_idle() const;
  bool make_room();
  slot* add_host(const host_profile& profile);
  void cannot_start(const std::string& why);
  void can_start();
  void stop(entry& one, stop_reason why);
  void end_without_host(entry& one);
  void wait_to_terminate(entry& one);
  void wait_to_kill(entry& one);
  void ended(entry& one);
  void remove(slot& host);
  void expire_idle();
  void count();

  boost::asio::io_context& context_;
  const process_executor_options& options_;
  std::unordered_map<run_id, entry> attempts_;
  std::deque<run_id> waiting_; ///< ids of attempts without a host
  std::list<std::unique_ptr<slot>> hosts_;
  boost::asio::steady_timer retry_;
  boost::asio::steady_timer idle_timer_;
  milliseconds backoff_{0}; ///< 0: hosts can be started
  bool closing_ = false;
  std::function<void()> emptied_;
  host_statistics statistics_;
};

} // namespace jobq::hosting
