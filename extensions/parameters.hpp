#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "extensions/job_function.hpp"
#include "jobs/scalars.hpp"

namespace jobq {

/// A run's parameters with the function's defaults filled in. Only for
/// parameters that `check_parameters` found to be right.
class parameter_reader {
public:
  parameter_reader(const function_entry& function, const parameter_map& given)
      : function_{function}, given_{given} {}

  bool has(std::string_view name) const;
  std::string text(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  bool boolean(std::string_view name) const;

private:
  const function_entry& function_;
  const parameter_map& given_;
};

} // namespace jobq
