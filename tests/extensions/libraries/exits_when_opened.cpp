#include <jobq_extension.h>

#include <cstdlib>

namespace {

struct quitter {
  quitter() { std::exit(0); }
} const gone;

} // namespace

const jobq_extension* jobq_extension_v1() {
  return nullptr;
}
