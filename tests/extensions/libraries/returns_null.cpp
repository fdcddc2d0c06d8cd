#include <jobq_extension.h>

const jobq_extension* jobq_extension_v1() {
  return nullptr;
}
