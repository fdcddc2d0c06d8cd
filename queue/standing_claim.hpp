#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "queue/committer.hpp"

namespace jobq {

/// The runs that are wanted of a committer, and who wants them: what it claims
/// as soon as there is something. A plain value; its committer locks it.
class standing_claim {
public:
  /// A claim to be carried out, and for whom.
  struct order {
    std::shared_ptr<const claimer> who;
    std::uint32_t limit = 0;

    command::claim command() const {
      return {who->owner, limit, who->now(), {}};
    }
  };

  /// Nothing is wanted at first.
  void begin(claimer who);
  void want(std::uint32_t runs);
  void end();

  /// Whether there is anything to claim for.
  bool open() const { return wanted_ > 0; }

  /// The next claim. What it asks for is not wanted until `settle`.
  std::optional<order> next();

  /// Once a claim has been carried out: what it did not bring is wanted again,
  /// nothing if it failed.
  /// @returns whether there is something to tell
  bool settle(const order& what, const result<reply>& came);

private:
  std::shared_ptr<const claimer> who_;
  std::uint32_t wanted_ = 0;
};

} // namespace jobq
