#include <algorithm>
#include <cstdint>

#include "jobs/transition.hpp"
#include "queue/rocksdb_writer.hpp"

/// Opening: what has to be in memory, and what a dead engine left behind.
namespace jobq {
namespace {

constexpr std::uint64_t most_deleted = 1'000;

} // namespace

result<void> rocksdb_writer::load() {
  if (auto ok = load_meta(); !ok)
    return ok;
  if (auto ok = load_newest(); !ok)
    return ok;
  if (auto ok = load_claims(); !ok)
    return ok;
  if (auto ok = load_parked(); !ok)
    return ok;
  for (auto& [name, one] : jobs_)
    touch(*one);
  for (auto& [name, one] : queues_) {
    if (auto head = one->ready.head(); !head)
      return tl::unexpected{head.error()};
    touch(*one);
  }
  if (auto head = timers_.head(); !head)
    return tl::unexpected{head.error()};
  timers_touched_ = true;
  auto shown = changes();
  view_.show(shown);
  close_batch();
  return {};
}

/// After a look at no more than a few rows that were deleted: there may be
/// millions of them.
result<void> rocksdb_writer::load_newest() {
  scan last{db_,
            family::runs,
            std::string{keys::run_prefix},
            keys::end_of(std::string{keys::run_prefix}),
            direction::backward,
            most_deleted};
  if (last.gave_up()) {
    run_id::bytes greatest{};
    greatest.fill(0xff);
    newest_ = run_id{greatest};
    return {};
  }
  if (last.valid())
    newest_ = keys::trailing_id(last.key());
  return last.status();
}

result<void> rocksdb_writer::load_meta() {
  std::map<keys::name_id, std::string> queue_names;
  std::map<std::string, std::string> marks;
  // One pass in key order; names are wanted first and are few: look twice.
  scan names{db_, family::meta, "n", "o"};
  for (; names.valid(); names.next()) {
    auto key = names.key();
    auto number = keys::read32(names.value(), 0);
    if (key.size() < 2 || names.value().size() != 4)
      return corrupt(key);
    std::string name{key.substr(2)};
    if (key[1] == 'j') {
      auto one = std::make_unique<job_state>(db_, number, name);
      jobs_by_id_[number] = one.get();
      jobs_[name] = std::move(one);
    } else {
      queue_names[number] = name;
    }
  }
  if (auto ok = names.status(); !ok)
    return ok; // a number that is not known would be given out again
  scan lowest{db_, family::meta, "v", "w"};
  for (; lowest.valid(); lowest.next())
    marks[std::string{lowest.key().substr(1)}] = lowest.value();
  if (auto ok = lowest.status(); !ok)
    return ok;
  for (const auto& [number, name] : queue_names)
    queues_[name] = std::make_unique<queue_state>(
        db_, number, name, marks[keys::ready_prefix(number)]);
  timers_low_water_ = marks[std::string{keys::timer_prefix}];
  timers_
      = ready_window{db_, std::string{keys::timer_prefix}, timers_low_water_};
  if (auto mark = marks[std::string{keys::claim_prefix}]; mark.size() == 9)
    last_claim_ = keys::read64(mark, 1) - 1;
  for (auto& [name, line] : queues_) {
    auto key = keys::queue_counters(line->id);
    auto bytes = db_.get(family::meta, key);
    if (!bytes)
      return tl::unexpected{bytes.error()};
    auto value = codec::decode_queue_counters(bytes->value_or(""));
    if (!value)
      return corrupt(key);
    line->counters = *value;
  }
  for (auto& [number, owner] : jobs_by_id_) {
    auto key = keys::job_counters(number);
    auto bytes = db_.get(family::meta, key);
    if (!bytes)
      return tl::unexpected{bytes.error()};
    auto value = codec::decode_job_counters(bytes->value_or(""));
    if (!value)
      return corrupt(key);
    owner->counters = *value;
    key = keys::cursor(number);
    bytes = db_.get(family::meta, key);
    if (!bytes)
      return tl::unexpected{bytes.error()};
    if (!*bytes)
      continue;
    owner->cursor = codec::decode_cursor(**bytes);
    if (!owner->cursor)
      return corrupt(key);
    owner->cursor->job = owner->name;
  }
  auto sequence = db_.get(family::meta, keys::sequence);
  auto expiry = db_.get(family::meta, keys::expiry);
  if (!sequence || !expiry)
    return tl::unexpected{!sequence ? sequence.error() : expiry.error()};
  if (*sequence && (*sequence)->size() != 8)
    return corrupt(keys::sequence);
  if (*sequence)
    last_sequence_ = keys::read64(**sequence, 0);
  auto until = codec::decode_expiry_marks(expiry->value_or(""));
  if (!until)
    return corrupt(keys::expiry);
  expiry_ = *until;
  return {};
}

result<void> rocksdb_writer::load_claims() {
  scan rows{db_, family::runs, keys::claim(last_claim_ + 1),
            keys::end_of(std::string{keys::claim_prefix})};
  for (; rows.valid(); rows.next()) {
    auto record = codec::decode_claim(rows.value());
    if (!record)
      return corrupt(rows.key());
    auto number = keys::read64(rows.key(), 1);
    if (auto ok = load_claim(number, *record); !ok)
      return ok;
    last_claim_ = number;
  }
  // A number that counters have seen is not given again, though its row is
  // gone: opening would take a new claim for one that they hold.
  for (const auto& [name, one] : jobs_)
    see_claims_below(one->counters.claims_below);
  for (const auto& [name, one] : queues_)
    see_claims_below(one->counters.claims_below);
  claim_mark_ = last_claim_;
  return rows.status();
}

void rocksdb_writer::see_claims_below(std::uint64_t number) {
  if (number > 0)
    last_claim_ = std::max(last_claim_, number - 1);
}

/// Takes up those of a claim's members that have not ended. A claim writes no
/// run's record, so that one who has not ended is still as it was before.
result<void> rocksdb_writer::load_claim(std::uint64_t number,
                                        const codec::claim_record& record) {
  claims_[number] = 0;
  for (const auto& member : record.members) {
    auto found = find(member.id);
    if (!found && found.error().code == errc::not_found)
      continue;
    if (!found)
      return tl::unexpected{found.error()};
    auto stored = *found;
    const auto& what = stored->run;
    if (what.state == run_state::available
        && what.attempt + 1 == member.attempt) {
      auto after = std::make_shared<codec::stored_run>(*stored);
      if (auto ok = change_state(after->run, event::claimed{record.started_at});
          !ok)
        return ok;
      recount(what.state, after->run, number);
      stored = std::move(after);
    } else if (what.state != run_state::running
               || what.attempt != member.attempt) {
      continue;
    }
    ++claims_[number];
    take_up(stored, job(stored->run.job), number);
    running_changes_.emplace_back(member.id, stored);
  }
  return {};
}

/// Counts a claim, unless it is in the counters already.
void rocksdb_writer::recount(run_state was, const run& after,
                             std::uint64_t claim) {
  auto counts_it = [claim](const auto& counters) {
    return counters.claims_below != 0 && counters.claims_below <= claim;
  };
  const state_change counted{was, after.state, after.trigger};
  auto& owner = job(after.job);
  if (counts_it(owner.counters)) {
    count_in(counted, owner.counters);
    owner.counters.last_run = after.id;
    owner.counters.last_started_at = after.started_at;
  }
  if (auto& line = queue(after.queue); counts_it(line.counters))
    count_in(counted, line.counters);
}

/// Finds the jobs with parked runs: one seek for each of them.
result<void> rocksdb_writer::load_parked() {
  scan rows{db_, family::runs, "p", "q"};
  while (rows.valid()) {
    auto number = keys::read32(rows.key(), 1);
    if (auto found = jobs_by_id_.find(number); found != jobs_by_id_.end())
      found->second->may_have_parked = true;
    rows.seek(keys::end_of(keys::parked_prefix(number)));
  }
  return rows.status();
}

result<void> rocksdb_writer::recover(time_point now, opened_store& found) {
  begin_batch();
  reply answer;
  std::vector<shared_run> dead;
  for (const auto& [id, one] : known_)
    if (one.running())
      dead.push_back(one.stored);
  std::sort(dead.begin(), dead.end(),
            [](const auto& a, const auto& b) { return a->run.id < b->run.id; });
  for (const auto& one : dead) {
    attempt ended;
    ended.number = one->run.attempt;
    ended.started_at = one->run.started_at.value_or(now);
    ended.finished_at = std::max(now, ended.started_at);
    ended.outcome.kind = outcome_kind::crashed;
    ended.outcome.error = "the engine died while this attempt was running";
    auto after = change(one, event::finished{std::move(ended)}, &answer);
    if (!after)
      return tl::unexpected{after.error()};
    found.recovered.push_back((*after)->run);
  }
  for (auto& [number, left] : claims_)
    remove(family::runs, keys::claim(number));
  claims_.clear();
  for (auto& [name, owner] : jobs_)
    release_next(*owner);
  // Counters that hold all claims, whatever comes, are from an older version.
  auto renew = [this](auto& one) {
    if (one.counters.claims_below == 0) {
      touch(one);
      one.recounted = true;
    }
  };
  for (auto& [name, one] : jobs_)
    renew(*one);
  for (auto& [name, one] : queues_)
    renew(*one);
  found.completions = std::move(answer.completions);
  // Nothing is running: the next start need not look at these again.
  claim_mark_ = last_claim_;
  if (batch_.rows.Count() > 0)
    put(family::meta, keys::low_water(keys::claim_prefix),
        keys::claim(last_claim_ + 1));
  return write_batch(durability::sync);
}

} // namespace jobq
