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
    order_ = {};
  }
  bytes_.clear();
  rows_.clear();
}

void row_changes::add(family where, std::string_view key,
                      std::string_view value, bool kept) {
  rows_.push_back({bytes_.size(), static_cast<std::uint32_t>(key.size()),
                   static_cast<std::uint32_t>(value.size()), where, kept});
  bytes_ += key;
  bytes_ += value;
}

void row_changes::sort() {
  order_.clear();
  order_.reserve(rows_.size());
  for (std::uint32_t i = 0; i < rows_.size(); ++i) {
    const auto key = key_of(rows_[i]);
    order_.push_back({word_of(key, 0), word_of(key, 8), i, rows_[i].where});
  }
  // Later changes of a key lie behind earlier ones.
  std::sort(
      order_.begin(), order_.end(), [this](const place& a, const place& b) {
        if (a.where != b.where)
          return a.where < b.where;
        if (a.first != b.first)
          return a.first < b.first;
        if (a.second != b.second)
          return a.second < b.second;
        const auto order = key_of(rows_[a.row]).compare(key_of(rows_[b.row]));
        return order != 0 ? order < 0 : a.row < b.row;
      });
}

void row_changes::write_to(rocksdb::WriteBatch& batch,
                           const rocksdb_database& db) {
  sort();
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const auto& one = rows_[order_[i].row];
    const auto key = key_of(one);
    if (i + 1 < order_.size()) {
      const auto& next = rows_[order_[i + 1].row];
      if (next.where == one.where && key_of(next) == key)
        continue;
    }
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
