#include "tools/cli/run_wait.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "tools/cli/interrupt.hpp"
#include "tools/cli/log_text.hpp"
#include "tools/cli/render_runs.hpp"
#include "tools/cli/run_watch.hpp"

namespace jobq {

namespace {

using steady = std::chrono::steady_clock;

/// How long an interrupt may go unseen.
constexpr milliseconds look_around{100};

struct waited_run {
  json run; ///< the latest that is known
  std::string id;
  std::string name;
  bool finished = false;
  bool held = false; ///< the server will not begin it
};

class run_wait {
public:
  run_wait(command_context& context, connection& from, std::vector<json> runs)
      : context_{context}, out_{context.out}, from_{from} {
    for (auto& run : runs) {
      auto id = text_of(run, "id");
      auto name = run_name(run);
      runs_.push_back({std::move(run), std::move(id), std::move(name)});
    }
  }

  exit_code wait(std::optional<milliseconds> timeout) {
    const interrupt_guard guard;
    for (std::size_t at = 0; at < runs_.size(); ++at)
      follow(at);
    const auto begin = steady::now();
    while (open_ > 0) {
      if (all_held())
        return give_up("", " waits for the next server: this one is draining "
                           "and starts nothing");
      auto pause = look_around;
      if (timeout) {
        const auto left
            = *timeout
              - std::chrono::duration_cast<milliseconds>(steady::now() - begin);
        if (left <= milliseconds{0})
          return give_up(" after " + format_duration(*timeout), goes_on());
        pause = std::min(pause, left);
      }
      if (interrupt_guard::asked() && !cancelled_) {
        if (from_.server)
          return give_up("", goes_on());
        cancel_all();
      }
      if (auto event = watch_.next(pause))
        take(*event);
    }
    return finish();
  }

private:
  void follow(std::size_t at) {
    auto own = context_.where.connect();
    if (!own) {
      complain(out_, own.error());
      broken_ = true;
      return;
    }
    ++open_;
    watch_.follow(at, std::move(*own),
                  make_request("GET", "/v1/runs/" + runs_[at].id + "/stream"));
  }

  void take(const watch_event& event) {
    auto& waited = runs_[event.run];
    if (event.ended) {
      --open_;
      if (!waited.finished)
        lost(waited, event.failed);
      return;
    }
    if (event.line.empty())
      return;
    const auto told = read_line(event.line);
    if (!told)
      return;
    const auto kind = text_of(*told, "event");
    if (kind == "log")
      show_log(waited, *told);
    else if (kind == "progress")
      out_.progress(render_progress(waited.name, fraction_of(*told),
                                    text_of(*told, "message"), out_.look()));
    else if (kind == "attempt")
      show_attempt(waited, *told);
    else if (kind == "held")
      waited.held = true;
    else if (kind == "finished")
      finished(waited, *told);
  }

  static double fraction_of(const json& event) {
    const auto found = event.find("fraction");
    return found != event.end() && found->is_number() ? found->get<double>()
                                                      : 0;
  }

  void show_log(const waited_run& waited, const json& event) {
    if (out_.quiet())
      return;
    const auto text
        = printable_log(raw_text_of(event, "text"),
                        runs_.size() > 1 ? waited.name + ": " : std::string{});
    if (out_.json())
      out_.report(text);
    else
      out_.print(text);
  }

  void show_attempt(const waited_run& waited, const json& event) {
    const auto state = text_of(event, "state");
    if (number_of(event, "number") > 1 && state == "running")
      out_.note(waited.name + ": attempt " + text_of(event, "number"));
  }

  void finished(waited_run& waited, const json& event) {
    waited.run = part_of(event, "run");
    waited.finished = true;
    if (!out_.json())
      out_.print(render_result(waited.run, out_.look()));
  }

  /// A stream ended before its run did: the run may have ended all the same.
  void lost(waited_run& waited, const std::optional<error>& failed) {
    if (const auto own = context_.where.connect()) {
      const auto run = get(*own->client, "/v1/runs/" + waited.id);
      const auto state = run ? text_of(*run, "state") : "";
      if (state == "completed" || state == "discarded"
          || state == "cancelled") {
        finished(waited, json{{"run", *run}});
        return;
      }
    }
    broken_ = true;
    out_.complain("lost sight of run " + waited.id + " of " + waited.name
                  + (failed ? ": " + failed->message : "")
                  + "; look again: jobq run-info " + waited.id);
  }

  void cancel_all() {
    cancelled_ = true;
    out_.note("cancelling; once more to leave at once");
    for (const auto& waited : runs_)
      if (!waited.finished)
        static_cast<void>(
            post(*from_.client, "/v1/runs/" + waited.id + "/cancel",
                 json{{"reason", "interrupted at the terminal"}}));
  }

  /// All that is left are runs that nobody will begin.
  bool all_held() const {
    bool any = false;
    for (const auto& waited : runs_) {
      if (!waited.finished && !waited.held)
        return false;
      any = any || !waited.finished;
    }
    return any;
  }

  std::string goes_on() const {
    return from_.server
               ? " goes on"
               : " goes on when a server or another command has the store";
  }

  exit_code give_up(const std::string& when, const std::string& what_becomes) {
    for (const auto& waited : runs_)
      if (!waited.finished)
        out_.complain("stopped waiting" + when + "; run " + waited.id + " of "
                      + waited.name + what_becomes);
    context_.where.end_streams();
    static_cast<void>(finish());
    return exit_code::failed;
  }

  exit_code finish() {
    out_.end_progress();
    bool good = !broken_;
    for (const auto& waited : runs_) {
      good = good && text_of(waited.run, "state") == "completed";
      if (out_.json())
        out_.print(json_line(waited.run) + "\n");
    }
    return good ? exit_code::ok : exit_code::failed;
  }

  command_context& context_;
  console& out_;
  connection& from_;
  std::vector<waited_run> runs_;
  std::size_t open_ = 0; ///< streams that have not ended
  bool broken_ = false;  ///< a run could not be watched to its end
  bool cancelled_ = false;
  run_watch watch_;
};

} // namespace

exit_code wait_for_runs(command_context& context, connection& from,
                        std::vector<json> runs,
                        std::optional<milliseconds> timeout) {
  return run_wait{context, from, std::move(runs)}.wait(timeout);
}

} // namespace jobq
