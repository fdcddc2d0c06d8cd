#include <jobq_extension.h>

#include <cstdlib>

namespace {

struct bomb {
  bomb() { std::abort(); }
} const ticking;

} // namespace

const jobq_extension* jobq_extension_v1() {
  return nullptr;
}
