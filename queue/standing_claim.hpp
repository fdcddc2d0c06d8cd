#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "queue/committer.hpp"

namespace jobq {

/// The runs that are wanted of a committer, who wants them, and whether there
/// may be any. A plain value; its committer locks it.
class standing_claim {
public:
  /// A claim to be carried out, and for whom.
  struct order {
    std::shared_ptr<const claimer> who;
    std::uint32_t limit = 0;

    command::claim command() const { return {who->owner, limit, who->now()}; }
  };

  /// Nothing is wanted at first, and anything may be there.
  void begin(claimer who);
  void want(std::uint32_t runs);
  void end();

  /// Whether a claim may bring something that is wanted.
  bool open() const { return claimable_ && wanted_ > 0; }

  /// The next claim, if anything is wanted. What it asks for is not wanted
  /// until `settle`.
  std::optional<order> next();

  /// After each commit. What a claim did not bring is wanted again, nothing if
  /// it failed.
  /// @param claim the last of the commit's commands, if it was one
  /// @returns whether all answers are to be given: not that of a claim that
  ///   came to nothing
  bool settle(const std::optional<order>& claim,
              const result<commit_report>& came);

private:
  bool settle(const order& claim, const result<reply>& came);

  std::shared_ptr<const claimer> who_;
  std::uint32_t wanted_ = 0;
  bool claimable_ = true; ///< for all that is known
};

} // namespace jobq
