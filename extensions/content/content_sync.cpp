#include "extensions/content/content_sync.hpp"

#include <exception>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "extensions/content/content_file.hpp"
#include "extensions/content/content_store.hpp"
#include "extensions/content/content_walk.hpp"
#include "extensions/content/text_file.hpp"
#include "extensions/content/text_hash.hpp"

namespace jobq {

// Two passes. The first reads and compares without holding a lock; what it must
// keep of changed files is bounded, the rest is read again. The second writes,
// in one transaction.

namespace {

/// To be raised when the same file would be stored otherwise than before.
constexpr const char* parser_version = "1";

/// How much of changed files is kept in memory between the passes.
constexpr std::size_t kept_bytes = 64 << 20;

constexpr std::int64_t ns_per_ms = 1'000'000;
constexpr std::int64_t ns_per_second = 1'000'000'000;

/// Where a stop is looked for.
constexpr std::size_t files_per_check = 64;

/// A std::exception, so that a transaction rolls back.
struct stop_asked : std::exception {};

/// A file whose row must be written.
struct pending_file {
  found_file file;
  content_key key;
  std::string hash;
  std::optional<content_document> document; ///< none: read it again
};

class source_sync {
public:
  source_sync(database& db, const content_source& source,
              const sync_options& options, sync_observer& observer)
      : db_{db}, source_{source}, options_{options}, observer_{observer},
        store_{db, source.source_id.empty() ? source.name : source.source_id} {}

  sync_report run() {
    auto found = find_files();
    if (!found)
      return std::move(report_);
    try {
      compare(*found);
      write();
    } catch (const stop_asked&) {
      report_ = {};
      report_.stopped = true;
    }
    return std::move(report_);
  }

private:
  void fault(const std::string& path, const content_fault& what) {
    auto place = path.empty() ? source_.path : source_.path / path;
    report_.faults.push_back(place.string() + ":" + std::to_string(what.line)
                             + ": " + what.reason);
    ++report_.counts.failed;
  }

  /// @param seen files of the pass, the next one included
  void check_stop(std::size_t seen) {
    if (seen % files_per_check == 0 && observer_.stop_requested())
      throw stop_asked{};
  }

  std::optional<found_files> find_files() {
    std::error_code code;
    if (!std::filesystem::is_directory(source_.path, code)) {
      fault("",
            {1, "the folder of source " + source_.name + " does not exist"});
      return std::nullopt;
    }
    auto found = find_content(source_.path, source_.recursive);
    report_.counts.found
        = static_cast<std::int64_t>(found.files.size() + found.faults.size());
    for (const auto& [path, reason] : found.faults)
      fault(path, {1, reason});
    if (report_.counts.found == 0)
      observer_.warned(source_.path.string() + ": source " + source_.name
                       + " holds no content");
    return found;
  }

  void compare(const found_files& found) {
    for (auto& row : store_.rows())
      stored_.emplace(row.key, std::move(row));
    for (const auto& [key, row] : stored_)
      by_path_.emplace(row.file.path, &row);
    // A file that did not change is stored otherwise under other settings.
    trusted_ = store_.settings_hash() == settings_hash();
    std::size_t seen = 0;
    for (const auto& file : found.files) {
      check_stop(++seen);
      look_at(file);
      observer_.progressed(
          source_, {sync_pass::reading, seen, found.files.size(), file.path});
    }
    refuse_shared_keys();
    count();
  }

  void look_at(const found_file& file) {
    if (auto it = by_path_.find(file.path);
        trusted_ && it != by_path_.end() && file.mtime >= 0
        && it->second->file.mtime == file.mtime
        && it->second->file.size == file.size) {
      paths_of_[it->second->key].push_back(file.path);
      return;
    }
    auto document = read(file);
    if (!document)
      return fault(file.path, document.error());
    pending_file changed{file,
                         {document->slug, document->locale},
                         document->version_hash(),
                         std::nullopt};
    changed.file.mtime = trustworthy_mtime(file.mtime);
    paths_of_[changed.key].push_back(file.path);
    kept_ += document->body.size();
    if (kept_ <= kept_bytes)
      changed.document = std::move(*document);
    pending_.push_back(std::move(changed));
  }

  tl::expected<content_document, content_fault> read(const found_file& file) {
    auto text = read_text_file(source_.path / file.path);
    if (!text)
      return tl::unexpected{text.error()};
    return parse_content(*text, source_, file.path);
  }

  /// A file written just now may be written once more without its mtime
  /// showing it: such an mtime proves nothing, and -1 is stored. How soon is
  /// too soon depends on the file system's resolution.
  std::int64_t trustworthy_mtime(std::int64_t mtime) const {
    auto now = options_.now.time_since_epoch().count() * ns_per_ms;
    auto doubt
        = mtime % ns_per_second == 0 ? 2 * ns_per_second : 20 * ns_per_ms;
    return mtime + doubt < now ? mtime : -1;
  }

  /// Nobody can know which of two files with one key is meant: neither is
  /// published.
  void refuse_shared_keys() {
    for (const auto& [key, paths] : paths_of_) {
      if (paths.size() < 2)
        continue;
      refused_.insert(key);
      for (const auto& path : paths) {
        const auto& other = path == paths[0] ? paths[1] : paths[0];
        fault(path,
              {1, "slug \"" + key.slug + "\", locale " + key.locale
                      + " is also that of " + (source_.path / other).string()});
      }
    }
    std::erase_if(pending_, [this](const pending_file& each) {
      return refused_.contains(each.key);
    });
  }

  void count() {
    auto& counts = report_.counts;
    std::int64_t changed = 0;
    for (const auto& each : pending_) {
      auto it = stored_.find(each.key);
      if (it == stored_.end()) {
        ++counts.inserted;
        observer_.decided(sync_change::insert, source_, each.file.path);
      } else if (it->second.version_hash == each.hash) {
        continue;
      } else if (source_.override_existing) {
        ++counts.updated;
        observer_.decided(sync_change::update, source_, each.file.path);
      } else {
        ++counts.skipped;
      }
      ++changed;
    }
    auto good = static_cast<std::int64_t>(paths_of_.size() - refused_.size());
    counts.unchanged = good - changed;
    // A row may be missed only when all that there is could be read.
    if (options_.delete_missing && counts.failed == 0 && counts.found > 0)
      for (const auto& [key, row] : stored_)
        if (!paths_of_.contains(key))
          gone_.push_back(row.id);
    counts.deleted = static_cast<std::int64_t>(gone_.size());
  }

  void write() {
    auto settings = settings_hash();
    if (!options_.change || (pending_.empty() && gone_.empty() && trusted_))
      return;
    auto before = report_;
    db_.transact([&] {
      report_ = before; // the transaction may be run again
      auto now = format_utc(options_.now);
      std::size_t seen = 0;
      for (auto& each : pending_) {
        check_stop(++seen);
        write_file(each, now);
        observer_.progressed(source_, {sync_pass::writing, seen,
                                       pending_.size(), each.file.path});
      }
      for (auto id : gone_)
        store_.remove(id);
      store_.set_settings_hash(settings, now);
    });
  }

  void write_file(pending_file& each, const std::string& now) {
    auto it = stored_.find(each.key);
    if (it != stored_.end() && it->second.version_hash == each.hash)
      return store_.touch(it->second.id, each.file);
    if (it != stored_.end() && !source_.override_existing)
      return;
    if (each.document)
      return store_.put(*each.document, each.hash, each.file, now);
    auto document = read(each.file);
    if (document && document->version_hash() == each.hash)
      return store_.put(*document, each.hash, each.file, now);
    --(it == stored_.end() ? report_.counts.inserted : report_.counts.updated);
    fault(each.file.path, {1, "the file changed while it was published"});
  }

  std::string settings_hash() const {
    text_hash hash;
    hash.add(parser_version).add(source_.category_id);
    for (const auto& kind : source_.allowed_content_types)
      hash.add(kind);
    return hash.finish();
  }

  database& db_;
  const content_source& source_;
  const sync_options options_;
  sync_observer& observer_;
  content_store store_;
  sync_report report_;
  bool trusted_ = false; ///< whether mtime and size may speak for a file
  std::map<content_key, stored_content> stored_;
  std::unordered_map<std::string, const stored_content*> by_path_;
  std::map<content_key, std::vector<std::string>> paths_of_;
  std::set<content_key> refused_;
  std::vector<pending_file> pending_;
  std::size_t kept_ = 0;
  std::vector<std::int64_t> gone_;
};

} // namespace

sync_report sync_source(database& db, const content_source& source,
                        const sync_options& options, sync_observer& observer) {
  return source_sync{db, source, options, observer}.run();
}

} // namespace jobq
