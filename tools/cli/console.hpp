#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "tools/cli/style.hpp"

namespace jobq {

/// Writes all of a text somewhere.
/// @returns 0, or the errno of the write that failed
using text_writer = std::function<int(std::string_view)>;

/// Where a command prints: results to the output, the rest to the diagnostics.
/// Not thread-safe.
class console {
public:
  struct options {
    style look;
    bool quiet = false;
    bool json = false;
    bool live = false; ///< diagnostics go to a terminal: progress is shown
  };

  console(text_writer output, text_writer diagnostics, options how)
      : output_{std::move(output)},
        diagnostics_{std::move(diagnostics)}, how_{std::move(how)} {}

  const style& look() const { return how_.look; }
  bool json() const { return how_.json; }
  bool quiet() const { return how_.quiet; }

  /// What was asked for.
  void print(std::string_view text);
  /// What a person may like to know; not with `--quiet`.
  void note(std::string_view line);
  /// What went wrong.
  void complain(std::string_view message);
  /// Diagnostics as they are.
  void report(std::string_view text);
  /// Replaces the line of progress at the bottom of a terminal.
  void progress(std::string_view line);
  /// Takes that line away.
  void end_progress();

  /// Whether nobody reads the output any more.
  bool gone() const { return gone_; }
  /// Why the output could not be written; 0 when it could.
  int failure() const { return failure_; }

private:
  text_writer output_;
  text_writer diagnostics_;
  options how_;
  bool in_progress_ = false;
  bool gone_ = false;
  int failure_ = 0;
};

/// Writes to a file descriptor, all of the text.
text_writer write_to(int descriptor);

} // namespace jobq
