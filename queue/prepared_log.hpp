#pragma once

#include <filesystem>
#include <memory>

namespace rocksdb {
class Env;
class FSWritableFile;
class FileSystem;
} // namespace rocksdb

namespace jobq {

/// How RocksDB's write-ahead logs are written. To append makes a file larger,
/// and each sync then waits for the file system's journal too, which has to
/// record that; to overwrite what is on the disk already does not.
enum class log_files {
  plain, ///< appended to, as RocksDB does it
  /// Small appends overwrite zeros that were written ahead of them, and are on
  /// their way to the disk before a sync asks for them.
  prepared
};

/// Files as they are, but for logs, which are `prepared`. Logs are read without
/// it: RocksDB passes over zeros at the end of a log. Zeros before the end,
/// which a power cut may leave, are what `gapless_replay` is for. Each zero is
/// overwritten before the next ones are written, so that no more bytes are
/// zeroed than appended, and 256 KiB.
std::unique_ptr<rocksdb::Env>
make_prepared_logs(std::shared_ptr<rocksdb::FileSystem> files);

/// A log that writes zeros ahead of its end, for one that is synced after most
/// appends. Not thread-safe but for `Sync` and
/// `Fsync`, like RocksDB's own.
/// @param to nothing was written to it yet
/// @param fd the same file, open for writing; closed in the end. Zeros that
///   can't be written are done without.
std::unique_ptr<rocksdb::FSWritableFile>
make_prepared_log(std::unique_ptr<rocksdb::FSWritableFile> to, int fd);

/// Whether a file system of this kind (`f_type` of statfs(2)) puts what
/// overwrites a block into the same place: ext2 to ext4 and XFS. Where it is
/// copied to a new one, zeros would only be written in vain.
bool overwrites_in_place(long type);

/// `prepared` where the directory's file system overwrites in place.
log_files best_logs_in(const std::filesystem::path& directory);

} // namespace jobq
