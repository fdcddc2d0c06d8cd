#include "tools/cli/replay_wait.hpp"

#include <set>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "tools/cli/interrupt.hpp"
#include "tools/cli/render_runs.hpp"
#include "tools/cli/run_watch.hpp"

namespace jobq {

namespace {

/// How long an interrupt may go unseen.
constexpr milliseconds look_around{100};

class replay_wait {
public:
  replay_wait(command_context& context, const json& applied)
      : context_{context}, out_{context.out} {
    for (const auto& id : part_of(applied, "run_ids"))
      if (id.is_string())
        open_.insert(id.get<std::string>());
    total_ = open_.size();
  }

  exit_code wait(std::int64_t since) {
    if (total_ == 0)
      return exit_code::ok;
    const interrupt_guard guard;
    auto own = context_.where.connect();
    if (!own)
      return complain(out_, own.error());
    run_watch watch;
    watch.follow(0, std::move(*own),
                 make_request("GET", "/v1/history/stream",
                              {{"since_sequence", std::to_string(since)}}));
    show();
    bool ended = false;
    while (!open_.empty() && !ended && !interrupt_guard::asked())
      if (const auto event = watch.next(look_around)) {
        ended = event->ended;
        if (!event->line.empty())
          take(event->line);
      }
    context_.where.end_streams();
    out_.end_progress();
    return finish();
  }

private:
  void take(const std::string& line) {
    const auto run = read_line(line);
    if (!run || open_.erase(text_of(*run, "id")) == 0)
      return;
    if (text_of(*run, "state") != "completed") {
      ++failed_;
      out_.note(render_result(*run, out_.look()));
    }
    show();
  }

  std::string counts() const {
    return std::to_string(total_ - open_.size()) + " of "
           + std::to_string(total_) + " runs finished"
           + (failed_ > 0 ? ", " + std::to_string(failed_) + " not completed"
                          : "");
  }

  void show() {
    out_.progress(render_progress("replay",
                                  static_cast<double>(total_ - open_.size())
                                      / static_cast<double>(total_),
                                  counts(), out_.look()));
  }

  exit_code finish() {
    if (!open_.empty()) {
      out_.complain("stopped waiting: " + counts()
                    + "; the others stay in the queue, and jobq replay "
                      "--apply waits for them again");
      return exit_code::failed;
    }
    out_.note(counts());
    return failed_ > 0 ? exit_code::failed : exit_code::ok;
  }

  command_context& context_;
  console& out_;
  std::set<std::string> open_; ///< ids of runs that are not finished
  std::size_t total_ = 0;
  std::size_t failed_ = 0;
};

} // namespace

exit_code wait_for_replay(command_context& context, const json& applied) {
  return replay_wait{context, applied}.wait(
      number_of(applied, "since_sequence"));
}

} // namespace jobq
