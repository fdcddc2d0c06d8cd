#include "queue/prepared_log.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

namespace jobq {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

constexpr std::size_t page = 4 << 10;
constexpr std::size_t pages = 64;
constexpr std::size_t ahead = pages * page;
/// What is larger takes the disk longer than the journal does.
constexpr std::size_t most_small = 64 << 10;

class prepared_log final : public rocksdb::FSWritableFileOwnerWrapper {
public:
  prepared_log(std::unique_ptr<rocksdb::FSWritableFile> to, int fd)
      : FSWritableFileOwnerWrapper{std::move(to)}, fd_{fd} {}
  ~prepared_log() override { ::close(fd_); }
  prepared_log(const prepared_log&) = delete;
  prepared_log& operator=(const prepared_log&) = delete;

  IOStatus Append(const Slice& data, const IOOptions& options,
                  IODebugContext* debug) override {
    return note(data, target()->Append(data, options, debug));
  }

  IOStatus Append(const Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& check,
                  IODebugContext* debug) override {
    return note(data, target()->Append(data, options, check, debug));
  }

private:
  /// Zeros go behind what was just appended, by the thread that appends: never
  /// over an append that runs beside a sync.
  IOStatus note(const Slice& data, IOStatus came) {
    if (!came.ok()) {
      able_ = false; // it is not known how much was appended
      return came;
    }
    if (data.size() <= most_small && able_)
      begin_writing(data.size());
    size_ += data.size();
    if (size_ > prepared_ && data.size() <= most_small && able_)
      prepare();
    return came;
  }

  /// Has the disk take what was just appended while it is put into tables: a
  /// sync, which follows soon, then waits for less. Should it fail, the sync
  /// will tell.
  void begin_writing(std::size_t count) const {
    ::sync_file_range(fd_, static_cast<off_t>(size_), static_cast<off_t>(count),
                      SYNC_FILE_RANGE_WRITE);
  }

  void prepare() {
    static std::array<char, page> zeros{};
    std::array<iovec, pages> all;
    all.fill({zeros.data(), zeros.size()});
    const auto wrote
        = ::pwritev(fd_, all.data(), pages, static_cast<off_t>(size_));
    able_ = wrote == static_cast<ssize_t>(ahead);
    prepared_ = size_ + ahead;
  }

  const int fd_;
  std::uint64_t size_ = 0;
  std::uint64_t prepared_ = 0; ///< zeros were written up to here
  bool able_ = true;
};

class prepared_logs final : public rocksdb::FileSystemWrapper {
public:
  using FileSystemWrapper::FileSystemWrapper;

  const char* Name() const override { return "jobq.prepared_logs"; }

  IOStatus NewWritableFile(const std::string& name,
                           const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* made,
                           IODebugContext* debug) override {
    auto came = target()->NewWritableFile(name, options, made, debug);
    if (!came.ok() || !name.ends_with(".log"))
      return came;
    const int fd = ::open(name.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd >= 0)
      *made = make_prepared_log(std::move(*made), fd);
    return came;
  }
};

} // namespace

std::unique_ptr<rocksdb::Env>
make_prepared_logs(std::shared_ptr<rocksdb::FileSystem> files) {
  return rocksdb::NewCompositeEnv(
      std::make_shared<prepared_logs>(std::move(files)));
}

std::unique_ptr<rocksdb::FSWritableFile>
make_prepared_log(std::unique_ptr<rocksdb::FSWritableFile> to, int fd) {
  return std::make_unique<prepared_log>(std::move(to), fd);
}

bool overwrites_in_place(long type) {
  return type == EXT4_SUPER_MAGIC || type == XFS_SUPER_MAGIC;
}

log_files best_logs_in(const std::filesystem::path& directory) {
  struct statfs about {};
  const bool known = ::statfs(directory.c_str(), &about) == 0;
  return known && overwrites_in_place(static_cast<long>(about.f_type))
             ? log_files::prepared
             : log_files::plain;
}

} // namespace jobq
