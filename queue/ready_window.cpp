#include "queue/ready_window.hpp"

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

result<const std::string*> ready_window::head() {
  while (keys_.empty() && !exhausted_)
    if (auto ok = refill(); !ok)
      return tl::unexpected{ok.error()};
  return keys_.empty() ? nullptr : &*keys_.begin();
}

void ready_window::pop() {
  auto node = keys_.extract(keys_.begin());
  last_popped_ = std::move(node.value());
}

bool ready_window::insert(const std::string& key) {
  removed_.erase(key);
  const bool held = covers(key);
  (held ? keys_ : added_).insert(key);
  return held;
}

void ready_window::erase(const std::string& key) {
  added_.erase(key);
  // Of what ends, most was popped before.
  if (!keys_.empty() && key < *keys_.begin() && covers(key))
    return;
  if (keys_.erase(key) == 0 && !covers(key))
    removed_.insert(key);
}

void ready_window::committed() {
  added_.clear();
  removed_.clear();
  if (keys_.size() <= 2 * capacity_)
    return;
  auto cut = std::next(keys_.begin(), static_cast<std::ptrdiff_t>(capacity_));
  next_ = *cut;
  exhausted_ = false;
  keys_.erase(cut, keys_.end());
}

std::string ready_window::floor() const {
  if (!keys_.empty())
    return *keys_.begin();
  return exhausted_ && !last_popped_.empty() ? last_popped_ : next_;
}

result<void> ready_window::refill() {
  scan disk{*db_, family::runs, next_, end_};
  std::size_t read = 0;
  std::string last;
  for (; read < capacity_ && disk.valid(); disk.next(), ++read) {
    last = disk.key();
    if (!removed_.contains(last))
      keys_.insert(keys_.end(), last);
  }
  if (auto ok = disk.status(); !ok)
    return ok;
  exhausted_ = read < capacity_;
  if (!exhausted_)
    next_ = last + '\0';
  while (!added_.empty() && covers(*added_.begin()))
    keys_.insert(added_.extract(added_.begin()));
  return {};
}

} // namespace jobq
