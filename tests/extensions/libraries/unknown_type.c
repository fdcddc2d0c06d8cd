#include <jobq_extension.h>

static enum jobq_status work(const struct jobq_context* run, void* data) {
  (void)run;
  (void)data;
  return JOBQ_SUCCEEDED;
}

static const struct jobq_parameter_spec parameters[]
    = {{"odd", (enum jobq_parameter_type)9, NULL, NULL, NULL, NULL}};
static const struct jobq_function functions[]
    = {{"work", NULL, NULL, 1, parameters, work, NULL}};
static const struct jobq_extension extension
    = {JOBQ_EXTENSION_VERSION, "odd", "1", 1, functions};

const struct jobq_extension* jobq_extension_v1(void) {
  return &extension;
}
