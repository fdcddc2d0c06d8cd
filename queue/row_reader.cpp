#include "queue/row_reader.hpp"

namespace jobq {
namespace {

/// To open a scan takes about as long as to search for so many rows.
constexpr unsigned worth_a_scan = 8;
/// Rows between two that are asked for: to step over more takes longer than a
/// search.
constexpr unsigned most_steps = 4;
constexpr unsigned most_strayed = 16;
/// Rows in between that are gone, for one step.
constexpr std::uint64_t most_deleted = 64;

} // namespace

result<std::optional<std::string_view>> row_reader::get(std::string_view key) {
  if (strayed_ < most_strayed && searched_ >= worth_a_scan) {
    if (!rows_)
      rows_.emplace(*db_, where_, std::string{key}, std::string{},
                    direction::forward, most_deleted);
    if (advance_to(key))
      return rows_->value();
    // Whether there is none, the scan failed, or it went too far.
    if (++strayed_ == most_strayed)
      rows_.reset();
  }
  ++searched_;
  auto found = db_->get(where_, key);
  if (!found)
    return tl::unexpected{found.error()};
  found_ = std::move(*found);
  return found_;
}

bool row_reader::advance_to(std::string_view key) {
  for (unsigned steps = 0; steps < most_steps && rows_->valid(); ++steps) {
    if (const auto order = rows_->key().compare(key); order >= 0)
      return order == 0;
    rows_->next();
  }
  if (rows_->valid() && rows_->key() < key)
    rows_->seek(key);
  return rows_->valid() && rows_->key() == key;
}

void row_reader::rest() {
  rows_.reset();
  found_.reset();
  searched_ = strayed_ = 0;
}

} // namespace jobq
