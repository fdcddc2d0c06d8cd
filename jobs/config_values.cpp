#include "jobs/config_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace jobq {

namespace {

/// `1`, `0.5`: without trailing zeros.
std::string to_text(double value) {
  std::array<char, 32> buffer{};
  const auto done
      = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), done.ptr};
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
}

constexpr std::array<std::pair<std::string_view, int>, 6> size_units{
    {{"", 0}, {"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}}};

} // namespace

std::string quoted_for_message(std::string_view text) {
  constexpr std::size_t longest = 60;
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out = "\"";
  std::size_t characters = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    // Only the first byte of a character counts, so that none is cut apart.
    if ((byte & 0xC0U) != 0x80U && ++characters > longest) {
      out += "…";
      break;
    }
    if (byte < 0x20 || byte == 0x7F) {
      out += "\\x";
      out += hex[byte >> 4U];
      out += hex[byte & 15U];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

result<std::uint64_t> parse_size(std::string_view text) {
  auto refuse = [&](std::string why) {
    return fail(errc::invalid_argument,
                quoted_for_message(text) + " is not a size: " + std::move(why));
  };
  const auto digits
      = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits == 0)
    return refuse("write a whole number with a unit, such as 512MiB");
  const auto unit = text.substr(digits);
  const auto* known = std::find_if(size_units.begin(), size_units.end(),
                                   [&](auto& u) { return u.first == unit; });
  if (known == size_units.end()) {
    // `512MB`, `512M`, `512 mib`: the binary unit of the same letter is meant.
    const auto first = unit.find_first_not_of(' ');
    const auto letter = first == std::string_view::npos ? ' ' : unit[first];
    const auto upper = letter >= 'a' && letter <= 'z'
                           ? static_cast<char>(letter - 'a' + 'A')
                           : letter;
    if (digits <= 20 && unit.size() <= 4
        && std::string_view{"KMGT"}.find(upper) != std::string_view::npos)
      return refuse("did you mean \"" + std::string{text.substr(0, digits)}
                    + upper + "iB\"?");
    return refuse("the units are KiB, MiB, GiB and TiB");
  }
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + digits, value);
  if (read.ec != std::errc{}
      || value > (std::uint64_t{1} << 62U)
             >> static_cast<unsigned>(known->second))
    return refuse("too large");
  return value << static_cast<unsigned>(known->second);
}

result<bool> parse_boolean(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE")
    return true;
  if (text == "false" || text == "False" || text == "FALSE")
    return false;
  return fail(errc::invalid_argument, quoted_for_message(text)
                                          + " is not a boolean: write true or "
                                            "false");
}

result<std::int64_t> parse_integer(std::string_view text, std::int64_t low,
                                   std::int64_t high) {
  auto digits = text;
  if (digits.starts_with('-') || digits.starts_with('+'))
    digits.remove_prefix(1);
  if (!all_digits(digits))
    return fail(errc::invalid_argument,
                quoted_for_message(text) + " is not a whole number");
  if (text.starts_with('+'))
    text.remove_prefix(1);
  std::int64_t value = 0;
  const auto read
      = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || value < low || value > high)
    return fail(
        errc::invalid_argument,
        (text.size() <= 20 ? std::string{text} : quoted_for_message(text))
            + " is out of range " + std::to_string(low) + ".."
            + std::to_string(high));
  return value;
}

result<double> parse_number(std::string_view text, double low, double high) {
  double value = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (text.empty() || read.ec != std::errc{} || read.ptr != end
      || !std::isfinite(value))
    return fail(errc::invalid_argument,
                quoted_for_message(text) + " is not a number");
  if (value < low || value > high)
    return fail(errc::invalid_argument, std::string{text.substr(0, 60)}
                                            + " is out of range " + to_text(low)
                                            + ".." + to_text(high));
  return value;
}

bool is_word(std::string_view name) noexcept {
  return !name.empty() && name.size() <= 64
         && std::all_of(name.begin(), name.end(), [](char c) {
              return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                     || (c >= '0' && c <= '9') || c == '_' || c == '.'
                     || c == '-';
            });
}

} // namespace jobq
