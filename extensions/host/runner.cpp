#include "extensions/host/runner.hpp"

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <iostream>
#include <map>
#include <mutex>
#include <new>
#include <utility>

#include "extensions/host/crash_report.hpp"
#include "extensions/host/frame.hpp"
#include "extensions/host/last_words.hpp"
#include "extensions/host/leftovers.hpp"
#include "extensions/host/library.hpp"
#include "extensions/host/messages.hpp"
#include "extensions/run_facts.hpp"
#include "host.pb.h"

namespace jobq::hosting {

namespace {

constexpr std::size_t max_line = 8 * 1024;
constexpr std::size_t max_text = 64 * 1024;
constexpr std::size_t max_counters = 1000;
constexpr std::size_t max_counter_name = 100;

void send_or_end(const wire::FromRunner& message) {
  if (!send_frame(runner_socket, message))
    end_without_server();
}

std::uint64_t peak_memory() {
  struct rusage used {};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<std::uint64_t>(used.ru_maxrss) * 1024;
}

/// A run as its function sees it. The function's thread reads the socket itself
/// when it asks whether to stop: a run needs no second thread.
class run_context final : public run_facts {
public:
  run_context(run what, frame_splitter& orders)
      : run_facts{std::move(what)}, orders_{orders} {
    begin();
  }

  bool stop_requested() const override {
    if (stop_)
      return true;
    const auto now = std::chrono::steady_clock::now();
    const std::unique_lock lock{mutex_, std::try_to_lock};
    if (!lock || now < next_look_)
      return stop_;
    next_look_ = now + std::chrono::milliseconds{1};
    look();
    return stop_;
  }

  void log(log_level level, std::string_view line) override {
    wire::FromRunner message;
    message.mutable_log()->set_level(static_cast<std::uint32_t>(level));
    message.mutable_log()->set_line(std::string{line.substr(0, max_line)});
    send(message);
  }

  void progress(double fraction, std::string_view text) override {
    if (std::isnan(fraction))
      return;
    wire::FromRunner message;
    message.mutable_progress()->set_fraction(std::clamp(fraction, 0.0, 1.0));
    message.mutable_progress()->set_message(
        std::string{text.substr(0, max_line)});
    send(message);
  }

private:
  void send(const wire::FromRunner& message) {
    const std::lock_guard lock{sending_};
    send_or_end(message);
  }

  /// Reads what the server has sent, without waiting.
  void look() const {
    char bytes[4096];
    const auto got = ::recv(runner_socket, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (got == 0)
      end_without_server();
    if (got > 0)
      orders_.add({bytes, static_cast<std::size_t>(got)});
    // A stop may have come in one piece with its run.
    std::string_view payload;
    while (orders_.next(payload) == frame_splitter::found::frame) {
      wire::ToRunner order;
      if (order.ParseFromArray(payload.data(), static_cast<int>(payload.size()))
          && order.stop() == id().to_string())
        stop_ = true;
    }
  }

  frame_splitter& orders_;
  mutable std::atomic<bool> stop_{false};
  mutable std::mutex mutex_; ///< reading
  mutable std::chrono::steady_clock::time_point next_look_{};
  std::mutex sending_;
};

void shorten(std::string& text) {
  if (text.size() > max_text)
    text.resize(max_text);
}

void shorten(std::map<std::string, std::int64_t>& counters) {
  std::map<std::string, std::int64_t> kept;
  for (const auto& [name, value] : counters)
    if (kept.size() < max_counters)
      kept.emplace(name.substr(0, max_counter_name), value);
  counters = std::move(kept);
}

std::atomic<bool> lacked_memory = false;

[[noreturn]] void lack_memory() {
  lacked_memory = true;
  throw std::bad_alloc{};
}

/// An exception does not tell what was in the way.
void name_memory_limit(outcome& made) {
  struct rlimit data {};
  ::getrlimit(RLIMIT_DATA, &data);
  if (lacked_memory && made.kind == outcome_kind::failed
      && data.rlim_cur != RLIM_INFINITY)
    made.error += " (an allocation failed: limits.memory is "
                  + std::to_string(data.rlim_cur >> 20U) + " MiB)";
}

outcome call(const function_entry& function, job_context& context) {
  outcome made;
  lacked_memory = false;
  std::set_new_handler(lack_memory);
  try {
    made = function.call(context);
  } catch (const std::exception& error) {
    made = job_result::failed(error.what());
  } catch (...) {
    made = job_result::failed("unknown exception");
  }
  shorten(made.message);
  shorten(made.error);
  name_memory_limit(made);
  shorten(made.counters);
  return made;
}

class runner {
public:
  runner(
      registry functions,
      std::function<result<void>(std::string_view, std::string_view)> prepare)
      : functions_{std::move(functions)}, prepare_{std::move(prepare)} {}

  int serve() {
    wire::ToRunner order;
    while (receive_frame(runner_socket, orders_, order))
      if (order.has_run())
        execute(order.run());
    return 0;
  }

private:
  void execute(const wire::Run& order) {
    run what;
    wire::FromRunner message;
    auto& done = *message.mutable_done();
    write(read(order, what) ? made_of(std::move(what), order.setup())
                            : job_result::failed("broken run id", false),
          done);
    std::fflush(nullptr);
    std::cout.flush();
    done.set_spent(leftovers_.found());
    done.set_resident(peak_memory());
    send_or_end(message);
  }

  outcome made_of(run what, const std::string& setup) {
    const auto* function = functions_.find(what.extension, what.function);
    if (function == nullptr || !function->call)
      return job_result::failed("this host has no function " + what.extension
                                    + "." + what.function,
                                false);
    if (auto fault = check_parameters(*function, what.parameters);
        !fault.empty())
      return job_result::failed(std::move(fault), false);
    if (prepare_)
      if (auto told = prepare_(what.extension, setup); !told)
        return job_result::failed(told.error().message, false);
    run_context context{std::move(what), orders_};
    return call(*function, context);
  }

  const registry functions_;
  const std::function<result<void>(std::string_view, std::string_view)>
      prepare_;
  leftovers leftovers_;
  frame_splitter orders_;
};

void fill(wire::Ready& ready, const registry& functions) {
  for (const auto& each : functions.entries())
    write(each, *ready.add_functions());
}

/// Opens the library and says what is in it, or why it can't be used.
built_in_functions opened(const std::string& library, wire::Ready& ready) {
  built_in_functions made;
  auto found = open_library(library);
  if (!found) {
    ready.set_error(found.error().message);
    return made;
  }
  ready.set_extension(found->extension);
  ready.set_release(found->release);
  for (auto& each : found->functions)
    if (auto added = made.functions.add(std::move(each)); !added)
      ready.set_error(library + ": " + added.error().message);
  return made;
}

} // namespace

int runner_main(const std::string& fault, const std::string& library,
                const std::function<built_in_functions()>& built_in) {
  wire::FromRunner message;
  if (!fault.empty()) {
    message.mutable_ready()->set_error(fault);
    send_or_end(message);
    return 1;
  }
  report_crashes();
  message.set_hello(true);
  send_or_end(message);
  auto& ready = *message.mutable_ready();
  auto have = library.empty() ? built_in() : opened(library, ready);
  fill(ready, have.functions);
  send_or_end(message);
  if (!ready.error().empty())
    return 1;
  return runner{std::move(have.functions), std::move(have.prepare)}.serve();
}

} // namespace jobq::hosting
