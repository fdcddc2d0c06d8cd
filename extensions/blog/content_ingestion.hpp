#pragma once

#include <jobq_extension.hpp>

namespace blog {

/// The job function of that name (docs/blog.md).
jobq::extension::result content_ingestion(jobq::extension::context& run);

} // namespace blog
