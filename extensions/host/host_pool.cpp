#include "extensions/host/host_pool.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "extensions/host/messages.hpp"
#include "extensions/stop_outcome.hpp"
#include "host.pb.h"

namespace jobq::hosting {

namespace {

using steady = std::chrono::steady_clock;
using boost::system::error_code;

constexpr milliseconds first_backoff{100};
constexpr milliseconds max_backoff{30'000};

std::string in_seconds(milliseconds time) {
  const auto count = time.count();
  return count % 1000 == 0 ? std::to_string(count / 1000) + " s"
                           : std::to_string(count) + " ms";
}

} // namespace

/// A host and what it is doing.
class host_pool::slot final : public host_listener {
public:
  slot(host_pool& pool, host_profile profile)
      : pool_{pool}, profile_{std::move(profile)} {}

  result<void> begin() {
    auto started = host_process::start(pool_.context_, pool_.options_.host,
                                       profile_, *this);
    if (!started)
      return tl::unexpected(started.error());
    process_ = std::move(*started);
    wait_for_hello();
    return {};
  }

  const host_profile& profile() const { return profile_; }
  bool idle() const { return entry_ == nullptr && !retired_; }
  bool retired() const { return retired_; }
  steady::time_point idle_since() const { return idle_since_; }
  host_process& process() { return *process_; }

  void execute(entry& one) {
    entry_ = &one;
    one.host = this;
    wire::ToRunner message;
    write(one.attempt->what(), one.attempt->plan().setup,
          *message.mutable_run());
    process_->send(message);
  }

  /// No further run: the host ends by itself.
  void retire() {
    retired_ = true;
    process_->close();
  }

  /// Takes back the attempt of a host that never became one.
  void forsake() {
    if (entry_ != nullptr)
      entry_->host = nullptr;
    entry_ = nullptr;
  }

  bool on_message(const wire::FromRunner& message) override {
    if (message.hello()) {
      greeted_ = true;
      hello_.reset();
      pool_.can_start();
      return true;
    }
    if (message.has_ready()) {
      refusal_ = message.ready().error();
      return true;
    }
    if (entry_ == nullptr)
      return true;
    if (message.has_done()) {
      done(message.done());
      return true;
    }
    return entry_->attempt->hear(message);
  }

  bool on_output(std::string_view bytes) override {
    return entry_ == nullptr || entry_->attempt->output(bytes);
  }

  void on_end(const wire::End* end, const std::string& misconduct) override {
    retired_ = true;
    // A limit that no host fits in is its job's affair alone.
    const bool too_large = end != nullptr && end->over_memory();
    const bool forced = entry_ != nullptr && entry_->attempt->was_forced();
    if (!greeted_ && misconduct.empty() && !too_large && !forced) {
      auto* one = entry_;
      forsake();
      if (!pool_.closing_)
        pool_.cannot_start(refusal_.empty() ? why_not_begun(end) : refusal_);
      if (one != nullptr && one->attempt->stopping())
        pool_.end_without_host(*one);
    } else if (entry_ != nullptr) {
      auto& one = *std::exchange(entry_, nullptr);
      if (refusal_.empty()) {
        ++pool_.statistics_.crashed;
        one.attempt->finish(end, misconduct);
      } else {
        one.attempt->finish(job_result::failed(refusal_, false));
      }
      pool_.ended(one);
    }
    pool_.remove(*this); // the end of this object
  }

private:
  void wait_for_hello() {
    hello_ = std::make_shared<boost::asio::steady_timer>(pool_.context_);
    hello_->expires_after(pool_.options_.hello_patience);
    hello_->async_wait(
        [this, waiting = std::weak_ptr{hello_}](const error_code& cancelled) {
          // The call may be on its way when the timer, or all of this, is gone.
          if (cancelled || waiting.expired())
            return;
          late_ = true;
          process_->kill();
        });
  }

  std::string why_not_begun(const wire::End* end) const {
    if (late_)
      return "the job host did not begin within "
             + in_seconds(pool_.options_.hello_patience);
    if (end != nullptr && !end->failure().empty())
      return end->failure();
    return "the job host died before it had begun";
  }

  void done(const wire::Done& said) {
    process_->drain_output(); // what it wrote is this run's
    auto& one = *std::exchange(entry_, nullptr);
    const auto& options = pool_.options_;
    // A signal that the run was sent may come yet, and is no other run's.
    if (++runs_ >= options.max_runs || profile_.cpu_seconds > 0
        || said.resident() > options.max_memory || !said.spent().empty()
        || one.attempt->was_forced() || pool_.serving() > options.max_hosts) {
      ++pool_.statistics_.replaced;
      retire();
    }
    idle_since_ = steady::now();
    one.attempt->finish(said);
    if (pool_.closing_ && !retired_)
      retire();
    pool_.ended(one);
  }

  host_pool& pool_;
  const host_profile profile_;
  std::shared_ptr<host_process> process_;
  entry* entry_ = nullptr;
  std::uint32_t runs_ = 0;
  steady::time_point idle_since_ = steady::now();
  std::string refusal_; ///< why its library can't be used
  std::shared_ptr<boost::asio::steady_timer> hello_; ///< until it has begun
  bool greeted_ = false;
  bool late_ = false;
  bool retired_ = false;
};

host_pool::host_pool(boost::asio::io_context& context,
                     const process_executor_options& options)
    : context_{context}, options_{options}, retry_{context}, idle_timer_{
                                                                 context} {
  statistics_.contained = containment_of(options.host);
  statistics_.max_hosts = options.max_hosts;
}

host_pool::~host_pool() = default;

void host_pool::start(run what, execution_plan plan,
                      attempt_observer observer) {
  const auto id = what.id;
  auto profile = profile_of(plan.library, plan.stamp, plan.limits);
  auto attempt = std::make_unique<hosted_attempt>(
      std::move(what), std::move(plan), std::move(observer));
  if (closing_) {
    attempt->stop(stop_reason::shutdown);
    attempt->finish(
        honest_outcome(job_result::stopped(), stop_reason::shutdown));
    return;
  }
  auto [place, fresh] = attempts_.try_emplace(id);
  if (!fresh) {
    attempt->finish(job_result::failed("the run is being executed already"));
    return;
  }
  place->second.attempt = std::move(attempt);
  place->second.profile = std::move(profile);
  waiting_.push_back(id);
  assign();
}

/// Gives hosts to the attempts that wait, the first come first.
void host_pool::assign() {
  while (!waiting_.empty() && !closing_) {
    auto found = attempts_.find(waiting_.front());
    if (found == attempts_.end()) {
      waiting_.pop_front();
      continue;
    }
    auto& one = found->second;
    auto* host = find_idle(one.profile);
    if (host == nullptr && backoff_.count() == 0 && make_room())
      host = add_host(one.profile);
    if (host == nullptr)
      break;
    waiting_.pop_front();
    host->execute(one);
  }
  count();
}

host_pool::slot* host_pool::find_idle(const host_profile& profile) {
  // The one used last: the others can be given up when it is quiet.
  slot* best = nullptr;
  for (const auto& each : hosts_)
    if (each->idle() && each->profile() == profile
        && (best == nullptr || each->idle_since() > best->idle_since()))
      best = each.get();
  return best;
}

/// How many hosts there are for further runs.
std::size_t host_pool::serving() const {
  return static_cast<std::size_t>(
      std::count_if(hosts_.begin(), hosts_.end(),
                    [](const auto& each) { return !each->retired(); }));
}

host_pool::slot* host_pool::longest_idle() const {
  slot* oldest = nullptr;
  for (const auto& each : hosts_)
    if (each->idle()
        && (oldest == nullptr || each->idle_since() < oldest->idle_since()))
      oldest = each.get();
  return oldest;
}

/// Whether one more host may be started; gives up an idle one for it.
bool host_pool::make_room() {
  if (serving() < options_.max_hosts)
    return true;
  if (auto* oldest = longest_idle(); oldest != nullptr)
    oldest->retire();
  return serving() < options_.max_hosts;
}

void host_pool::resized() {
  while (serving() > options_.max_hosts) {
    auto* oldest = longest_idle();
    if (oldest == nullptr)
      break; // the busy ones go when their runs are done
    oldest->retire();
  }
  assign();
}

host_pool::slot* host_pool::add_host(const host_profile& profile) {
  auto made = std::make_unique<slot>(*this, profile);
  if (auto begun = made->begin(); !begun) {
    cannot_start(begun.error().message);
    return nullptr;
  }
  ++statistics_.started;
  hosts_.push_back(std::move(made));
  return hosts_.back().get();
}

void host_pool::cannot_start(const std::string& why) {
  ++statistics_.not_started;
  if (statistics_.failure != why && options_.log)
    options_.log(log_level::error,
                 "no job host can be started, runs wait: " + why);
  statistics_.failure = why;
  for (const auto& [id, one] : attempts_)
    if (one.host == nullptr
        && std::find(waiting_.begin(), waiting_.end(), id) == waiting_.end())
      waiting_.push_front(id);
  backoff_ = std::clamp(backoff_ * 2, first_backoff, max_backoff);
  retry_.expires_after(backoff_);
  retry_.async_wait([this](const error_code& cancelled) {
    if (cancelled || closing_)
      return;
    while (!waiting_.empty() && !attempts_.contains(waiting_.front()))
      waiting_.pop_front();
    if (waiting_.empty() || !make_room()) {
      backoff_ = milliseconds{0};
      return;
    }
    // One is tried; the others follow when it has said hello.
    const auto found = attempts_.find(waiting_.front());
    if (auto* host = add_host(found->second.profile); host != nullptr) {
      waiting_.pop_front();
      host->execute(found->second);
    }
    count();
  });
}

void host_pool::can_start() {
  if (statistics_.failure.empty())
    return;
  backoff_ = milliseconds{0};
  statistics_.failure.clear();
  if (options_.log)
    options_.log(log_level::info, "job hosts can be started again");
  assign();
}

void host_pool::stop(const run_id& id, stop_reason why) {
  if (const auto found = attempts_.find(id); found != attempts_.end())
    stop(found->second, why);
}

void host_pool::stop(entry& one, stop_reason why) {
  if (!one.attempt->stop(why))
    return;
  if (one.host == nullptr) {
    end_without_host(one);
    return;
  }
  if (why == stop_reason::terminate) {
    one.attempt->forced("killed to make way for the next run (overlap_policy: "
                        "terminate_other)");
    one.host->process().kill();
    return;
  }
  wire::ToRunner message;
  message.set_stop(one.attempt->what().id.to_string());
  one.host->process().send(message);
  wait_to_terminate(one);
}

/// Of an attempt that was stopped before a host had begun for it.
void host_pool::end_without_host(entry& one) {
  const auto why = *one.attempt->stopping();
  auto result = honest_outcome(job_result::stopped(), why);
  if (!statistics_.failure.empty())
    result.error = "no job host could be started: " + statistics_.failure;
  else if (why == stop_reason::timeout)
    result.error = "no job host was free for it in time";
  one.attempt->finish(std::move(result));
  ended(one);
}

void host_pool::wait_to_terminate(entry& one) {
  one.patience = std::make_unique<boost::asio::steady_timer>(context_);
  one.patience->expires_after(options_.obey_grace);
  one.patience->async_wait([this, id = one.attempt->what().id](
                               const error_code& cancelled) {
    const auto found = attempts_.find(id);
    if (cancelled || found == attempts_.end() || found->second.host == nullptr)
      return;
    auto& late = found->second;
    late.attempt->forced("did not stop within "
                         + in_seconds(options_.obey_grace)
                         + ", and was ended with SIGTERM");
    late.host->process().terminate();
    wait_to_kill(late);
  });
}

void host_pool::wait_to_kill(entry& one) {
  one.patience->expires_after(options_.terminate_grace);
  one.patience->async_wait([this, id = one.attempt->what().id](
                               const error_code& cancelled) {
    const auto found = attempts_.find(id);
    if (cancelled || found == attempts_.end() || found->second.host == nullptr)
      return;
    auto& late = found->second;
    late.attempt->forced(
        "did not stop within "
        + in_seconds(options_.obey_grace + options_.terminate_grace)
        + ", ignored SIGTERM, and was killed");
    late.host->process().kill();
  });
}

/// After the attempt's outcome was told.
void host_pool::ended(entry& one) {
  attempts_.erase(one.attempt->what().id);
  assign();
  expire_idle();
}

void host_pool::remove(slot& host) {
  std::erase_if(hosts_,
                [&host](const auto& each) { return each.get() == &host; });
  if (closing_ && hosts_.empty() && emptied_)
    std::exchange(emptied_, {})();
  else
    assign();
}

/// Gives up hosts that nobody has needed for long.
void host_pool::expire_idle() {
  if (closing_ || idle_timer_.expiry() > steady::now())
    return;
  idle_timer_.expires_after(options_.max_idle / 4);
  idle_timer_.async_wait([this](const error_code& cancelled) {
    if (cancelled || closing_)
      return;
    const auto limit = steady::now() - options_.max_idle;
    bool some_left = false;
    for (const auto& each : hosts_) {
      if (each->idle() && each->idle_since() <= limit)
        each->retire();
      some_left = some_left || !each->retired();
    }
    count();
    if (some_left)
      expire_idle();
  });
}

void host_pool::count() {
  statistics_.max_hosts = options_.max_hosts;
  statistics_.hosts = 0;
  statistics_.idle = 0;
  for (const auto& each : hosts_) {
    statistics_.hosts += each->retired() ? 0 : 1;
    statistics_.idle += each->idle() ? 1 : 0;
  }
}

void host_pool::shut_down(std::function<void()> emptied) {
  closing_ = true;
  retry_.cancel();
  idle_timer_.cancel();
  std::vector<run_id> ids;
  for (const auto& [id, _] : attempts_)
    ids.push_back(id);
  for (const auto& id : ids)
    stop(id, stop_reason::shutdown);
  for (const auto& each : hosts_)
    if (each->idle())
      each->retire();
  if (hosts_.empty())
    emptied();
  else
    emptied_ = std::move(emptied);
}

} // namespace jobq::hosting
