#include "bench/rig.hpp"

#include <cstdlib>
#include <fstream>
#include <thread>
#include <utility>

#include <sys/resource.h>
#include <unistd.h>

#include "queue/rocksdb_database.hpp"

namespace jobq::bench {

scratch::scratch(const std::filesystem::path& where) {
  std::filesystem::create_directories(where);
  auto pattern = (where / "jobq-bench-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::filesystem::filesystem_error{
        "no scratch directory", where,
        std::error_code{errno, std::generic_category()}};
  path_ = pattern;
}

scratch::~scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

run numbered_run(std::uint64_t number, std::uint32_t payload) {
  run made;
  const auto now = system_time()();
  const auto ms = static_cast<std::uint64_t>(now.time_since_epoch().count());
  run_id::bytes raw{};
  for (std::size_t i = 0; i < 6; ++i)
    raw[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  for (std::size_t i = 0; i < 8; ++i)
    raw[8 + i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
  made.id = run_id{raw};
  made.extension = "bench";
  made.function = "no_op";
  made.trigger = trigger::api;
  made.created_at = made.scheduled_at = now;
  if (payload > 0)
    made.parameters["payload"] = std::string(payload, 'x');
  return made;
}

std::uint64_t number_of(const run_id& id) {
  std::uint64_t number = 0;
  for (std::size_t i = 8; i < 16; ++i)
    number = number << 8 | id.raw()[i];
  return number;
}

void no_op_executor::start(const run& what, attempt_observer observer) {
  if (started != nullptr)
    if (auto number = number_of(what.id); number < started->size())
      (*started)[number] = steady::now().time_since_epoch().count();
  observer.done(job_result::succeeded());
}

result<std::unique_ptr<rig>> rig::open(const rig_options& options) {
  auto made = std::make_unique<rig>();
  made->options = options;
  rocksdb_options settings;
  settings.directory = options.directory / "store";
  settings.durability = options.durability;
  settings.after_write = [&to = *made](const std::string& bytes, bool synced) {
    std::lock_guard lock{to.mutex};
    if (to.capturing)
      to.written.push_back({bytes, synced});
  };
  settings.before_sync = [&to = *made]() -> result<void> {
    std::lock_guard lock{to.mutex};
    to.syncing = to.written.size();
    return {};
  };
  settings.after_sync = [&to = *made] {
    std::lock_guard lock{to.mutex};
    if (to.syncing > 0)
      to.written[to.syncing - 1].synced = true;
  };
  auto opened = open_rocksdb_store(settings, system_time()());
  if (!opened)
    return tl::unexpected{opened.error()};
  made->store = std::move(opened->store);
  made->commits = make_committer(*made->store);
  made->capturing = options.capture;
  return made;
}

rig::~rig() = default;

result<void> rig::fill(std::uint64_t runs, std::uint32_t payload,
                       std::uint64_t before) {
  constexpr std::uint64_t piece = 2'000;
  const bool captured = std::exchange(capturing, false);
  for (std::uint64_t at = 0; at < runs; at += piece) {
    command::enqueue some;
    for (auto n = at; n < std::min(runs, at + piece); ++n)
      // High numbers: the measured runs have the low ones.
      some.runs.push_back(numbered_run(~(before + n), payload));
    any_command what{std::move(some)};
    auto report = store->apply({&what, 1}, durability::async);
    if (!report)
      return tl::unexpected{report.error()};
    if (auto& reply = report->replies[0]; !reply)
      return tl::unexpected{reply.error()};
  }
  capturing = captured;
  return {};
}

result<void> rig::start(const configuration& config, bool ticks) {
  engine_options how;
  how.ticks = ticks;
  auto settings = config;
  settings.workers = options.workers;
  executor* const given = options.functions;
  engine_parts parts{*store,
                     *commits,
                     given != nullptr ? *given : functions,
                     [](log_level, std::string_view) {},
                     {},
                     system_time()};
  auto begun = jobq::engine::start(settings, how, std::move(parts));
  if (!begun)
    return tl::unexpected{begun.error()};
  engine = std::move(*begun);
  return {};
}

result<floor_figures> write_again(const std::vector<written_batch>& batches,
                                  const std::filesystem::path& directory,
                                  log_files logs) {
  auto db = rocksdb_database::open(directory, false, logs);
  if (!db)
    return tl::unexpected{db.error()};
  floor_figures made;
  const auto cpu = cpu_time();
  const auto begun = steady::now();
  for (auto from = begun; const auto& one : batches) {
    rocksdb::WriteBatch batch{one.bytes};
    if (auto status = (*db)->write(batch, one.synced); !status.ok())
      return tl::unexpected{(*db)->error_of(status)};
    const auto to = steady::now();
    if (one.synced)
      made.synced.add((to - from).count());
    from = to;
  }
  made.took = steady::now() - begun;
  made.cpu = cpu_time() - cpu;
  return made;
}

void settle() {
  constexpr auto look_every = std::chrono::milliseconds{500};
  for (auto before = cpu_time();;) {
    std::this_thread::sleep_for(look_every);
    const auto now = cpu_time();
    if (now - before < look_every / 50)
      return;
    before = now;
  }
}

std::chrono::nanoseconds cpu_time() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  auto of = [](const timeval& value) {
    return std::chrono::seconds{value.tv_sec}
           + std::chrono::microseconds{value.tv_usec};
  };
  return of(used.ru_utime) + of(used.ru_stime);
}

std::uint64_t resident_bytes(const std::string& process) {
  std::ifstream file{"/proc/" + process + "/statm"};
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

} // namespace jobq::bench
