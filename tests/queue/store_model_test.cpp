#include <map>
#include <random>
#include <set>
#include <tuple>

#include "jobs/transition.hpp"
#include "tests/queue/ahead_harness.hpp"
#include "tests/queue/store_harness.hpp"

/// Random commands against the store and against a map, which must agree after
/// every commit, also over deaths of the engine.
namespace jobq::test {
namespace {

/// What the store should hold, in the plainest way.
struct model {
  std::map<run_id, run> runs;
  std::vector<std::pair<std::uint64_t, run_id>> history;
  std::uint64_t last_sequence = 0;

  bool change(const run_id& id, const run_event& what) {
    auto found = runs.find(id);
    if (found == runs.end())
      return false;
    auto was_final = is_final(found->second.state);
    auto after = transition(found->second, what);
    if (!after)
      return false;
    found->second = *after;
    if (was_final && !is_final(after->state))
      std::erase_if(history, [&](const auto& e) { return e.second == id; });
    if (!was_final && is_final(after->state))
      history.emplace_back(++last_sequence, id);
    return true;
  }

  std::vector<run_id> in(run_state state) const {
    std::vector<run_id> out;
    for (const auto& [id, value] : runs)
      if (value.state == state)
        out.push_back(id);
    return out;
  }

  /// The order in which a claim takes: serial ones only when no other serial
  /// run of their job is running.
  std::vector<run_id> claim(std::uint32_t limit, time_point now) {
    auto order = in(run_state::available);
    std::sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
      const auto& x = runs.at(a);
      const auto& y = runs.at(b);
      return std::tuple{-x.priority, x.scheduled_at, a}
             < std::tuple{-y.priority, y.scheduled_at, b};
    });
    std::vector<run_id> taken;
    for (const auto& id : order) {
      if (taken.size() == limit)
        break;
      change(id, event::claimed{now});
      taken.push_back(id);
    }
    return taken;
  }
};

/// The seed, and whether batches are built before the last is written.
using model_parameter = std::tuple<unsigned, bool>;

class store_model : public ::testing::TestWithParam<model_parameter> {
protected:
  std::uint64_t below(std::uint64_t limit) {
    return std::uniform_int_distribution<std::uint64_t>{0, limit - 1}(random);
  }
  run_id any_id() { return id_of(below(next_id + 1)); }

  /// Adds a random command to the batch and tells the model.
  void step() {
    switch (below(9)) {
    case 0:
    case 1: {
      command::enqueue add;
      for (auto i = below(6); i > 0; --i) {
        auto value = make_run(below(8) == 0 ? below(next_id + 1) : ++next_id,
                              below(2) ? "a" : "b");
        value.priority = static_cast<int>(below(3)) - 1;
        value.queue = below(2) ? "default" : "other";
        value.max_crashes = 2;
        value.max_attempts = 2;
        value.scheduled_at = at(static_cast<std::int64_t>(below(100)));
        if (below(4) == 0)
          value.state = run_state::scheduled;
        expected_duplicates.push_back(reference.runs.contains(value.id));
        reference.runs.emplace(value.id, value);
        add.runs.push_back(std::move(value));
      }
      batch.push_back(std::move(add));
      break;
    }
    case 2: {
      auto limit = static_cast<std::uint32_t>(below(5));
      batch.push_back(command::claim{"me", limit, now});
      for (const auto& id : reference.claim(limit, now))
        expected_claims.push_back(id);
      break;
    }
    case 3:
    case 4: {
      auto running = reference.in(run_state::running);
      if (running.empty())
        break;
      const auto& value = reference.runs.at(running[below(running.size())]);
      auto kind = static_cast<outcome_kind>(below(7));
      auto ended = make_attempt(value, kind, now);
      batch.push_back(finish_of(value.id, ended));
      reference.change(value.id, event::finished{ended});
      break;
    }
    case 5: {
      auto id = any_id();
      batch.push_back(command::cancel{id, "model", now});
      reference.change(id, event::cancelled{"model", now});
      break;
    }
    case 6: {
      auto id = any_id();
      batch.push_back(command::retry{id, {}, now});
      reference.change(id, event::retried{{}, now});
      break;
    }
    case 7: {
      auto id = any_id();
      batch.push_back(command::discard{id, "model", now});
      reference.change(id, event::discarded{"model", now});
      break;
    }
    case 8: {
      batch.push_back(command::promote{now, 100'000});
      for (auto state : {run_state::scheduled, run_state::retryable})
        for (const auto& id : reference.in(state))
          reference.change(id, event::promoted{now});
      break;
    }
    }
  }

  void commit() {
    auto report = harness.get().apply(batch, durability::async);
    ASSERT_TRUE(report) << report.error().message;
    std::vector<bool> duplicates;
    std::vector<run_id> claims;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      auto& answer = report->replies[i];
      if (answer)
        duplicates.insert(duplicates.end(), answer->duplicates.begin(),
                          answer->duplicates.end());
      if (std::holds_alternative<command::claim>(batch[i]))
        for (const auto& one : answer->runs)
          claims.push_back(one->id);
    }
    EXPECT_EQ(duplicates, expected_duplicates);
    EXPECT_EQ(claims, expected_claims);
    EXPECT_EQ(report->claimable, !reference.in(run_state::available).empty());
    std::optional<time_point> due;
    for (auto state : {run_state::scheduled, run_state::retryable})
      for (const auto& id : reference.in(state)) {
        auto when = reference.runs.at(id).scheduled_at;
        due = due ? std::min(*due, when) : when;
      }
    EXPECT_EQ(report->next_due, due);
    batch.clear();
    expected_duplicates.clear();
    expected_claims.clear();
  }

  void die() {
    now += seconds{1};
    for (const auto& id : reference.in(run_state::running)) {
      auto ended
          = make_attempt(reference.runs.at(id), outcome_kind::crashed, now);
      ended.outcome.error = "the engine died while this attempt was running";
      reference.change(id, event::finished{ended});
    }
    s.reopen(now);
  }

  void compare() {
    std::map<run_state, std::uint64_t> live_a;
    for (const auto& [id, value] : reference.runs) {
      auto found = harness.get().find_run(id);
      ASSERT_TRUE(found) << found.error().message;
      ASSERT_EQ(*found, value) << id.to_string();
      if (value.job == "a" && !is_final(value.state))
        ++live_a[value.state];
    }
    EXPECT_EQ(s.of_job("a").live, live_a);
    for (const auto& [state, word] : run_state_words) {
      auto listed = s.list({state, {}, 1'000'000});
      std::set<run_id> got;
      for (const auto& one : listed)
        got.insert(one.id);
      auto wanted = reference.in(state);
      EXPECT_EQ(got, std::set(wanted.begin(), wanted.end())) << word;
      EXPECT_EQ(listed.size(), wanted.size()) << word;
    }
    std::vector<std::pair<std::uint64_t, run_id>> told;
    for (const auto& one : s.history({{}, {}, {}, 0, {}, 1'000'000}))
      told.emplace_back(one.sequence, one.run->id);
    EXPECT_EQ(told, reference.history);
  }

  static std::unique_ptr<store_harness> make_harness() {
    if (std::get<1>(GetParam()))
      return std::make_unique<ahead_harness>();
    return std::make_unique<rocksdb_harness>();
  }

  std::unique_ptr<store_harness> held = make_harness();
  store_harness& harness = *held;
  store_user s{harness};
  model reference;
  std::mt19937 random{std::get<0>(GetParam())};
  std::uint64_t next_id = 0;
  time_point now = at(0);
  std::vector<any_command> batch;
  std::vector<bool> expected_duplicates;
  std::vector<run_id> expected_claims;
};

TEST_P(store_model, agrees_with_a_map) {
  SCOPED_TRACE("seed " + std::to_string(std::get<0>(GetParam())));
  harness.open(now);
  for (int round = 0; round < 300 && !HasFailure(); ++round) {
    for (auto steps = below(8); steps > 0; --steps) {
      step();
      now += milliseconds{below(3'000)};
    }
    commit();
    if (below(40) == 0)
      die();
    if (round % 25 == 0)
      compare();
  }
  compare();
}

INSTANTIATE_TEST_SUITE_P(seeds, store_model,
                         ::testing::Combine(::testing::Range(1U, 9U),
                                            ::testing::Bool()),
                         [](const auto& one) {
                           return "seed_"
                                  + std::to_string(std::get<0>(one.param))
                                  + (std::get<1>(one.param) ? "_ahead" : "");
                         });

} // namespace
} // namespace jobq::test
