#pragma once

#include <memory>

#include <rocksdb/wal_filter.h>

namespace jobq {

/// Ends RocksDB's replay of a log at its first gap. Of what was not synced, a
/// power cut may leave a later page and not an earlier one. Where that shows
/// zeros, RocksDB goes on behind them, in the next 32 KiB block: the commits
/// there would be there without those before them. Their sequence numbers tell:
/// in a log, each commit begins with the one that follows the last.
/// One for each time that a database is opened, for `DBOptions::wal_filter`;
/// used by one thread.
std::unique_ptr<rocksdb::WalFilter> make_gapless_replay();

} // namespace jobq
