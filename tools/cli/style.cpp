#include "tools/cli/style.hpp"

namespace jobq {

namespace {

std::string_view code_of(tone how) {
  switch (how) {
  case tone::plain:
    return "";
  case tone::good:
    return "\033[32m";
  case tone::bad:
    return "\033[31m";
  case tone::warn:
    return "\033[33m";
  case tone::dim:
    return "\033[2m";
  case tone::strong:
    return "\033[1m";
  }
  return "";
}

} // namespace

std::string paint(const style& look, tone how, std::string_view text) {
  const auto code = code_of(how);
  if (!look.colour || code.empty() || text.empty())
    return std::string{text};
  return std::string{code} + std::string{text} + "\033[0m";
}

tone tone_of_status(std::string_view status) {
  if (status == "succeeded" || status == "completed")
    return tone::good;
  if (status == "failed" || status == "timed_out" || status == "crashed"
      || status == "discarded")
    return tone::bad;
  if (status == "cancelled" || status == "retryable" || status == "interrupted"
      || status == "snoozed")
    return tone::warn;
  return tone::plain;
}

} // namespace jobq
