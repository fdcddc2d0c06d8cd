#include "queue/standing_claim.hpp"

#include <algorithm>
#include <utility>

namespace jobq {
namespace {

/// By one claim: other commands wait for it.
constexpr std::uint32_t most_claimed = 2'000;

} // namespace

void standing_claim::begin(claimer who) {
  who_ = std::make_shared<const claimer>(std::move(who));
  wanted_ = 0;
  claimable_ = true;
}

void standing_claim::want(std::uint32_t runs) {
  if (who_)
    wanted_ += runs;
}

void standing_claim::end() {
  who_.reset();
  wanted_ = 0;
}

std::optional<standing_claim::order> standing_claim::next() {
  if (wanted_ == 0)
    return std::nullopt;
  const auto limit = std::min(wanted_, most_claimed);
  wanted_ -= limit;
  return order{who_, limit};
}

bool standing_claim::settle(const std::optional<order>& claim,
                            const result<commit_report>& came) {
  claimable_ = came && came->claimable; // not until a commit succeeds
  if (!claim)
    return true;
  return settle(*claim, came ? came->replies.back()
                             : result<reply>{tl::unexpect, came.error()});
}

bool standing_claim::settle(const order& claim, const result<reply>& came) {
  const bool same = who_ == claim.who;
  if (!came) {
    if (same)
      wanted_ = 0;
    return true;
  }
  const auto brought = static_cast<std::uint32_t>(came->runs.size());
  if (same)
    wanted_ += claim.limit - std::min(claim.limit, brought);
  return brought > 0 || !came->completions.empty() || !came->unread.empty();
}

} // namespace jobq
