#include "queue/row_changes.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace jobq {
namespace {

/// 8 bytes of a key from there on as a number that compares as they do; a key
/// that ends before is as if zeros followed.
std::uint64_t word_of(std::string_view key, std::size_t from) {
  std::array<unsigned char, 8> bytes{};
  if (from < key.size())
    std::memcpy(bytes.data(), key.data() + from,
                std::min(bytes.size(), key.size() - from));
  std::uint64_t word = 0;
  for (const auto byte : bytes)
    word = word << 8 | byte;
  return word;
}

} // namespace

void row_changes::clear() {
  // One large batch must not hold its memory for ever.
  constexpr std::size_t usual_bytes = 4 << 20;
  if (bytes_.capacity() > usual_bytes) {
    bytes_ = {};
    rows_ = {};
  }
  bytes_.clear();
  rows_.clear();
}

void row_changes::add(family where, std::string_view key,
                      std::string_view value, bool kept) {
  rows_.push_back({word_of(key, 0), word_of(key, 8), bytes_.size(),
                   static_cast<std::uint32_t>(key.size()),
                   static_cast<std::uint32_t>(value.size()), where, kept});
  bytes_ += key;
  bytes_ += value;
}

void row_changes::write_to(rocksdb::WriteBatch& batch,
                           const rocksdb_database& db) {
  // Later changes of a key lie behind earlier ones.
  std::sort(rows_.begin(), rows_.end(), [this](const row& a, const row& b) {
    if (a.where != b.where)
      return a.where < b.where;
    if (a.head != b.head)
      return a.head < b.head;
    if (a.next != b.next)
      return a.next < b.next;
    const auto order = key_of(a).compare(key_of(b));
    return order != 0 ? order < 0 : a.begin < b.begin;
  });
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const auto& one = rows_[i];
    const auto key = key_of(one);
    if (i + 1 < rows_.size() && rows_[i + 1].where == one.where
        && key_of(rows_[i + 1]) == key)
      continue;
    auto* handle = db.handle(one.where);
    if (one.kept)
      batch.Put(handle, slice_of(key),
                slice_of(std::string_view{bytes_}.substr(
                    one.begin + one.key_size, one.value_size)));
    else
      batch.Delete(handle, slice_of(key));
  }
}

} // namespace jobq
