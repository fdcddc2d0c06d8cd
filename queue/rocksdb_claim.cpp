#include "jobs/transition.hpp"
#include "queue/rocksdb_writer.hpp"

/// Claims, and the order of serial runs.
namespace jobq {

namespace {

// A claim looks at this many runs more than it may take, so that no commit
// grows large over expired and parked ones; the rest is for the next claim.
constexpr std::uint32_t spare_looks = 1'000;

// A block holds some hundred runs. Where so many can't be read, the disk has
// failed.
constexpr std::size_t most_unread = 1'000;

} // namespace

result<queue_state*> rocksdb_writer::best_queue() {
  queue_state* best = nullptr;
  std::string_view best_rank;
  for (auto& [name, line] : queues_) {
    auto head = line->ready.head();
    if (!head)
      return tl::unexpected{head.error()};
    if (!*head)
      continue;
    auto rank = (*head)->view().substr(keys::ready_prefix_size);
    if (best && best_rank <= rank)
      continue;
    best = line.get();
    best_rank = rank;
  }
  return best;
}

result<reply> rocksdb_writer::carry_out(const command::claim& c) {
  reply answer;
  codec::claim_record record{c.owner, c.now, {}};
  std::optional<error> trouble;
  for (std::uint32_t looks = 0;
       answer.runs.size() < c.limit && looks < c.limit + spare_looks; ++looks) {
    auto line = best_queue();
    if (!line) {
      trouble = line.error();
      break;
    }
    if (!*line)
      break;
    if (auto took = take_one(**line, c, answer, record); !took)
      trouble = took.error();
    if (unread_.size() >= most_unread) {
      trouble = unread_.back();
      break;
    }
  }
  if (!record.members.empty()) {
    claims_[++last_claim_] = record.members.size();
    put(family::runs, keys::claim(last_claim_), codec::encode(record));
  }
  if (trouble && answer.runs.empty() && answer.completions.empty())
    return tl::unexpected{*trouble};
  answer.unread = std::exchange(unread_, {});
  return answer;
}

result<void> rocksdb_writer::take_one(queue_state& line,
                                      const command::claim& c, reply& answer,
                                      codec::claim_record& record) {
  touch(line);
  auto head = line.ready.head();
  auto key = **head;
  auto id = keys::trailing_id(key);
  // The key of a running run stays until it ends and may be read again.
  const auto* known = known_.find(id);
  if (known != nullptr && known->running()) {
    line.ready.pop();
    return {};
  }
  auto found = find_to_change(id, known);
  if (!found && found.error().code != errc::not_found) {
    pass_over(line.ready, id, found.error());
    call_in_place_of(id);
    return {};
  }
  line.ready.pop();
  if (!found || (*found)->run.state != run_state::available
      || (*found)->run.queue != line.name
      || keys::ready(line.id, (*found)->run) != key) {
    remove(family::runs, key); // a row that nothing stands behind
    return {};
  }
  const auto& what = (*found)->run;
  if (is_too_late(what, c.now)) {
    if (auto ok = change(*found, event::expired{c.now}, &answer); !ok)
      return tl::unexpected{ok.error()};
    return {};
  }
  auto& owner = job(what.job);
  if (what.serial && owner.running_serial) {
    park(owner, what);
    remove(family::runs, key);
    ++line.deletes;
    return {};
  }
  const auto was = what.state;
  if (auto ok = change_state((*found)->run, event::claimed{c.now}); !ok)
    return tl::unexpected{ok.error()};
  shared_run begun = std::move(*found);
  answer.runs.push_back(run_of(begun));
  begin(was, std::move(begun), line, owner, record);
  return {};
}

/// Records a run that was claimed.
void rocksdb_writer::begin(run_state was, shared_run stored, queue_state& line,
                           job_state& owner, codec::claim_record& record) {
  const auto& what = stored->run;
  const state_change counted{was, what.state, what.trigger};
  count_in(counted, owner.counters);
  count_in(counted, line.counters);
  owner.counters.last_run = what.id;
  owner.counters.last_started_at = what.started_at;
  record.members.push_back({what.id, what.attempt});
  take_up(stored, owner, last_claim_ + 1);
  running_changes_.emplace_back(what.id, std::move(stored));
}

void rocksdb_writer::take_up(const shared_run& value, job_state& owner,
                             std::uint64_t claim) {
  const auto& what = value->run;
  if (is_scheduled(what.trigger))
    owner.running_scheduled.insert(what.id);
  if (what.serial)
    owner.running_serial = what.id;
  if (owner.released == what.id)
    owner.released.reset();
  known_.start(what.id, value, claim);
}

void rocksdb_writer::park(job_state& owner, const run& what) {
  auto key = keys::parked(owner.id, what);
  put(family::runs, key, keys::encode_brief(owner.id, what.state));
  owner.parked.insert(key, batch_.number);
  owner.may_have_parked = true;
  if (owner.released == what.id)
    owner.released.reset();
}

/// Calls the next of those that wait for their turn.
void rocksdb_writer::release_next(job_state& owner) {
  while (owner.may_have_parked && !owner.running_serial && !owner.released) {
    auto head = owner.parked.head();
    if (!head) {
      unreleased_.insert(&owner);
      retry_later();
      return;
    }
    if (!*head) {
      owner.may_have_parked = owner.parked.has_aside();
      return;
    }
    auto key = **head;
    auto id = keys::trailing_id(key);
    auto found = find(id);
    if (!found && found.error().code != errc::not_found) {
      unreleased_.insert(&owner);
      pass_over(owner.parked, id, found.error());
      continue;
    }
    owner.parked.pop();
    remove(family::runs, key);
    if (!found || (*found)->run.state != run_state::available)
      continue;
    index((*found)->run, owner);
    owner.released = id;
  }
}

/// Calls another one if this was called, but can't be read now.
void rocksdb_writer::call_in_place_of(const run_id& id) {
  for (auto& [name, one] : jobs_)
    if (one->released == id) {
      one->released.reset();
      touch(*one);
      release_next(*one);
    }
}

/// Called after a serial run left `before`'s state.
void rocksdb_writer::let_go_serial(job_state& owner, const run& before) {
  if (owner.running_serial == before.id && !known_.running(before.id))
    owner.running_serial.reset();
  if (owner.released == before.id)
    owner.released.reset();
  release_next(owner);
}

} // namespace jobq
