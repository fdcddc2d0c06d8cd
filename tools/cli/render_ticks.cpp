#include "tools/cli/render_ticks.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "tools/cli/table.hpp"

namespace jobq {

namespace {

/// How a fate looks. Fates that mean the same to a person share a mark.
struct fate_mark {
  std::string_view fate;
  std::string_view sign;  ///< one column wide
  std::string_view plain; ///< without Unicode
  tone how;
  std::string_view legend; ///< empty: the one before it speaks for both
};

constexpr std::array<fate_mark, 9> marks{
    {{"fired", "■", "#", tone::good, "fired"},
     {"coalesced", "□", "c", tone::dim, "coalesced"},
     {"skipped_overlap", "▲", "s", tone::warn, "skipped"},
     {"engine_down", "×", "x", tone::bad,
      "missed (engine_down, expired, over_limit)"},
     {"expired", "×", "x", tone::bad, ""},
     {"over_limit", "×", "x", tone::bad, ""},
     {"disabled", "·", ".", tone::dim, "off (disabled, paused)"},
     {"paused", "·", ".", tone::dim, ""},
     {"dst_gap", "○", "o", tone::plain, "dst_gap"}}};

const fate_mark* mark_of(const std::string& fate) {
  const auto found
      = std::find_if(marks.begin(), marks.end(),
                     [&](const auto& each) { return each.fate == fate; });
  return found == marks.end() ? nullptr : &*found;
}

std::string sign_of(const fate_mark* mark, const style& look) {
  if (mark == nullptr)
    return "?";
  return paint(look, mark->how, look.unicode ? mark->sign : mark->plain);
}

std::size_t count_of(const json& tick) {
  return has_value(tick, "count")
             ? static_cast<std::size_t>(number_of(tick, "count"))
             : 1;
}

} // namespace

std::string render_ticks(const json& ticks, const style& look) {
  std::vector<table_row> rows;
  for (const auto& tick : ticks) {
    const auto fate = text_of(tick, "fate");
    const auto* mark = mark_of(fate);
    const auto single = has_value(tick, "nominal_time");
    rows.push_back(
        {{text_of(tick, "job"), tone::plain},
         {time_of(tick, single ? "nominal_time" : "from", look), tone::plain},
         {single ? "-" : time_of(tick, "to", look), tone::plain},
         {std::to_string(count_of(tick)), tone::plain},
         {fate, mark == nullptr ? tone::plain : mark->how},
         {text_or(tick, "run_id", "-"), tone::dim},
         {text_or(tick, "reason", "-"), tone::plain}});
  }
  return render_table({"JOB", "TIME", "TO", "TICKS", "FATE", "RUN", "REASON"},
                      rows, look);
}

std::string render_strip(const json& ticks, const style& look) {
  std::vector<std::string> newest_first;
  for (const auto& tick : ticks) {
    const auto sign = sign_of(mark_of(text_of(tick, "fate")), look);
    const auto room = strip_length - newest_first.size();
    newest_first.insert(newest_first.end(), std::min(count_of(tick), room),
                        sign);
    if (newest_first.size() == strip_length)
      break;
  }
  std::string strip;
  for (auto sign = newest_first.rbegin(); sign != newest_first.rend(); ++sign)
    strip += *sign;
  return strip;
}

std::string strip_legend(const style& look) {
  std::string text;
  for (const auto& mark : marks)
    if (!mark.legend.empty())
      text.append(text.empty() ? "" : "  ")
          .append(sign_of(&mark, look))
          .append(" ")
          .append(mark.legend);
  return text;
}

} // namespace jobq
