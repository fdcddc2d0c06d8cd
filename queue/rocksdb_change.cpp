#include <algorithm>

#include "jobs/transition.hpp"
#include "queue/rocksdb_writer.hpp"

/// One run's change and all the rows that follow from it.
namespace jobq {
namespace {

bool waits_for_time(run_state state) {
  return state == run_state::scheduled || state == run_state::retryable;
}

std::size_t slot(run_state state) {
  return static_cast<std::size_t>(state);
}

/// Counters never wrap, whatever a damaged store says.
void lower(std::uint64_t& value) {
  if (value > 0)
    --value;
}

tl::unexpected<error> unknown(const run_id& id) {
  return fail(errc::not_found, "there is no run " + id.to_string());
}

// Over about this many successes a job's mean duration is taken.
constexpr double mean_over = 20;

} // namespace

job_state& rocksdb_writer::job(const std::string& name) {
  auto& entry = jobs_[name];
  if (!entry) {
    auto id = static_cast<keys::name_id>(jobs_by_id_.size());
    entry = std::make_unique<job_state>(db_, id, name);
    jobs_by_id_[id] = entry.get();
    std::string number;
    keys::put32(number, id);
    put(family::meta, keys::job_name(name), number);
  }
  touch(*entry);
  return *entry;
}

queue_state& rocksdb_writer::queue(const std::string& name) {
  auto& entry = queues_[name];
  if (!entry) {
    auto id = static_cast<keys::name_id>(queues_.size() - 1);
    entry = std::make_unique<queue_state>(db_, id, name, std::string{});
    std::string number;
    keys::put32(number, id);
    put(family::meta, keys::queue_name(name), number);
  }
  touch(*entry);
  return *entry;
}

result<shared_run> rocksdb_writer::find(const run_id& id) {
  const auto* known = known_.find(id);
  if (known == nullptr)
    return read(id);
  if (!known->stored)
    return unknown(id);
  return known->stored;
}

result<rocksdb_writer::changed_run>
rocksdb_writer::find_to_change(const run_id& id,
                               const run_table::entry* known) {
  if (known == nullptr)
    return read(id);
  if (!known->stored)
    return unknown(id);
  return std::make_shared<codec::stored_run>(*known->stored);
}

result<rocksdb_writer::changed_run> rocksdb_writer::read(const run_id& id) {
  auto key = keys::run(id);
  auto bytes = runs_.get(key);
  if (!bytes)
    return tl::unexpected{bytes.error()};
  if (!*bytes)
    return unknown(id);
  auto value = std::make_shared<codec::stored_run>();
  if (!codec::decode_run(id, **bytes, *value))
    return corrupt(key);
  return value;
}

result<bool> rocksdb_writer::exists(const run_id& id) {
  if (id > newest_)
    return false;
  if (auto* known = known_.find(id))
    return known->stored != nullptr;
  auto bytes = db_.get(family::runs, keys::run(id));
  if (!bytes)
    return tl::unexpected{bytes.error()};
  return bytes->has_value();
}

result<void> rocksdb_writer::add(run&& value) {
  auto& owner = job(value.job);
  const bool soon = index(value, owner);
  if (is_scheduled(value.trigger)) {
    auto key = keys::unfinished(owner.id, value.id);
    put(family::runs, key, keys::encode_brief(owner.id, value.state));
    owner.unfinished.insert(key, batch_.number);
  }
  count({{}, value.state, value.trigger}, queue(value.queue), owner);
  ++owner.counters.run_count;
  const auto id = value.id;
  newest_ = std::max(newest_, id);
  known_
      .change(id, std::make_shared<const codec::stored_run>(
                      codec::stored_run{std::move(value), 0, false, {}}))
      .soon
      = soon;
  return {};
}

result<shared_run> rocksdb_writer::change(const shared_run& before,
                                          const run_event& what,
                                          reply* answer) {
  auto after = std::make_shared<codec::stored_run>(*before);
  if (auto ok = change_state(after->run, what); !ok)
    return tl::unexpected{ok.error()};
  return replace(before, std::move(after), answer);
}

shared_run rocksdb_writer::replace(const shared_run& before, changed_run after,
                                   reply* answer) {
  const auto& was = before->run;
  const auto id = was.id;
  auto& owner = job(was.job);
  const bool began_final = is_final(was.state);
  const bool ends_final = is_final(after->run.state);
  if (ends_final && !began_final)
    complete(*after, owner);
  bool soon = false;
  if (was.state != after->run.state) {
    unindex(was, after->run, owner);
    soon = index(after->run, owner);
  }
  if (is_scheduled(was.trigger) && began_final != ends_final) {
    auto key = keys::unfinished(owner.id, id);
    if (ends_final) {
      remove(family::runs, key);
      owner.unfinished.erase(key, batch_.number);
    } else {
      put(family::runs, key, keys::encode_brief(owner.id, after->run.state));
      owner.unfinished.insert(key, batch_.number);
    }
  }
  count({was.state, after->run.state, was.trigger}, queue(was.queue), owner);
  const shared_run stored = std::move(after);
  if (answer && ends_final && !began_final)
    answer->completions.push_back({stored->sequence, run_of(stored)});
  auto& known = known_.change(id, stored);
  known.soon = soon;
  if (was.state == run_state::running) {
    if (stored->run.state == run_state::running)
      running_changes_.emplace_back(id, stored);
    else
      end_running(id, known, owner);
  }
  if (was.serial && was.state != stored->run.state)
    let_go_serial(owner, was);
  return stored;
}

void rocksdb_writer::unindex(const run& before, const run& after,
                             job_state& owner) {
  if (waits_for_time(before.state)) {
    auto key = keys::timer(before);
    remove(family::runs, key);
    timers_.erase(key, batch_.number);
    timers_touched_ = true;
    ++timer_deletes_;
    return;
  }
  if (is_final(before.state) || after.state == run_state::running)
    return;
  auto& line = queue(before.queue);
  auto key = keys::ready(line.id, before);
  remove(family::runs, key);
  line.ready.erase(key, batch_.number);
  ++line.deletes;
  // A serial run waits in one of two places; a delete of nothing is harmless.
  if (before.serial && before.state == run_state::available) {
    auto second = keys::parked(owner.id, before);
    remove(family::runs, second);
    owner.parked.erase(second, batch_.number);
  }
}

bool rocksdb_writer::index(const run& after, job_state& owner) {
  if (after.state == run_state::available) {
    auto& line = queue(after.queue);
    auto key = keys::ready(line.id, after);
    put(family::runs, key, keys::encode_brief(owner.id, after.state));
    if (key < line.low_water) {
      line.low_water = key.view();
      put(family::meta, keys::low_water(keys::ready_prefix(line.id)), key);
    }
    return line.ready.insert(key, batch_.number);
  }
  if (waits_for_time(after.state)) {
    auto key = keys::timer(after);
    put(family::runs, key, keys::encode_brief(owner.id, after.state));
    timers_.insert(key, batch_.number);
    timers_touched_ = true;
    if (key < timers_low_water_) {
      timers_low_water_ = key.view();
      put(family::meta, keys::low_water(keys::timer_prefix), key);
    }
  }
  return false;
}

void rocksdb_writer::count(const state_change& what, queue_state& line,
                           job_state& owner) {
  count_in(what, owner.counters);
  count_in(what, line.counters);
  owner.recounted = line.recounted = true;
}

void rocksdb_writer::count_in(const state_change& what,
                              codec::job_counters& in) {
  const auto of_ticks = [&](run_state state) -> std::uint64_t& {
    return state == run_state::running ? in.scheduled_running
                                       : in.scheduled_waiting;
  };
  if (what.from && !is_final(*what.from)) {
    lower(in.live[slot(*what.from)]);
    if (is_scheduled(what.trigger))
      lower(of_ticks(*what.from));
  }
  if (!is_final(what.to)) {
    ++in.live[slot(what.to)];
    if (is_scheduled(what.trigger))
      ++of_ticks(what.to);
  }
}

void rocksdb_writer::count_in(const state_change& what,
                              codec::queue_counters& in) {
  if (what.from && !is_final(*what.from))
    lower(in.live[slot(*what.from)]);
  if (!is_final(what.to))
    ++in.live[slot(what.to)];
}

void rocksdb_writer::complete(codec::stored_run& after, job_state& owner) {
  const auto& what = after.run;
  after.sequence = ++last_sequence_;
  auto finished = what.finished_at.value_or(time_point{});
  completed_.push_back(
      {after.sequence, what.id, owner.id, what.state, finished});
  auto& of_job = owner.counters;
  ++of_job.finished[slot(what.state)];
  of_job.last_run = what.id;
  of_job.last_finished_at = finished;
  of_job.last_state = what.state;
  if (what.state == run_state::completed && what.started_at) {
    auto took = static_cast<double>((finished - *what.started_at).count());
    ++of_job.successes;
    auto share = std::min(static_cast<double>(of_job.successes), mean_over);
    of_job.mean_duration += (took - of_job.mean_duration) / share;
  }
}

void rocksdb_writer::end_running(const run_id& id, run_table::entry& known,
                                 job_state& owner) {
  auto claim = claims_.find(std::exchange(known.claim, 0));
  if (claim != claims_.end() && --claim->second == 0) {
    remove(family::runs, keys::claim(claim->first));
    claims_.erase(claim);
  }
  running_changes_.emplace_back(id, nullptr);
  owner.running_scheduled.erase(id);
}

void rocksdb_writer::store_log(codec::stored_run& value, std::uint32_t attempt,
                               const std::string& log) {
  // As many logs as attempts are kept in the record.
  constexpr std::uint32_t kept = 20;
  if (value.has_logs && attempt > kept)
    remove(family::runs, keys::log(value.run.id, attempt - kept));
  if (log.empty())
    return;
  put(family::runs, keys::log(value.run.id, attempt), log);
  value.has_logs = true;
}

} // namespace jobq
