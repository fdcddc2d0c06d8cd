#include "extensions/content/text_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "extensions/database/text.hpp"

namespace jobq {

namespace {

/// The line on which the first byte stands that can't be stored.
int bad_line(std::string_view text) {
  int line = 1;
  while (!text.empty()) {
    auto end = std::min(text.find('\n'), text.size());
    if (!is_storable_text(text.substr(0, end)))
      return line;
    text.remove_prefix(std::min(end + 1, text.size()));
    ++line;
  }
  return line;
}

} // namespace

tl::expected<std::string, content_fault>
read_text_file(const std::filesystem::path& file) {
  auto trouble = [](const std::string& reason) {
    return tl::unexpected{content_fault{1, reason}};
  };
  // NONBLOCK: opening a pipe must not wait for its writer.
  int handle = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (handle < 0)
    return trouble(std::string{"can't be read: "} + std::strerror(errno));
  struct closer {
    ~closer() { ::close(handle); }
    int handle;
  } closes{handle};
  struct stat status {};
  if (::fstat(handle, &status) != 0 || !S_ISREG(status.st_mode))
    return trouble("this is no plain file");
  if (static_cast<std::uint64_t>(status.st_size) > max_text_file_bytes)
    return trouble("the file is larger than 16 MiB");
  std::string text(static_cast<std::size_t>(status.st_size) + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    auto count = ::read(handle, text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return trouble(std::string{"can't be read: "} + std::strerror(errno));
    if (count == 0)
      break;
    size += static_cast<std::size_t>(count);
  }
  if (size == text.size())
    return trouble("the file grew while it was read");
  text.resize(size);
  return text;
}

std::optional<content_fault> fault_of_text(std::string_view text,
                                           const char* expected) {
  if (text.find('\0') != text.npos)
    return content_fault{1,
                         std::string{"this is a binary file, not "} + expected};
  if (!is_storable_text(text))
    return content_fault{bad_line(text), "the text is not UTF-8"};
  return std::nullopt;
}

} // namespace jobq
