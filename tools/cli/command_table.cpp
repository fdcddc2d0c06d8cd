#include "tools/cli/command_table.hpp"

namespace jobq {

namespace {

const option_spec job_option{"job", "", "NAME", "only this job", "", false};
const option_spec reason_option{"reason", "",   "TEXT", "why, for the record",
                                "",       false};
const option_spec dry_run_option{
    "dry-run", "", "", "change nothing, count what would be done", "", false};
const option_spec state_option{
    "state",
    "",
    "STATE",
    "only runs in this state: scheduled, available (queued), running "
    "(executing), retryable, completed, discarded (dead), cancelled",
    "",
    false};

const option_spec days_option{"days", "",   "N", "so many days, 1 to 366",
                              "7",    false};

option_spec count_option(std::string fallback) {
  return {"count", "n", "N", "at most so many, 1 to 1000", std::move(fallback),
          false};
}

/// `cancel`, `retry` and `discard` choose runs in the same way.
command_spec choosing(std::string name, std::string summary,
                      std::string details, std::string example) {
  return {std::move(name),
          "[ID...]",
          0,
          any_number,
          std::move(summary),
          std::move(details),
          {{"all", "", "", "all runs that the filters leave", "", false},
           state_option,
           job_option,
           reason_option},
          {std::move(example)}};
}

std::vector<command_spec> looking() {
  return {
      {"list",
       "",
       0,
       0,
       "every job with its last and next run",
       "",
       {},
       {"list", "list --tz Europe/London", "list --json"}},
      {"show",
       "NAME",
       1,
       1,
       "all of one job: schedule, policies, last runs, troubleshooting",
       "",
       {},
       {"show publish_content"}},
      {"history",
       "",
       0,
       0,
       "finished runs, newest first; with --follow as they happen",
       "--follow needs a server.",
       {job_option,
        {"status", "", "STATUS",
         "only runs that came to this: completed (succeeded), discarded "
         "(dead), "
         "cancelled, failed, timed_out, crashed",
         "", false},
        {"since", "", "TIME",
         "only runs finished since then: RFC 3339, or a duration ago (2h)", "",
         false},
        count_option("20"),
        {"follow", "f", "", "stream completions as they happen", "", false},
        {"since-sequence", "", "N",
         "only completions after this number; resumes a stream", "", false}},
       {"history", "history --job publish_content --since 2h",
        "history --follow --json --since-sequence 1042"}},
      {"ticks",
       "",
       0,
       0,
       "what became of each tick of the schedules, newest first",
       "A stretch of ticks of one fate is one line with their number.\n"
       "Fates: fired, coalesced, skipped_overlap, expired, over_limit, "
       "paused,\n"
       "disabled, dst_gap, engine_down.",
       {job_option,
        {"since", "", "TIME",
         "only ticks since then: RFC 3339, or a duration ago (2h)", "", false},
        {"fate", "", "FATE", "only ticks of this fate", "", false},
        count_option("20"),
        {"strip", "", "", "the last 30 fates of each job as marks in one line",
         "", false}},
       {"ticks --job publish_content", "ticks --since 7d --fate engine_down",
        "ticks --strip"}},
      {"next",
       "EXPR",
       0,
       1,
       "fire times of a schedule, clock changes explained",
       "Needs no server and no store. EXPR is one argument: quote it.\n"
       "With --job the schedule and its zone come from the configuration.",
       {{"job", "", "NAME", "the schedule of this job instead of EXPR", "",
         false},
        {"count", "n", "N",
         "so many times, 1 to 1000; of a calendar so many months, 1 to 24",
         "5; 3 months", false},
        {"from", "", "TIME", "times later than this RFC 3339 instant", "now",
         false},
        {"calendar", "", "", "months with the days marked on which it fires",
         "", false}},
       {"next \"0 30 2 * * *\" --tz Europe/Paris --from 2027-03-27T00:00:00Z",
        "next --job publish_content --count 10",
        "next \"0 0 9 L * *\" --calendar"}},
      {"check",
       "[FILE]",
       0,
       1,
       "validate a configuration",
       "Prints every fault as file:line:column; exit code 2 when one is an "
       "error.",
       {},
       {"check", "check services/scheduler/config.yaml"}},
      {"diff",
       "OLD NEW",
       2,
       2,
       "how the ticks of two configurations differ",
       "Ticks are kept, added, removed, or moved: one that was removed with "
       "the\n"
       "nearest one that was added. Needs no server and no store.",
       {days_option,
        {"from", "", "TIME", "ticks later than this RFC 3339 instant", "now",
         false},
        {"count", "n", "N", "tell the first N changes of each job, 0 to 1000",
         "3", false}},
       {"diff /etc/jobq.yaml new.yaml",
        "diff old.yaml new.yaml --days 90 -n 20"}},
      {"simulate",
       "",
       0,
       0,
       "play a configuration through on a clock of its own",
       "Prints for each job what would become of its ticks and runs, and how\n"
       "many would run and wait at a time. Runs take the mean duration that a\n"
       "server or a store has measured, else what --duration says, and "
       "succeed.",
       {days_option,
        {"from", "", "TIME", "begin at this RFC 3339 instant", "now", false},
        {"downtime", "", "START/LENGTH",
         "no server from START on: RFC 3339, or a duration after the beginning "
         "(2d/6h)",
         "", true},
        {"duration", "", "[JOB=]DURATION",
         "what attempts of JOB take, or of all jobs without a measured mean",
         "1s", true},
        {"spread", "", "PERCENT", "durations lie so far around it, 0 to 100",
         "20", false},
        {"workers", "", "N", "runs at a time, 1 to 1024", "the configuration's",
         false}},
       {"simulate --days 30", "simulate --downtime 2d/6h --duration backup=40m",
        "simulate --config new.yaml --workers 2 --json"}},
      {"status",
       "",
       0,
       0,
       "server, store, queues and workers",
       "",
       {},
       {"status", "status --json"}},
  };
}

std::vector<command_spec> acting() {
  return {
      {"run",
       "NAME...",
       0,
       any_number,
       "run jobs now and wait for them",
       "Streams each run's log and progress; exit code 1 if any run failed.\n"
       "A manual run does not change the schedule.",
       {{"all", "", "", "every enabled job", "", false},
        {"tag", "", "TAG", "every enabled job with this tag", "", true},
        {"parameter", "p", "KEY=VALUE", "a parameter of the run", "", true},
        {"no-wait", "", "", "only start; print the ids", "", false},
        {"timeout", "", "DURATION", "stop waiting after so long (10m)", "",
         false},
        dry_run_option},
       {"run cleanup_anonymous_users", "run publish_content -p source=blog",
        "run --tag content --timeout 10m"}},
      {"replay",
       "",
       0,
       0,
       "plan and run the ticks that were missed",
       "Without a range each job's catch-up policy says what runs. With "
       "--from,\n"
       "--to, --limit or --again the ticks of the range run themselves, the\n"
       "newest ones of each job, oldest first. Nothing happens before --apply\n"
       "or --skip.",
       {{"plan", "", "", "show what would be done; the default", "", false},
        {"apply", "", "", "do it and wait for the runs", "", false},
        {"skip", "", "", "waive missed ticks: no plan lists them again", "",
         false},
        job_option,
        {"from", "", "TIME",
         "ticks since then: RFC 3339, or a duration ago (2h)", "", false},
        {"to", "", "TIME", "ticks until then", "", false},
        {"limit", "", "N", "at most so many runs of each job, 1 to 10000",
         "the job's catchup_limit", false},
        {"overlap", "", "POLICY",
         "skip, buffer_one, buffer_all, cancel_other, terminate_other, "
         "allow_all",
         "one after another", false},
        {"again", "", "", "ticks that ran already, too", "", false},
        {"no-wait", "", "", "with --apply: only enqueue the runs", "", false}},
       {"replay", "replay --job publish_content --from 6h",
        "replay --job publish_content --from 6h --limit 10 --apply",
        "replay --skip --to 7d"}},
      {"enable",
       "NAME...",
       1,
       any_number,
       "let jobs fire by their schedule",
       "Takes effect at once and survives restarts.",
       {reason_option},
       {"enable content_ingestion"}},
      {"disable",
       "NAME...",
       1,
       any_number,
       "stop jobs from firing by their schedule",
       "Takes effect at once and survives restarts. A disabled job can still "
       "be run by hand.",
       {reason_option},
       {"disable content_ingestion --reason \"source is down\""}},
      {"cleanup-sessions",
       "",
       0,
       0,
       "clean up inactive sessions",
       "Runs core.cleanup_inactive_sessions and waits.",
       {{"hours", "", "H", "idle for at least so many hours, 0 or more", "1",
         false},
        dry_run_option},
       {"cleanup-sessions --hours 12 --dry-run"}},
      {"log-cleanup",
       "",
       0,
       0,
       "clean up old log entries",
       "Runs the log part of core.database_cleanup and waits.",
       {{"days", "", "D", "older than so many days, 0 or more", "30", false},
        dry_run_option},
       {"log-cleanup --days 14"}},
  };
}

std::vector<command_spec> queue_work() {
  return {
      {"runs",
       "",
       0,
       0,
       "runs in the queue",
       "",
       {state_option, job_option, count_option("20")},
       {"runs --state running", "runs --state dead --job publish_content"}},
      {"run-info",
       "ID",
       1,
       1,
       "one run, attempt by attempt",
       "",
       {},
       {"run-info 01jf8zq2r4v0c9m3x7k5t1n6wd"}},
      {"logs",
       "ID",
       1,
       1,
       "what a run logged",
       "",
       {{"follow", "f", "", "go on until the run is finished", "", false},
        {"attempt", "", "N", "of this attempt, 1 or more", "the latest",
         false}},
       {"logs 01jf8zq2r4v0c9m3x7k5t1n6wd --follow"}},
      choosing("cancel", "cancel runs: waiting ones at once, running ones soon",
               "", "cancel --all --state scheduled --job publish_content"),
      choosing("retry", "make finished or waiting runs available again", "",
               "retry --all --state dead"),
      choosing("discard", "put runs away as failed for good", "",
               "discard 01jf8zq2r4v0c9m3x7k5t1n6wd --reason \"bad input\""),
      {"reload",
       "",
       0,
       0,
       "have the server read its configuration again",
       "A configuration with errors changes nothing.",
       {},
       {"reload"}},
      {"drain",
       "",
       0,
       0,
       "have the server start no further runs",
       "",
       {},
       {"drain"}},
      {"stop", "", 0, 0, "stop the server", "", {}, {"stop"}},
      {"bench",
       "",
       0,
       0,
       "measure the engine on this machine",
       "Executes the program load; bench/README.md tells how to read it.\n"
       "Needs no server and touches no store.",
       {{"scenario", "s", "NAME", "what to measure", "", true},
        {"list", "", "", "name the scenarios", "", false},
        {"repeat", "", "N", "repetitions of each", "1", false},
        {"directory", "", "DIR",
         "where scratch data lies: the disk that is measured", "/tmp", false}},
       {"bench --list", "bench --scenario full_cycle/outstanding:64",
        "bench --scenario enqueue/producers:8 --repeat 5 --json"}},
  };
}

} // namespace

const std::vector<command_spec>& commands() {
  static const std::vector<command_spec> all = [] {
    auto table = looking();
    for (auto&& more : {acting(), queue_work()})
      table.insert(table.end(), more.begin(), more.end());
    return table;
  }();
  return all;
}

const std::vector<option_spec>& global_options() {
  static const std::vector<option_spec> all{
      {"config", "", "FILE", "the configuration, or JOBQ_CONFIG",
       "services/config/config.yaml, else services/scheduler/config.yaml",
       false},
      {"data", "", "DIR", "where store and socket lie, or JOBQ_DATA", "./var",
       false},
      {"tz", "", "ZONE", "IANA zone of the times shown", "UTC", false},
      {"json", "", "", "JSON for scripts", "", false},
      {"quiet", "q", "", "print only what was asked for", "", false},
      {"no-color", "", "", "no colours, also by NO_COLOR", "", false},
      {"help", "h", "", "this text", "", false},
      {"version", "V", "", "the version", "", false},
  };
  return all;
}

const command_spec* find_command(std::string_view name) {
  for (const auto& command : commands())
    if (command.name == name)
      return &command;
  return nullptr;
}

} // namespace jobq
