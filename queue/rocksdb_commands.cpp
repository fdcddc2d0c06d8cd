#include <unordered_set>

#include "jobs/transition.hpp"
#include "queue/rocksdb_writer.hpp"

/// The commands that touch single runs.
namespace jobq {

result<reply> rocksdb_writer::carry_out(command::enqueue& c) {
  reply answer;
  std::unordered_set<run_id> mine;
  const bool several = c.runs.size() > 1;
  // Reads first: a read that fails refuses the command as a whole.
  std::optional<error> trouble;
  for (const auto& value : c.runs) {
    const auto there = exists(value.id);
    if (!there)
      trouble = there.error();
    answer.duplicates.push_back(there.value_or(false)
                                || (several && !mine.insert(value.id).second));
  }
  if (trouble)
    return tl::unexpected{*trouble};
  for (const auto& value : c.runs)
    if (value.state != run_state::scheduled
        && value.state != run_state::available)
      return fail(errc::invalid_argument,
                  "run " + value.id.to_string() + " can't be enqueued as "
                      + std::string{word_of(run_state_words, value.state)});
  if (auto ok = check_space(); !ok)
    return tl::unexpected{ok.error()};
  for (std::size_t i = 0; i < c.runs.size(); ++i)
    if (!answer.duplicates[i])
      if (auto ok = add(std::move(c.runs[i])); !ok)
        return tl::unexpected{ok.error()};
  return answer;
}

result<reply> rocksdb_writer::carry_out(const command::finish& c) {
  reply answer;
  answer.runs.reserve(c.ends.size());
  answer.completions.reserve(c.ends.size());
  for (std::size_t i = 0; i < c.ends.size(); ++i)
    if (auto ok = finish_one(*c.ends[i], answer); !ok)
      answer.refused.push_back({i, std::move(ok.error())});
  return answer;
}

result<void> rocksdb_writer::finish_one(const attempt_end& what,
                                        reply& answer) {
  auto before = find(what.id);
  if (!before)
    return tl::unexpected{before.error()};
  auto after = std::make_shared<codec::stored_run>(**before);
  if (auto ok = change_state(after->run, event::finished{what.attempt}); !ok)
    return ok;
  store_log(*after, what.attempt.number, what.log);
  answer.runs.push_back(run_of(replace(*before, std::move(after), &answer)));
  return {};
}

result<reply> rocksdb_writer::carry_out(const command::promote& c) {
  reply answer;
  while (answer.count + unread_.size() < c.limit) {
    auto head = timers_.head();
    if (!head)
      return tl::unexpected{head.error()};
    if (!*head || keys::timer_time(**head) > c.now)
      break;
    auto key = **head;
    auto id = keys::trailing_id(key);
    timers_touched_ = true;
    auto before = find(id);
    if (!before && before.error().code != errc::not_found) {
      pass_over(timers_, id, before.error());
      continue;
    }
    timers_.pop();
    if (before && keys::timer((*before)->run) == key)
      if (auto ok = change(*before, event::promoted{c.now}, &answer); ok) {
        ++answer.count;
        continue;
      }
    remove(family::runs, key); // a row that nothing stands behind
  }
  answer.unread = std::exchange(unread_, {});
  return answer;
}

result<reply> rocksdb_writer::carry_out(const command::cancel& c) {
  return change_one(c.id, event::cancelled{c.reason, c.now});
}

result<reply> rocksdb_writer::carry_out(const command::retry& c) {
  return change_one(c.id, event::retried{c.reason, c.now});
}

result<reply> rocksdb_writer::carry_out(const command::discard& c) {
  return change_one(c.id, event::discarded{c.reason, c.now});
}

result<reply> rocksdb_writer::change_one(const run_id& id,
                                         const run_event& what) {
  auto before = find(id);
  if (!before)
    return tl::unexpected{before.error()};
  reply answer;
  auto after = change(*before, what, &answer);
  if (!after)
    return tl::unexpected{after.error()};
  answer.runs.push_back(run_of(*after));
  return answer;
}

result<reply> rocksdb_writer::carry_out(const command::set_switch& c) {
  reply answer;
  const auto size_before = batch_size();
  if (c.decision)
    if (auto ok = decide(*c.decision, c.value.at, answer); !ok)
      return give_up(ok.error(), size_before);
  put(family::meta, keys::job_switch(job(c.value.job).id),
      codec::encode(c.value));
  return answer;
}

result<reply> rocksdb_writer::carry_out(const command::forget_job& c) {
  auto found = jobs_.find(c.job);
  if (found == jobs_.end())
    return reply{};
  auto& owner = *found->second;
  owner.cursor.reset();
  remove(family::meta, keys::cursor(owner.id));
  if (!c.keep_switch)
    remove(family::meta, keys::job_switch(owner.id));
  return reply{};
}

} // namespace jobq
