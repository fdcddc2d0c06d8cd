#pragma once

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace jobq::test {

/// How long something takes as a rule: the median of a block of measurements.
/// A machine that is busy with others can delay a whole block, so one that is
/// not below `bound` is repeated, four times at most.
/// @param measure takes one measurement
/// @returns the smallest median of the blocks
template <class Duration, class Measure>
Duration median_below(Duration bound, int block, Measure measure) {
  auto best = Duration::max();
  for (int repeats = 0; repeats < 5 && best >= bound; ++repeats) {
    std::vector<Duration> taken;
    for (int i = 0; i < block && !testing::Test::HasFailure(); ++i)
      taken.push_back(measure());
    if (testing::Test::HasFailure())
      break;
    const auto middle = taken.begin() + block / 2;
    std::nth_element(taken.begin(), middle, taken.end());
    best = std::min(best, *middle);
  }
  return best;
}

} // namespace jobq::test
