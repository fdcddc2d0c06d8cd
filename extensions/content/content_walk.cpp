#include "extensions/content/content_walk.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <set>
#include <string_view>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

namespace jobq {

namespace {

constexpr int max_depth = 64;
constexpr std::int64_t ns_per_second = 1'000'000'000;

class walk {
public:
  walk(std::string root, bool recursive)
      : root_{std::move(root)}, recursive_{recursive} {}

  found_files run() {
    list("", 0);
    std::sort(found_.files.begin(), found_.files.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
    std::sort(found_.faults.begin(), found_.faults.end());
    return std::move(found_);
  }

private:
  using identity = std::pair<dev_t, ino_t>;

  void fault(const std::string& path, std::string reason) {
    found_.faults.emplace_back(path, std::move(reason));
  }

  /// @param below the folder's path relative to the root, with a `/` at its end
  void list(const std::string& below, int depth) {
    struct closer {
      void operator()(DIR* open) const { ::closedir(open); }
    };
    std::unique_ptr<DIR, closer> folder{
        ::opendir((root_ + "/" + below).c_str())};
    struct stat status {};
    if (!folder || ::fstat(::dirfd(folder.get()), &status) != 0)
      return fault(below,
                   std::string{"can't be read: "} + std::strerror(errno));
    identity here{status.st_dev, status.st_ino};
    if (std::find(above_.begin(), above_.end(), here) != above_.end())
      return fault(below, "a symbolic link leads back to a folder above it");
    if (!visited_.insert(here).second)
      return;
    if (depth > max_depth)
      return fault(below, "folders are nested too deeply");
    above_.push_back(here);
    while (const auto* entry = ::readdir(folder.get()))
      look(::dirfd(folder.get()), below, *entry, depth);
    above_.pop_back();
  }

  void look(int folder, const std::string& below, const dirent& entry,
            int depth) {
    std::string_view name{entry.d_name};
    bool markdown = name.ends_with(".md");
    if (name.starts_with('.') || (entry.d_type == DT_REG && !markdown))
      return;
    auto path = below + entry.d_name;
    struct stat status {};
    if (::fstatat(folder, entry.d_name, &status, 0) != 0) {
      if (markdown)
        fault(path, std::string{"can't be read: "} + std::strerror(errno));
      return;
    }
    if (S_ISDIR(status.st_mode)) {
      if (recursive_)
        list(path + "/", depth + 1);
    } else if (markdown && S_ISREG(status.st_mode)) {
      found_.files.push_back(
          {path, status.st_mtim.tv_sec * ns_per_second + status.st_mtim.tv_nsec,
           status.st_size});
    } else if (markdown) {
      fault(path, "this is no plain file");
    }
  }

  const std::string root_;
  const bool recursive_;
  found_files found_;
  std::set<identity> visited_;
  std::vector<identity> above_; ///< the folders that are being listed
};

} // namespace

found_files find_content(const std::filesystem::path& folder, bool recursive) {
  return walk{folder.string(), recursive}.run();
}

} // namespace jobq
