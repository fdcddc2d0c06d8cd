#include "queue/codec.hpp"

#include "tests/queue/store_harness.hpp"

namespace jobq::test {
namespace {

run full_run() {
  auto value = make_run(7);
  value.state = run_state::retryable;
  value.trigger = trigger::catch_up;
  value.priority = -3;
  value.parameters = {{"tenant", "x"}, {"empty", ""}};
  value.enforce = false;
  value.serial = true;
  value.nominal_time = at(-5);
  value.missed_count = 9;
  value.started_at = at(1);
  value.finished_at = at(2);
  value.start_deadline = time_point{};
  value.attempt = 4;
  value.failures = 3;
  value.crashes = 1;
  value.max_crashes = 2;
  value.snoozes = 5;
  value.timeout = milliseconds{0};
  value.backoff = {backoff_type::fixed, seconds{2}, 1.5, seconds{3}, 0.25};
  value.cancel_requested = true;
  value.reason = "because";
  auto ended = make_attempt(value, outcome_kind::timed_out, at(3));
  ended.outcome.message = "half";
  ended.outcome.retryable = false;
  ended.outcome.snooze = seconds{1};
  ended.outcome.items_processed = 1;
  ended.outcome.items_failed = 2;
  ended.outcome.counters = {{"rows", -4}};
  ended.outcome.process = process_end{{}, 11, 1 << 20, "last words"};
  value.attempts = {ended};
  return value;
}

TEST(codec, a_run_comes_back_whole) {
  auto bytes = codec::encode(codec::stored_run{full_run(), 42, true, {}});
  auto back = codec::decode_run(full_run().id, bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->run, full_run());
  EXPECT_EQ(back->sequence, 42U);
  EXPECT_TRUE(back->has_logs);
  EXPECT_TRUE(back->unknown.empty());
}

TEST(codec, a_run_leaves_nothing_behind_for_the_next_one) {
  const codec::stored_run plain{make_run(8), 0, false, {}};
  const auto before = codec::encode(plain);
  codec::encode(codec::stored_run{full_run(), 42, true, "unknown"});
  EXPECT_EQ(codec::encode(plain), before);
  auto huge = full_run();
  huge.parameters["text"] = std::string(1 << 20, 'x');
  const auto large = codec::encode(codec::stored_run{huge, 42, true, {}});
  EXPECT_EQ(codec::encode(plain), before);

  const auto full = codec::encode(codec::stored_run{full_run(), 42, true, {}});
  const std::string future{"\xc2\x3e\x03new", 6};
  for (const auto& bytes : {full, before + future, full.substr(0, 50), large}) {
    codec::decode_run(id_of(9), bytes);
    const auto back = codec::decode_run(plain.run.id, before);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->run, plain.run);
    EXPECT_EQ(back->sequence, 0U);
    EXPECT_FALSE(back->has_logs);
    EXPECT_TRUE(back->unknown.empty());
    codec::decode_run(id_of(9), bytes);
    EXPECT_EQ(codec::encode(plain), before);
  }
}

TEST(codec, every_state_trigger_and_outcome_comes_back) {
  for (const auto& [state, word] : run_state_words)
    for (const auto& [made_by, other] : trigger_words)
      for (const auto& [kind, third] : outcome_kind_words) {
        auto value = full_run();
        value.state = state;
        value.trigger = made_by;
        value.attempts[0].outcome.kind = kind;
        auto back
            = codec::decode_run(value.id, codec::encode({value, 0, false, {}}));
        ASSERT_TRUE(back);
        EXPECT_EQ(back->run, value);
      }
}

TEST(codec, fields_of_a_newer_version_survive_a_rewrite) {
  auto bytes = codec::encode(codec::stored_run{make_run(1), 0, false, {}});
  // Field 1000, a string of three bytes.
  const std::string future{"\xc2\x3e\x03new", 6};
  auto back = codec::decode_run(id_of(1), bytes + future);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->run, make_run(1));
  back->run.reason = "changed";
  auto again = codec::encode(*back);
  EXPECT_NE(again.find(future), std::string::npos);
  EXPECT_EQ(codec::decode_run(id_of(1), again)->unknown, future);
}

TEST(codec, what_is_usual_takes_no_place) {
  auto plain = make_run(1);
  plain.backoff = {};
  const auto usual = codec::encode({plain, 0, false, {}});
  auto other = plain;
  other.queue = "other";
  other.backoff.factor = 5;
  const auto unusual = codec::encode({other, 0, false, {}});
  EXPECT_GT(unusual.size(), usual.size() + 30);
  const auto back = codec::decode_run(other.id, unusual);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->run, other);
}

TEST(codec, text_need_not_be_utf8) {
  auto value = full_run();
  value.parameters["raw"] = "\xff\xfe";
  value.attempts[0].outcome.error = std::string{"\x80\0x", 3};
  auto back = codec::decode_run(value.id, codec::encode({value, 0, false, {}}));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->run, value);
}

TEST(codec, damaged_bytes_are_no_record) {
  auto bytes = codec::encode(codec::stored_run{full_run(), 1, false, {}});
  EXPECT_FALSE(codec::decode_run(id_of(1), ""));
  EXPECT_FALSE(codec::decode_run(id_of(1), "\xff\xff\xff"));
  for (std::size_t i = 0; i < bytes.size(); ++i)
    codec::decode_run(id_of(1),
                      bytes.substr(0, i)); // whatever it says, it returns
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 0x55);
    codec::decode_run(id_of(1), changed);
  }
}

TEST(codec, the_small_records_come_back_whole) {
  codec::claim_record claim{"me", at(1), {{id_of(1), 2}, {id_of(3), 4}}};
  auto claim_back = codec::decode_claim(codec::encode(claim));
  ASSERT_TRUE(claim_back);
  EXPECT_EQ(claim_back->owner, "me");
  EXPECT_EQ(claim_back->started_at, at(1));
  ASSERT_EQ(claim_back->members.size(), 2U);
  EXPECT_EQ(claim_back->members[1].id, id_of(3));
  EXPECT_EQ(claim_back->members[1].attempt, 4U);

  codec::chunk chunk{{5, id_of(1), 2, run_state::cancelled, at(9)}};
  auto chunk_back = codec::decode_chunk(codec::encode(chunk));
  ASSERT_TRUE(chunk_back);
  EXPECT_EQ(chunk_back->at(0).sequence, 5U);
  EXPECT_EQ(chunk_back->at(0).state, run_state::cancelled);

  tick line{"", {}, at(3), 7, tick_fate::over_limit, id_of(1), "why"};
  EXPECT_EQ(codec::decode_tick(codec::encode(line)), line);
  line.waived = true;
  EXPECT_EQ(codec::decode_tick(codec::encode(line)), line);
  job_cursor cursor{"", at(-1), "f"};
  EXPECT_EQ(codec::decode_cursor(codec::encode(cursor)), cursor);
  cursor.active = false;
  cursor.paused = true;
  EXPECT_EQ(codec::decode_cursor(codec::encode(cursor)), cursor);
  job_switch off{"", false, "ann", "noise", at(4)};
  EXPECT_EQ(codec::decode_switch(codec::encode(off)), off);

  codec::job_counters counters;
  counters.live[2] = 3;
  counters.last_run = id_of(8);
  counters.last_state = run_state::discarded;
  counters.mean_duration = 1.5;
  counters.scheduled_waiting = 6;
  auto counters_back = codec::decode_job_counters(codec::encode(counters));
  ASSERT_TRUE(counters_back);
  EXPECT_EQ(counters_back->live, counters.live);
  EXPECT_EQ(counters_back->last_run, counters.last_run);
  EXPECT_EQ(counters_back->last_state, counters.last_state);
  EXPECT_EQ(counters_back->mean_duration, counters.mean_duration);
  EXPECT_EQ(counters_back->scheduled_waiting, 6U);
}

TEST(keys, order_is_by_priority_time_and_id) {
  auto low = make_run(1);
  auto high = make_run(2);
  high.priority = 1;
  high.scheduled_at = at(9);
  EXPECT_LT(keys::ready(0, high), keys::ready(0, low));
  auto early = make_run(3);
  early.scheduled_at = time_point{milliseconds{-1}};
  EXPECT_LT(keys::ready(0, early), keys::ready(0, low));
  EXPECT_LT(keys::ready(0, low), keys::ready(1, high));
  EXPECT_EQ(keys::trailing_id(keys::ready(0, low)), low.id);
  EXPECT_EQ(keys::timer_time(keys::timer(early)), early.scheduled_at);
}

TEST(keys, short_ones_are_in_the_order_of_bytes) {
  const std::vector<std::string> ordered{
      "",  std::string(1, '\0'), std::string(2, '\0'), "a", "a\x7f", "a\x80",
      "b", std::string(31, 'b')};
  for (std::size_t i = 0; i < ordered.size(); ++i)
    for (std::size_t k = 0; k < ordered.size(); ++k) {
      const auto one = short_key::of(ordered[i]);
      const auto other = short_key::of(ordered[k]);
      EXPECT_EQ(*one <=> *other, i <=> k) << i << ' ' << k;
      EXPECT_EQ(*one <=> std::string_view{ordered[k]}, i <=> k);
      EXPECT_EQ(*one == *other, i == k);
    }
  EXPECT_FALSE(short_key::of(std::string(32, 'b')));
}

TEST(keys, the_end_of_a_prefix_lies_behind_all_of_its_keys) {
  EXPECT_EQ(keys::end_of("a"), "b");
  EXPECT_EQ(keys::end_of("a\xff"), "b");
  EXPECT_EQ(keys::end_of("\xff\xff"), "");
}

} // namespace
} // namespace jobq::test
