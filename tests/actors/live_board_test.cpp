#include "actors/live_board.hpp"

#include <thread>

#include <gtest/gtest.h>

namespace jobq {
namespace {

const time_point t0{milliseconds{1'800'000'000'000}};

run some_run() {
  run what;
  what.id = run_id::of_tick("a", t0);
  what.attempt = 2;
  return what;
}

TEST(live_board, shows_log_and_progress_of_a_running_attempt) {
  live_board board;
  auto what = some_run();
  EXPECT_FALSE(board.look(what.id));
  board.begin(what, 1'000);
  board.log(what.id, t0, log_level::warning, "first");
  board.progress(what.id, 7, "much");
  auto seen = board.look(what.id);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->attempt, 2U);
  EXPECT_EQ(seen->fraction, 1);
  EXPECT_EQ(seen->message, "much");
  EXPECT_EQ(seen->log, "2027-01-15T08:00:00.000Z warning first\n");
  board.log(what.id, t0, log_level::info, "second");
  auto more = board.look(what.id, seen->log_end);
  EXPECT_EQ(more->log, "2027-01-15T08:00:00.000Z info    second\n");
  EXPECT_GT(more->version, seen->version);
}

TEST(live_board, bounds_the_log_by_dropping_whole_old_lines) {
  live_board board;
  auto what = some_run();
  board.begin(what, 400);
  for (int i = 0; i < 100; ++i)
    board.log(what.id, t0, log_level::info, "line " + std::to_string(i));
  auto seen = board.look(what.id);
  EXPECT_LE(seen->log.size(), 400U);
  EXPECT_TRUE(seen->log.starts_with("2027-"));
  EXPECT_TRUE(seen->log.ends_with("line 99\n"));
  auto log = board.end(what.id);
  EXPECT_TRUE(log.starts_with("("));
  EXPECT_NE(log.find("bytes of older lines cut"), std::string::npos);
}

TEST(live_board, cuts_a_line_that_is_longer_than_the_limit) {
  live_board board;
  auto what = some_run();
  board.begin(what, 100);
  board.log(what.id, t0, log_level::info, std::string(10'000, 'x'));
  EXPECT_LE(board.look(what.id)->log.size(), 200U);
}

TEST(live_board, ends_within_the_limit_with_its_note_and_its_newest_line) {
  for (const std::size_t limit : {200U, 1'000U, 64U << 10U}) {
    live_board board;
    auto what = some_run();
    for (std::size_t length = 0; length < 2 * limit; length += limit / 7) {
      board.begin(what, limit);
      for (std::size_t i = 0; i < 3 + 2 * limit / (length + 33); ++i)
        board.log(what.id, t0, log_level::info, "x" + std::string(length, 'y'));
      const auto log = board.end(what.id);
      EXPECT_LE(log.size(), limit) << length;
      EXPECT_TRUE(log.starts_with("(")) << length;
      EXPECT_NE(log.find("info    x"), std::string::npos) << length;
    }
  }
}

TEST(live_board, keeps_nothing_where_nothing_may_be_kept) {
  live_board board;
  auto what = some_run();
  board.begin(what, 0);
  board.log(what.id, t0, log_level::info, "line");
  EXPECT_EQ(board.end(what.id), "");
}

TEST(live_board, ignores_runs_that_are_not_running) {
  live_board board;
  auto id = some_run().id;
  board.log(id, t0, log_level::info, "late");
  board.progress(id, 0.5, "late");
  EXPECT_EQ(board.end(id), "");
}

TEST(live_board, wakes_those_who_wait_on_change_and_end) {
  live_board board;
  auto what = some_run();
  board.begin(what, 1'000);
  auto seen = board.look(what.id)->version;
  std::thread writer{[&] {
    board.progress(what.id, 0.5, "half");
    board.end(what.id);
  }};
  while (board.look(what.id))
    board.wait(what.id, seen, std::chrono::minutes{1});
  writer.join();
  board.wait(what.id, 0, std::chrono::minutes{1});
}

} // namespace
} // namespace jobq
