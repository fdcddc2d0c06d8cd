#include "jobs/config_source.hpp"

#include <cerrno>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jobq {

namespace {

/// An open file descriptor, closed with its scope.
class descriptor {
public:
  explicit descriptor(int fd) : fd_{fd} {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  int get() const noexcept { return fd_; }

private:
  int fd_;
};

tl::unexpected<text_fault> refuse(std::string message) {
  return tl::unexpected<text_fault>(text_fault{1, 1, std::move(message)});
}

std::string reason_of(int code) {
  if (code == ENOENT)
    return "no such file";
  return std::generic_category().message(code);
}

/// What is wrong with the kind of file, or an empty string.
std::string fault_of_kind(const struct stat& info) {
  if (S_ISREG(info.st_mode))
    return {};
  if (S_ISDIR(info.st_mode))
    return "is a directory, expected a YAML file";
  if (S_ISFIFO(info.st_mode))
    return "is a pipe, expected a regular file";
  if (S_ISSOCK(info.st_mode))
    return "is a socket, expected a regular file";
  return "is a device, expected a regular file";
}

/// The length of the UTF-8 sequence that begins at `at`, 0 when it is malformed
/// (overlong forms, surrogates and values past U+10FFFF included).
std::size_t sequence_length(std::string_view text, std::size_t at) {
  auto byte = [&](std::size_t offset) -> unsigned {
    return at + offset < text.size()
               ? static_cast<unsigned char>(text[at + offset])
               : 0U;
  };
  auto follows
      = [&](std::size_t offset) { return (byte(offset) & 0xC0U) == 0x80U; };
  const unsigned lead = byte(0);
  if (lead < 0x80)
    return 1;
  if (lead >= 0xC2 && lead <= 0xDF)
    return follows(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = lead == 0xED ? 0x9F : 0xBF;
    return byte(1) >= low && byte(1) <= high && follows(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;
    return byte(1) >= low && byte(1) <= high && follows(2) && follows(3) ? 4
                                                                         : 0;
  }
  return 0;
}

} // namespace

text_fault check_text(std::string_view text) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    return {1, 1, "is UTF-16 text, expected UTF-8"};
  int line = 1;
  std::size_t line_start = 0;
  for (std::size_t at = 0; at < text.size();) {
    auto here = [&](std::string message) {
      return text_fault{line, static_cast<int>(at - line_start) + 1,
                        std::move(message)};
    };
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte == '\n') {
      ++line;
      line_start = ++at;
    } else if (byte == 0) {
      return here("is not text: it holds a NUL byte");
    } else if (byte == '\r'
               && (at + 1 == text.size() || text[at + 1] != '\n')) {
      return here("carriage return without a line feed: end lines with LF or "
                  "CR LF");
    } else if (const auto length = sequence_length(text, at); length > 0) {
      at += length;
    } else {
      return here("is not valid UTF-8");
    }
  }
  return {};
}

tl::expected<std::string, text_fault>
read_config_text(const std::filesystem::path& file) {
  // Looked at before it is opened, since opening a device can act on it; and
  // again after, since another file may stand there by then.
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0)
    return refuse("cannot be read: " + reason_of(errno));
  if (auto fault = fault_of_kind(info); !fault.empty())
    return refuse(std::move(fault));
  const descriptor in{
      ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  if (in.get() < 0 || ::fstat(in.get(), &info) != 0)
    return refuse("cannot be read: " + reason_of(errno));
  if (auto fault = fault_of_kind(info); !fault.empty())
    return refuse(std::move(fault));

  const std::string too_large
      = "is larger than 16 MiB, the most that a configuration file may have";
  if (static_cast<std::uintmax_t>(info.st_size) > max_config_bytes)
    return refuse(too_large);
  // The size is a hint only: files of /proc say 0, others grow meanwhile.
  std::string text;
  std::size_t used = 0;
  for (;;) {
    if (used == text.size())
      text.resize(used == 0 ? static_cast<std::size_t>(info.st_size) + 4096
                            : used * 2);
    const auto got = ::read(in.get(), text.data() + used, text.size() - used);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return refuse("cannot be read: " + reason_of(errno));
    if (got == 0)
      break;
    used += static_cast<std::size_t>(got);
    if (used > max_config_bytes)
      return refuse(too_large);
  }
  text.resize(used);
  if (text.starts_with("\xEF\xBB\xBF"))
    text.erase(0, 3);
  if (auto fault = check_text(text); !fault.message.empty())
    return tl::unexpected<text_fault>(std::move(fault));
  return text;
}

} // namespace jobq
