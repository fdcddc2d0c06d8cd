#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/write_batch.h>

#include "queue/rocksdb_database.hpp"

namespace jobq {

/// The rows that a batch changes, in the order of their keys when written: next
/// to its neighbour a key costs RocksDB's memtable a few comparisons, at random
/// it costs a search. Of several changes of one key the last counts.
class row_changes {
public:
  void put(family where, std::string_view key, std::string_view value) {
    add(where, key, value, true);
  }
  void remove(family where, std::string_view key) {
    add(where, key, {}, false);
  }

  bool empty() const { return rows_.empty(); }
  void clear();

  /// Adds all to `batch`.
  void write_to(rocksdb::WriteBatch& batch, const rocksdb_database& db);

private:
  struct row {
    std::size_t begin = 0; ///< of the key in `bytes_`; the value follows
    std::uint32_t key_size = 0;
    std::uint32_t value_size = 0;
    family where = family::meta;
    bool kept = false; ///< false: removed
  };

  /// A row's place in the order. The words are the key's first 16 bytes: they
  /// tell most keys apart without a look at the text.
  struct place {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    std::uint32_t row = 0;
    family where = family::meta;
  };

  void add(family where, std::string_view key, std::string_view value,
           bool kept);
  void sort();
  std::string_view key_of(const row& one) const {
    return std::string_view{bytes_}.substr(one.begin, one.key_size);
  }

  std::string bytes_;
  std::vector<row> rows_;
  std::vector<place> order_;
};

} // namespace jobq
