#include "jobs/config_files.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <system_error>

#include "jobs/config_source.hpp"
#include "jobs/config_values.hpp"

namespace jobq {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 4> sections{
    "includes", "scheduler", "content_sources", "database"};

/// Bounds for files that include many files; far above any real one.
constexpr std::size_t most_files = 1'000;
constexpr std::size_t deepest_chain = 64;
constexpr std::size_t most_bytes = std::size_t{64} << 20;

/// One file by whatever path it is reached.
fs::path identity(const fs::path& file) {
  std::error_code failed;
  auto real = fs::canonical(file, failed);
  return failed ? fs::absolute(file, failed).lexically_normal() : real;
}

/// `file` without `.` and `..`, unless a symbolic link makes that another file.
fs::path tidy(const fs::path& file) {
  auto normal = file.lexically_normal();
  std::error_code failed;
  return !fs::exists(file, failed) || fs::equivalent(file, normal, failed)
             ? normal
             : file;
}

class file_walker {
public:
  file_walker(config_faults& faults, const section_visitor& visit)
      : faults_{faults}, visit_{visit} {}

  void read(const fs::path& file, const config_scope* parent,
            const config_node* entry) {
    chain_.push_back({file.string(), identity(file)});
    read_last(file, parent, entry);
    chain_.pop_back();
  }

  config_files take() { return std::move(out_); }

private:
  struct link {
    std::string name;
    fs::path identity;
  };

  std::string chain() const {
    std::string text;
    for (const auto& file : chain_)
      text += (text.empty() ? "" : " -> ") + file.name;
    return text;
  }

  void read_last(const fs::path& path, const config_scope* parent,
                 const config_node* entry) {
    config_file file;
    std::error_code failed;
    file.path = fs::absolute(path, failed);
    file.name = path.string();
    auto text = read_config_text(path);
    if (!text) {
      out_.complete = false;
      if (parent != nullptr && text.error().line == 1
          && text.error().column == 1)
        parent->error(*entry, "includes: " + file.name + ' '
                                  + text.error().message + " (" + chain()
                                  + ')');
      else
        report(file, std::move(text.error()));
      if (parent == nullptr)
        remember(file);
      return;
    }
    remember(file);
    file.text = std::move(*text);
    file.index_lines();
    bytes_ += file.text.size();
    auto tree = parse_config_tree(file.text);
    if (!tree) {
      out_.complete = false;
      report(file, std::move(tree.error()));
      return;
    }
    file.tree = std::move(*tree);
    read_sections(file);
  }

  void remember(const config_file& file) {
    out_.paths.push_back(file.path.lexically_normal());
    out_.names.push_back(file.name);
    seen_.insert(chain_.back().identity);
  }

  void report(const config_file& file, text_fault fault) {
    faults_.add({severity::error,
                 file.place(fault.line, fault.column),
                 {},
                 std::move(fault.message)});
  }

  void read_sections(const config_file& file) {
    const config_scope scope{file, faults_, {}};
    const auto* root = file.tree.root;
    if (root == nullptr || root->is_null()
        || (root->is_map() && root->items.empty())) {
      report(file, {1, 1, "is empty: expected a `scheduler:` section"});
      out_.complete = false;
      return;
    }
    out_.complete = out_.complete && root->is_map();
    const section_reader in{scope, *root, "", sections};
    for (const auto section : sections)
      if (const auto* entry = in.find(section);
          entry != nullptr && section != "includes")
        visit_(scope, section, *entry->value);
    if (const auto items = in.list("includes"))
      for (const auto* item : *items)
        include(scope, *item);
    else if (in.find("includes") != nullptr)
      out_.complete = false;
  }

  void include(const config_scope& scope, const config_node& item) {
    const auto text = read_text(scope, item, "includes");
    if (!text) {
      out_.complete = false;
      return;
    }
    if (text->empty()) {
      scope.error(item, "includes: an empty path");
      out_.complete = false;
      return;
    }
    const auto path = tidy(fs::path{scope.file.name}.parent_path() / *text);
    const auto id = identity(path);
    const bool cycle
        = std::any_of(chain_.begin(), chain_.end(),
                      [&](const link& above) { return above.identity == id; });
    if (cycle) {
      scope.error(item,
                  "includes: a cycle: " + chain() + " -> " + path.string());
      return;
    }
    if (seen_.count(id) > 0)
      return;
    if (chain_.size() >= deepest_chain || out_.paths.size() >= most_files
        || bytes_ >= most_bytes) {
      if (out_.complete)
        scope.error(item, "includes: too much: at most 1,000 files, 64 deep, "
                          "64 MiB in all");
      out_.complete = false;
      return;
    }
    read(path, &scope, &item);
  }

  config_faults& faults_;
  const section_visitor& visit_;
  config_files out_;
  std::vector<link> chain_;
  std::set<fs::path> seen_;
  std::size_t bytes_ = 0;
};

} // namespace

config_files read_config_files(const fs::path& root, config_faults& faults,
                               const section_visitor& visit) {
  file_walker walker{faults, visit};
  walker.read(root, nullptr, nullptr);
  return walker.take();
}

} // namespace jobq
