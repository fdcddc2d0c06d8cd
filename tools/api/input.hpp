#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/definition.hpp"
#include "jobs/error.hpp"
#include "jobs/run.hpp"
#include "jobs/tick.hpp"
#include "jobs/time.hpp"
#include "tools/api/json.hpp"

namespace jobq {

using query_map = std::map<std::string, std::string>;

/// Reads a request's body: an object with no other fields than these; an empty
/// body is an empty object.
/// @returns `invalid_argument` naming the place, or the unknown field with the
///   closest known one
result<json> read_body(std::string_view text,
                       const std::vector<std::string>& fields);

/// Refuses fields of an object that are not among these.
/// @returns `invalid_argument` with the closest known one
result<void> check_fields(const json& object,
                          const std::vector<std::string>& fields);

/// Refuses query parameters that a route does not know.
result<void> check_query(const query_map& query,
                         const std::vector<std::string>& names);

/// The body's field `name` as text, flag or parameters; empty when absent.
result<std::string> text_field(const json& body, const std::string& name);
result<std::optional<bool>> flag_field(const json& body,
                                       const std::string& name);
result<parameter_map> parameters_field(const json& body);

/// A query parameter as text, number or instant; empty when absent. An instant
/// is RFC 3339, or a duration that is taken back from `now`.
std::string text_query(const query_map& query, const std::string& name);
result<std::optional<std::uint64_t>> number_query(const query_map& query,
                                                  const std::string& name,
                                                  std::uint64_t min,
                                                  std::uint64_t max);
result<std::optional<time_point>>
time_query(const query_map& query, const std::string& name, time_point now);

/// A state by its own word or one that people use for it: `dead`, `executing`,
/// `queued`, `succeeded`, `failed`.
/// @returns `invalid_argument` listing the words
result<std::optional<run_state>> state_query(const query_map& query,
                                             const std::string& name);

/// A tick's fate by its word.
/// @returns `invalid_argument` listing the words
result<std::optional<tick_fate>> fate_query(const query_map& query,
                                            const std::string& name);

} // namespace jobq
