#include "extensions/parameters.hpp"

namespace jobq {

bool parameter_reader::has(std::string_view name) const {
  return given_.contains(std::string{name});
}

std::string parameter_reader::text(std::string_view name) const {
  if (auto it = given_.find(std::string{name}); it != given_.end())
    return it->second;
  for (const auto& spec : function_.parameters)
    if (spec.name == name)
      return spec.default_value;
  return {};
}

std::int64_t parameter_reader::integer(std::string_view name) const {
  return read_integer(text(name)).value_or(0);
}

bool parameter_reader::boolean(std::string_view name) const {
  return read_boolean(text(name)).value_or(false);
}

} // namespace jobq
