#include "extensions/content/sync_counts.hpp"

namespace jobq {

sync_counts& sync_counts::operator+=(const sync_counts& other) {
  found += other.found;
  inserted += other.inserted;
  updated += other.updated;
  unchanged += other.unchanged;
  skipped += other.skipped;
  deleted += other.deleted;
  failed += other.failed;
  return *this;
}

std::map<std::string, std::int64_t> sync_counts::by_name() const {
  return {{"found", found},     {"inserted", inserted},
          {"updated", updated}, {"unchanged", unchanged},
          {"skipped", skipped}, {"deleted", deleted},
          {"failed", failed}};
}

std::string sync_counts::summary(bool change) const {
  std::string text = std::to_string(found) + " files found";
  auto add = [&text](const char* word, std::int64_t count) {
    if (count > 0)
      text += std::string{", "} + std::to_string(count) + " " + word;
  };
  add("inserted", inserted);
  add("updated", updated);
  add("unchanged", unchanged);
  add("skipped", skipped);
  add("deleted", deleted);
  add("failed", failed);
  return change ? text : text + " (nothing was changed)";
}

} // namespace jobq
