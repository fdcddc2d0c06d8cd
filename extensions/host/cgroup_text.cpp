#include "extensions/host/cgroup_text.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>

namespace jobq::hosting {

namespace {

template <class Number>
Number number_of(std::string_view text) {
  Number made{};
  std::from_chars(text.data(), text.data() + text.size(), made);
  return made;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> made;
  std::istringstream stream{std::string{text}};
  for (std::string line; std::getline(stream, line);)
    made.push_back(line);
  return made;
}

bool is_octal(char digit) {
  return digit >= '0' && digit <= '7';
}

/// The kernel writes white space and backslashes in paths as `\040`.
std::string unescaped(const std::string& text) {
  std::string made;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()
        && std::all_of(&text[i + 1], &text[i + 4], is_octal)) {
      made += static_cast<char>((text[i + 1] - '0') * 64
                                + (text[i + 2] - '0') * 8 + text[i + 3] - '0');
      i += 3;
    } else {
      made += text[i];
    }
  }
  return made;
}

} // namespace

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> made;
  std::istringstream stream{std::string{text}};
  for (std::string word; stream >> word;)
    made.push_back(word);
  return made;
}

std::vector<cgroup_mount> cgroup_mounts(std::string_view mountinfo) {
  std::vector<cgroup_mount> made;
  for (const auto& line : lines_of(mountinfo)) {
    // ID PARENT DEVICE ROOT POINT OPTIONS [TAG...] - TYPE SOURCE OPTIONS
    const auto words = words_of(line);
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (dash - words.begin() >= 6 && words.end() - dash >= 2
        && *(dash + 1) == "cgroup2")
      made.push_back({unescaped(words[3]), unescaped(words[4])});
  }
  return made;
}

std::optional<std::string> cgroup_of(std::string_view text) {
  for (const auto& line : lines_of(text))
    if (line.starts_with("0::/"))
      return line.substr(3);
  return std::nullopt;
}

std::optional<std::filesystem::path> directory_of(const cgroup_mount& mount,
                                                  const std::string& group) {
  const auto root = mount.root == "/" ? std::string{} : mount.root;
  if (!group.starts_with(root))
    return std::nullopt;
  auto rest = group.substr(root.size());
  if (!rest.empty() && rest.front() != '/')
    return std::nullopt;
  // A group outside of the namespace is shown as `/../other`.
  if ((rest + "/").find("/../") != std::string::npos)
    return std::nullopt;
  while (!rest.empty() && rest.back() == '/')
    rest.pop_back();
  return mount.point.string() + rest;
}

std::vector<pid_t> pids_of(std::string_view text) {
  std::vector<pid_t> made;
  for (const auto& word : words_of(text))
    made.push_back(number_of<pid_t>(word));
  return made;
}

std::uint64_t value_of(std::string_view text, std::string_view key) {
  for (const auto& line : lines_of(text))
    if (const auto words = words_of(line); words.size() == 2 && words[0] == key)
      return number_of<std::uint64_t>(words[1]);
  return 0;
}

std::filesystem::path unit_of(const std::filesystem::path& directory) {
  for (auto part = directory; part.has_relative_path();
       part = part.parent_path())
    if (part.extension() == ".service" || part.extension() == ".scope")
      return part;
  return {};
}

} // namespace jobq::hosting
