#include "queue/committer.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <pthread.h>

#include "queue/applier.hpp"
#include "queue/backlog.hpp"
#include "queue/command_size.hpp"
#include "queue/finisher.hpp"
#include "queue/standing_claim.hpp"

namespace jobq {
namespace {

struct request {
  any_command what;
  commit_callback done;
  std::size_t bytes = 0;    ///< about what it will add to its commit
  std::size_t new_runs = 0; ///< if it is an `enqueue`
};

constexpr std::size_t max_batch_bytes = 1 << 20;
/// Up to about so much is quicker to finish than to hand on.
constexpr std::size_t few_bytes = 2'000;
/// So much is built first when the disk has nothing to do, so that it has while
/// the rest is built.
constexpr std::size_t first_bytes = 16'000;

class committer final : public commit_queue {
public:
  committer(store& target, commit_limits limits)
      : applier_{target}, backlog_{limits},
        finisher_{applier_, [this](const applied_batch& one) { release(one); }},
        thread_{[this] { work(); }} {}

  ~committer() override {
    {
      std::lock_guard lock{mutex_};
      stopping_ = true;
      standing_.end();
    }
    wake_.notify_one();
    thread_.join();
  }

  void submit(any_command what, commit_callback done) override {
    hand_in(std::move(what), std::move(done), false);
  }

  void claim_for(claimer who) override {
    std::lock_guard lock{mutex_};
    standing_.begin(std::move(who));
  }

  void want(std::uint32_t runs) override {
    bool wake = false;
    {
      std::lock_guard lock{mutex_};
      const bool was_idle = idle();
      standing_.want(runs);
      wake = was_idle && waits();
    }
    if (wake)
      wake_.notify_one();
  }

  void stop_claiming(commit_callback done) override {
    {
      std::lock_guard lock{mutex_};
      standing_.end();
      // Ahead of what waits: claims are behind none of that.
      requests_.push_front({barrier(), std::move(done)});
    }
    wake_.notify_one();
  }

  void on_pulse(pulse_callback callback) override {
    applier_.on_pulse(std::move(callback));
  }

  void follow_up_with(std::shared_ptr<follow_up> what) override {
    std::lock_guard lock{following_up_};
    follow_up_ = std::move(what);
  }

private:
  void submit_idly(any_command what, commit_callback done) override {
    hand_in(std::move(what), std::move(done), true);
  }

  /// @param own_time the caller has nothing else to do until it is answered
  void hand_in(any_command what, commit_callback done, bool own_time) {
    request one{std::move(what), std::move(done)};
    one.bytes = size_of(one.what);
    const auto* fresh = std::get_if<command::enqueue>(&one.what);
    if (fresh != nullptr)
      one.new_runs = fresh->runs.size();
    own_time = own_time && one.bytes <= few_bytes;
    bool was_idle = false;
    std::string refusal;
    {
      std::lock_guard lock{mutex_};
      if (fresh != nullptr)
        refusal = backlog_.admit(one.new_runs, one.bytes);
      if (refusal.empty()) {
        was_idle = idle();
        working_ = working_ || (was_idle && own_time);
        requests_.push_back(std::move(one));
      }
    }
    if (!refusal.empty())
      answer(one.done, fail(errc::busy, std::move(refusal)));
    else if (was_idle && own_time)
      work_once();
    else if (was_idle)
      wake_.notify_one();
  }

  /// In place of the committer's thread.
  void work_once() noexcept {
    commit_some(false);
    std::lock_guard lock{mutex_};
    working_ = false;
    if (waits() || stopping_)
      wake_.notify_one(); // for what came meanwhile
  }

  void work() {
    ::pthread_setname_np(::pthread_self(), "jobq.commit");
    while (wait_for_work()) {
      commit_some(true);
      rest();
      follow();
    }
  }

  /// Commits what is wanted and some of what waits.
  /// @param follows whether what follows from it may be done too
  void commit_some(bool follows) {
    follows_ = follows;
    if (can_claim())
      add_claim();
    commit({}, true);
    applied_batch next;
    next.needs = durability::sync;
    const auto bytes = take_requests(next);
    if (!batch_.empty() && follows)
      end_following(); // it would wait for the disk
    if (!batch_.empty() && bytes <= first_bytes)
      add_claim();
    commit(std::move(next), bytes <= few_bytes);
  }

  void rest() {
    std::lock_guard lock{mutex_};
    working_ = false;
  }

  /// Waits until there is something to do that nobody is at.
  /// @returns false when stopping and drained
  bool wait_for_work() {
    std::unique_lock lock{mutex_};
    wake_.wait(lock, [this] { return !working_ && (stopping_ || waits()); });
    if (!waits()) {
      lock.unlock();
      finisher_.wait_until_idle(); // its callbacks may bring more
      lock.lock();
    }
    working_ = waits();
    return working_;
  }

  /// With the lock: nobody is at work, nor has reason to be.
  bool idle() const { return !working_ && !waits(); }

  /// With the lock.
  bool waits() const { return !requests_.empty() || standing_.open(); }

  bool can_claim() {
    std::lock_guard lock{mutex_};
    return standing_.open();
  }

  /// Adds a claim for what is wanted, as the last of the batch.
  void add_claim() {
    {
      std::lock_guard lock{mutex_};
      claim_ = standing_.next();
    }
    if (claim_)
      batch_.add(claim_->command(), claim_->who->claimed);
  }

  /// Once the batch has been applied.
  void settle_claim(applied_batch& batch) {
    std::lock_guard lock{mutex_};
    if (standing_.settle(std::exchange(claim_, std::nullopt), batch.report))
      return;
    batch.report->replies.pop_back();
    batch.callbacks.pop_back();
  }

  /// @returns about how many bytes they will add
  std::size_t take_requests(applied_batch& next) {
    const auto most = finisher_.idle() ? first_bytes : max_batch_bytes;
    std::lock_guard lock{mutex_};
    std::size_t size = 0;
    while (!requests_.empty() && size < most) {
      auto& one = requests_.front();
      size += one.bytes;
      if (one.new_runs > 0) {
        next.new_runs += one.new_runs;
        next.new_bytes += one.bytes;
      }
      batch_.add(std::move(one.what), std::move(one.done));
      requests_.pop_front();
    }
    return size;
  }

  /// Applies a batch, and finishes it: here when it is all there is, which is
  /// the quickest; else it is written, synced and answered beside the next
  /// ones. Answers keep the order of commits: a claim's runs do not start
  /// before their enqueue is durable.
  void commit(applied_batch next, bool small) {
    if (batch_.empty())
      return;
    const bool here = small && finisher_.idle()
                      && (next.needs == durability::async || nobody_waits());
    next.begun = std::chrono::steady_clock::now();
    next.report = here ? applier_.apply(batch_, durability::async)
                       : applier_.begin(batch_);
    next.callbacks = std::exchange(batch_.callbacks, {});
    settle_claim(next);
    std::optional<pulse> now;
    if (next.report)
      now = pulse{next.report->next_due};
    if (!here)
      finisher_.hand_in(std::move(next));
    if (now)
      applier_.beat(*now);
    if (here) {
      alone_.push_back(std::move(next));
      finish_alone();
    }
  }

  /// Finishes what is all there is.
  void finish_alone() {
    if (follows_)
      begin_following();
    finisher_.finish(alone_);
  }

  void begin_following() {
    following_ = std::unique_lock{following_up_};
    if (follow_up_)
      follow_up_->begin();
    else
      following_.unlock();
  }

  /// Does what follows from the latest answers until there is something to
  /// commit, which who waits for it may do meanwhile.
  void follow() {
    if (!following_.owns_lock())
      return;
    while (nobody_waits() && follow_up_->work()) {
    }
    end_following();
  }

  void end_following() {
    if (!following_.owns_lock())
      return;
    follow_up_->end();
    following_.unlock();
  }

  bool nobody_waits() {
    std::lock_guard lock{mutex_};
    return !waits();
  }

  void release(const applied_batch& one) {
    if (one.new_runs == 0)
      return;
    std::lock_guard lock{mutex_};
    backlog_.release(one.new_runs, one.new_bytes,
                     std::chrono::steady_clock::now() - one.begun);
  }

  applier applier_;
  std::mutex mutex_;
  backlog backlog_;
  std::condition_variable wake_;
  std::deque<request> requests_;
  standing_claim standing_;
  bool stopping_ = false;
  bool working_ = false; ///< somebody has the four below, and the store
  request_batch batch_;
  std::optional<standing_claim::order> claim_; ///< in the batch being applied
  std::vector<applied_batch> alone_;           ///< for its memory
  bool follows_ = false;
  std::mutex following_up_; ///< while `follow_up_` is used
  std::shared_ptr<follow_up> follow_up_;
  std::unique_lock<std::mutex> following_; ///< of our thread, of that mutex
  finisher finisher_;
  std::thread thread_; ///< ends before the finisher does
};

} // namespace

void commit_queue::carry_out(any_command what, commit_callback done,
                             const std::function<void()>& meanwhile) {
  auto called = std::make_shared<std::promise<void>>();
  // `done` may know what is gone after this, also when `meanwhile` throws.
  struct answered {
    std::future<void> came;
    ~answered() { came.wait(); }
  } const before_return{called->get_future()};
  submit_idly(std::move(what), [called = std::move(called),
                                done = std::move(done)](result<reply> value) {
    answer(done, std::move(value));
    called->set_value();
  });
  if (meanwhile)
    meanwhile();
}

bool may_wait_for_commits() noexcept {
  return !answering();
}

std::unique_ptr<commit_queue> make_committer(store& target,
                                             commit_limits limits) {
  return std::make_unique<committer>(target, limits);
}

} // namespace jobq
