#include "queue/producer.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace jobq::test {
namespace {

/// Keeps what is handed in until the test answers it.
struct slow_queue {
  producer::submit_function taker() {
    return [this](any_command what, commit_callback done) {
      commands.push_back(std::move(what));
      callbacks.push_back(std::move(done));
    };
  }

  std::vector<any_command> commands;
  std::vector<commit_callback> callbacks;
};

/// What an enqueue came to; nothing while it waits.
struct answer {
  commit_callback keep() {
    return [this](result<reply> given) { came = std::move(given); };
  }
  std::optional<result<reply>> came;
};

TEST(producer, is_refused_beyond_its_own_bound_until_it_is_answered) {
  slow_queue queue;
  producer one{queue.taker(), {10, 1 << 20}};
  producer other{queue.taker(), {10, 1 << 20}};
  answer first;
  answer refused;
  answer others;
  answer later;
  one.enqueue(std::vector<run>(10), first.keep());
  one.enqueue(std::vector<run>(1), refused.keep());
  ASSERT_TRUE(refused.came);
  ASSERT_FALSE(*refused.came);
  EXPECT_EQ(refused.came->error().code, errc::busy);
  EXPECT_NE(refused.came->error().message.find("try again in"),
            std::string::npos);
  other.enqueue(std::vector<run>(10), others.keep());
  EXPECT_FALSE(others.came) << "has a bound of its own";
  queue.callbacks[0](reply{});
  EXPECT_TRUE(first.came->has_value());
  one.enqueue(std::vector<run>(10), later.keep());
  EXPECT_EQ(queue.commands.size(), 3U);
}

TEST(producer, bounds_bytes_too) {
  slow_queue queue;
  producer one{queue.taker(), {1'000, 10'000}};
  run large;
  large.parameters["text"] = std::string(8'000, 'x');
  answer first;
  answer refused;
  one.enqueue({large}, first.keep());
  one.enqueue({large}, refused.keep());
  EXPECT_FALSE(first.came);
  ASSERT_TRUE(refused.came);
  EXPECT_FALSE(*refused.came);
}

TEST(producer, may_go_before_its_answer_comes) {
  slow_queue queue;
  answer first;
  {
    producer one{queue.taker()};
    one.enqueue(std::vector<run>(1), first.keep());
  }
  queue.callbacks[0](reply{});
  EXPECT_TRUE(first.came);
}

} // namespace
} // namespace jobq::test
