#include "queue/gapless_replay.hpp"

#include <cstdint>
#include <optional>
#include <string>

#include <rocksdb/write_batch.h>

namespace jobq {
namespace {

/// A batch begins with its sequence number, 64 bits, little-endian.
std::uint64_t sequence_of(const rocksdb::WriteBatch& batch) {
  constexpr std::size_t bytes = 8;
  const auto& data = batch.Data();
  std::uint64_t value = 0;
  for (std::size_t i = bytes; i-- > 0;)
    value = (value << 8) | static_cast<unsigned char>(data[i]);
  return value;
}

class gapless_replay final : public rocksdb::WalFilter {
public:
  const char* Name() const override { return "jobq.gapless_replay"; }

  WalProcessingOption LogRecordFound(unsigned long long log,
                                     const std::string& /*name*/,
                                     const rocksdb::WriteBatch& batch,
                                     rocksdb::WriteBatch* /*changed_batch*/,
                                     bool* /*changed*/) override {
    // After a recovery RocksDB writes an empty one, which takes no number.
    if (batch.Count() == 0)
      return WalProcessingOption::kContinueProcessing;
    if (log != log_)
      next_.reset();
    log_ = log;
    const auto sequence = sequence_of(batch);
    if (next_ && sequence > *next_)
      return WalProcessingOption::kCorruptedRecord;
    next_ = sequence + batch.Count();
    return WalProcessingOption::kContinueProcessing;
  }

private:
  unsigned long long log_ = 0;
  std::optional<std::uint64_t> next_; ///< in this log
};

} // namespace

std::unique_ptr<rocksdb::WalFilter> make_gapless_replay() {
  return std::make_unique<gapless_replay>();
}

} // namespace jobq
