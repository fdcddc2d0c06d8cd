/* An extension without a line of C++. */
#include <jobq_extension.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char* value_of(const struct jobq_context* run, const char* name) {
  for (size_t i = 0; i < run->parameter_count; ++i)
    if (strcmp(run->parameters[i].name, name) == 0)
      return run->parameters[i].value;
  return "";
}

/* Calls all that a context has. */
static enum jobq_status say_all(const struct jobq_context* run, void* data) {
  char line[200];
  int64_t* calls = data;
  if (run->size != sizeof(struct jobq_context)) {
    run->error(run, "another layout");
    return JOBQ_DISCARDED;
  }
  snprintf(line, sizeof line, "%s of %s, attempt %u, run %s, %s, %s",
           run->function, run->job, (unsigned)run->attempt, run->run_id,
           value_of(run, "name"), value_of(run, "loud"));
  run->log(run, JOBQ_LOG_WARNING, line);
  run->log(run, (enum jobq_log_level)7, "louder than an error");
  run->progress(run, 0.25, "a quarter");
  run->counter(run, "calls", ++*calls);
  run->counter(run, "asked_to_stop", run->stop_requested(run));
  run->counter(run, "without_nominal_time", run->nominal_time == JOBQ_NO_TIME);
  run->counter(run, "started_before_deadline",
               run->deadline == JOBQ_NO_TIME
                   || run->started_at < run->deadline);
  run->counter(run, "enforce", run->enforce);
  run->items(run, 5, 1);
  run->message(run, "said");
  return JOBQ_SUCCEEDED;
}

/* Ends as its parameter says. */
static enum jobq_status end_as(const struct jobq_context* run, void* data) {
  (void)data;
  run->error(run, "as it was told");
  run->snooze(run, 1500);
  return (enum jobq_status)atoi(value_of(run, "status"));
}

static int64_t calls;
static const int64_t least = 0;
static const int64_t most = 9;

static const struct jobq_parameter_spec words[]
    = {{"name", JOBQ_TEXT, "nobody", "Whom to name.", NULL, NULL},
       {"loud", JOBQ_BOOLEAN, "no", NULL, NULL, NULL}};
static const struct jobq_parameter_spec numbers[]
    = {{"status", JOBQ_INTEGER, NULL, "A jobq_status.", &least, &most}};

static const struct jobq_function functions[]
    = {{"say_all", "Says all.", "0 0 * * * *", 2, words, say_all, &calls},
       {"end_as", NULL, NULL, 1, numbers, end_as, NULL}};

static const struct jobq_extension extension
    = {JOBQ_EXTENSION_VERSION, "in_c", "1.2", 2, functions};

const struct jobq_extension* jobq_extension_v1(void) {
  return &extension;
}
