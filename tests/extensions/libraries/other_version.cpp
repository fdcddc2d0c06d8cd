#include <jobq_extension.h>

const jobq_extension* jobq_extension_v1() {
  static const jobq_extension made{7, "future", "1", 0, nullptr};
  return &made;
}
