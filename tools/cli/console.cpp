#include "tools/cli/console.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace jobq {

void console::print(std::string_view text) {
  end_progress();
  if (gone_ || failure_ != 0 || text.empty())
    return;
  const auto failed = output_(text);
  if (failed == EPIPE)
    gone_ = true;
  else
    failure_ = failed;
}

void console::note(std::string_view line) {
  if (how_.quiet)
    return;
  report(std::string{line} + "\n");
}

void console::complain(std::string_view message) {
  report("jobq: " + std::string{message} + "\n");
}

void console::report(std::string_view text) {
  end_progress();
  // There is nowhere to say that this failed.
  static_cast<void>(diagnostics_(text));
}

void console::progress(std::string_view line) {
  if (!how_.live || how_.quiet)
    return;
  in_progress_ = true;
  static_cast<void>(diagnostics_("\r\033[K" + std::string{line}));
}

void console::end_progress() {
  if (!std::exchange(in_progress_, false))
    return;
  static_cast<void>(diagnostics_("\r\033[K"));
}

text_writer write_to(int descriptor) {
  return [descriptor](std::string_view text) {
    while (!text.empty()) {
      const auto written = ::write(descriptor, text.data(), text.size());
      if (written >= 0) {
        text.remove_prefix(static_cast<std::size_t>(written));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        pollfd ready{descriptor, POLLOUT, 0};
        static_cast<void>(::poll(&ready, 1, -1));
      } else if (errno != EINTR) {
        return errno;
      }
    }
    return 0;
  };
}

} // namespace jobq
