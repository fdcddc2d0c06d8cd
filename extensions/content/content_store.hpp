#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "extensions/content/content_file.hpp"
#include "extensions/content/content_walk.hpp"
#include "extensions/database/database.hpp"

namespace jobq {

/// What identifies content within a source.
struct content_key {
  std::string slug;
  std::string locale;

  auto operator<=>(const content_key&) const = default;
};

/// What the table says of a file, as far as a sync must know.
struct stored_content {
  std::int64_t id = 0;
  content_key key;
  std::string version_hash;
  found_file file; ///< as of the last sync; mtime -1: not to be trusted
};

/// The rows of table `markdown_content` of one source. Throws
/// `database_error`.
class content_store {
public:
  content_store(database& db, std::string source_id)
      : db_{db}, source_id_{std::move(source_id)} {}

  std::vector<stored_content> rows();

  /// Inserts or replaces the row of the document's key.
  /// @param now becomes `updated_at`, and `created_at` of a new row
  void put(const content_document& document, const std::string& version_hash,
           const found_file& file, const std::string& now);
  /// Remembers how a file that says the same looks now.
  void touch(std::int64_t id, const found_file& file);
  void remove(std::int64_t id);

  /// The settings that the source was last synced by; empty: never.
  std::string settings_hash();
  void set_settings_hash(const std::string& hash, const std::string& now);

private:
  database& db_;
  const std::string source_id_;
};

} // namespace jobq
