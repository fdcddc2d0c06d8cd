#include "queue/ready_window.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "queue/keys.hpp"

namespace jobq {

ready_window::ready_window(const rocksdb_database& db, std::string prefix,
                           std::string low_water, std::size_t capacity)
    : db_{&db}, capacity_{capacity}, next_{low_water > prefix
                                               ? std::move(low_water)
                                               : prefix},
      end_{keys::end_of(prefix)} {}

result<const short_key*> ready_window::head() {
  while (keys_.empty() && !exhausted_)
    if (auto ok = refill(); !ok)
      return tl::unexpected{ok.error()};
  return keys_.empty() ? nullptr : &*keys_.begin();
}

void ready_window::pop() {
  last_popped_ = *keys_.begin();
  keys_.erase(keys_.begin());
}

void ready_window::set_aside() {
  aside_.insert(keys_.extract(keys_.begin()));
}

void ready_window::bring_back() {
  keys_.merge(aside_);
  aside_.clear();
}

bool ready_window::insert(const short_key& key, std::uint64_t batch) {
  removed_.erase(key);
  aside_.erase(key);
  if (!covers(key)) {
    added_.push_back({key, batch});
    return false;
  }
  keys_.insert(keys_.end(), key); // most come behind all others
  if (keys_.size() <= 2 * capacity_)
    return true;
  const auto last = *keys_.rbegin();
  keys_.erase(std::prev(keys_.end()));
  next_ = last.view();
  exhausted_ = false;
  // Whether it is on disk is not known here; that it is told twice does no
  // harm.
  added_.push_back({last, batch});
  return key < last;
}

void ready_window::erase(const short_key& key, std::uint64_t batch) {
  aside_.erase(key);
  // Of what ends, most was popped before.
  if (!keys_.empty() && key < *keys_.begin())
    return;
  if (keys_.erase(key) == 0 && !covers(key))
    removed_[key] = batch;
}

void ready_window::committed(std::uint64_t batch) {
  if (std::exchange(committed_, batch) == batch)
    return;
  while (!added_.empty() && added_.front().batch <= batch)
    added_.pop_front();
  std::erase_if(removed_,
                [batch](const auto& one) { return one.second <= batch; });
}

std::string ready_window::floor() const {
  auto least = next_;
  if (!keys_.empty())
    least = keys_.begin()->view();
  else if (exhausted_ && last_popped_)
    least = last_popped_->view();
  return aside_.empty() ? least
                        : std::min(least, std::string{aside_.begin()->view()});
}

result<void> ready_window::refill() {
  scan disk{*db_, family::runs, next_, end_};
  std::size_t read = 0;
  std::string last;
  std::set<short_key> found;
  for (; read < capacity_ && disk.valid(); disk.next(), ++read) {
    last = disk.key();
    if (const auto key = short_key::of(last); key && !removed_.contains(*key))
      found.insert(found.end(), *key);
  }
  if (auto ok = disk.status(); !ok)
    return ok;
  keys_ = std::move(found);
  exhausted_ = read < capacity_;
  if (!exhausted_)
    next_ = last + '\0';
  std::erase_if(added_, [this](const addition& one) {
    const bool comes = covers(one.key);
    if (comes && !removed_.contains(one.key))
      keys_.insert(one.key);
    return comes;
  });
  return {};
}

} // namespace jobq
