#include "queue/committer.hpp"

#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/queue/committer_harness.hpp"

namespace jobq::test {
namespace {

using words = std::vector<std::string>;

/// Has a number of pieces of work to do, and notes what is asked of it.
class noted_follow_up final : public follow_up {
public:
  explicit noted_follow_up(int pieces) : pieces_{pieces} {}

  void begin() override { note("begin"); }
  bool work() override {
    note("work");
    if (const auto call = std::exchange(meanwhile, {}))
      call();
    return --pieces_ >= 0;
  }
  void end() override { note("end"); }

  void note(std::string what) {
    std::lock_guard lock{mutex_};
    seen_.push_back(std::move(what));
    threads_.insert(std::this_thread::get_id());
    changed_.notify_all();
  }
  words wait_for_end() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock,
                  [&] { return !seen_.empty() && seen_.back() == "end"; });
    return std::exchange(seen_, {});
  }
  words seen() {
    std::lock_guard lock{mutex_};
    return seen_;
  }
  std::set<std::thread::id> threads() {
    std::lock_guard lock{mutex_};
    return threads_;
  }

  std::function<void()> meanwhile; ///< the first piece

private:
  int pieces_; ///< of the committer's thread
  std::mutex mutex_;
  std::condition_variable changed_;
  words seen_;
  std::set<std::thread::id> threads_;
};

TEST(committer, follows_up_what_it_answered_until_nothing_is_left) {
  fake_store store;
  auto queue = make_committer(store);
  const auto work = std::make_shared<noted_follow_up>(2);
  queue->follow_up_with(work);
  queue->submit(command::cancel{},
                [&](const result<reply>&) { work->note("answered"); });
  EXPECT_EQ(work->wait_for_end(),
            (words{"begin", "answered", "work", "work", "work", "end"}));
  EXPECT_EQ(work->threads().size(), 1U);
  EXPECT_FALSE(work->threads().contains(std::this_thread::get_id()));
}

TEST(committer, follows_nothing_up_while_something_is_to_be_committed) {
  fake_store store;
  auto queue = make_committer(store);
  const auto work = std::make_shared<noted_follow_up>(1'000);
  std::promise<void> second;
  work->meanwhile = [&] {
    queue->submit(command::cancel{}, [&](const result<reply>&) {
      work->note("answered");
      second.set_value();
    });
  };
  queue->follow_up_with(work);
  queue->submit(command::cancel{}, {});
  second.get_future().wait();
  const auto seen = work->wait_for_end();
  ASSERT_GE(seen.size(), 5U);
  EXPECT_EQ(words(seen.begin(), seen.begin() + 5),
            (words{"begin", "work", "end", "begin", "answered"}));
}

TEST(committer, leaves_what_follows_from_many_runs_to_others) {
  fake_store store;
  auto queue = make_committer(store);
  const auto work = std::make_shared<noted_follow_up>(0);
  queue->follow_up_with(work);
  ASSERT_TRUE(perform(*queue, new_runs(100)));
  queue->follow_up_with({});
  EXPECT_TRUE(work->threads().empty());
}

/// Holds the committer's thread in the first piece of what it follows up, until
/// told to go on.
struct held_follow_up {
  explicit held_follow_up(commit_queue& queue) {
    work->meanwhile = [this] {
      at_it.set_value();
      go_on.get_future().wait();
    };
    queue.follow_up_with(work);
    queue.submit(command::cancel{}, {});
    at_it.get_future().wait();
  }
  ~held_follow_up() { work->wait_for_end(); } // its thread was in here

  const std::shared_ptr<noted_follow_up> work
      = std::make_shared<noted_follow_up>(1);
  std::promise<void> at_it;
  std::promise<void> go_on;
};

TEST(committer, is_done_with_following_up_when_told_to_leave_it) {
  fake_store store;
  auto queue = make_committer(store);
  held_follow_up held{*queue};
  auto left = std::async(std::launch::async, [&] {
    queue->follow_up_with({});
    return held.work->seen();
  });
  EXPECT_EQ(left.wait_for(milliseconds{20}), std::future_status::timeout);
  held.go_on.set_value();
  EXPECT_EQ(left.get(), (words{"begin", "work", "work", "end"}));
  ASSERT_TRUE(perform(*queue, command::cancel{}));
}

TEST(committer, lets_a_caller_commit_while_it_follows_up) {
  fake_store store;
  auto queue = make_committer(store);
  held_follow_up held{*queue};
  std::thread::id answering;
  queue->carry_out(
      command::cancel{},
      [&](const result<reply>&) { answering = std::this_thread::get_id(); },
      {});
  EXPECT_EQ(answering, std::this_thread::get_id());
  held.go_on.set_value();
}

TEST(committer, does_not_keep_who_waits_to_follow_up) {
  fake_store store;
  auto queue = make_committer(store);
  const auto work = std::make_shared<noted_follow_up>(1);
  queue->follow_up_with(work);
  queue->carry_out(command::cancel{}, [](const result<reply>&) {}, {});
  EXPECT_TRUE(work->threads().empty());
}

} // namespace
} // namespace jobq::test
