#pragma once

#include <string>

#include "jobs/error.hpp"
#include "tools/api/api.hpp"

namespace jobq {

/// The body of a 2xx answer, or the error that the answer holds: the other side
/// of `to_response`.
result<std::string> read_answer(api_response answer);

} // namespace jobq
