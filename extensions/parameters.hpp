#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "extensions/job_function.hpp"

namespace jobq {

/// Reads a whole decimal number that fits 64 bits, a leading `-` allowed.
std::optional<std::int64_t> read_integer(std::string_view text) noexcept;

/// Reads `true false yes no on off 1 0`, in lower case.
std::optional<bool> read_boolean(std::string_view text) noexcept;

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
