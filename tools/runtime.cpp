#include "tools/runtime.hpp"

#include <chrono>
#include <exception>
#include <mutex>
#include <system_error>
#include <utility>

#include "extensions/core/core.hpp"
#include "extensions/executor.hpp"
#include "queue/committer.hpp"
#include "queue/rocksdb_store.hpp"
#include "tools/paths.hpp"

namespace jobq {

namespace {

namespace fs = std::filesystem;

std::string all_lines(const std::vector<config_fault>& faults) {
  std::string text;
  for (const auto& each : faults)
    text.append(text.empty() ? "" : "\n").append(each.to_string());
  return text;
}

/// Makes the data directory, for its owner alone. One that is there keeps its
/// mode.
result<void> make_directory(const fs::path& data) {
  std::error_code failed;
  if (fs::is_directory(data, failed))
    return {};
  fs::create_directories(data, failed);
  if (!failed)
    fs::permissions(data, fs::perms::owner_all, failed);
  if (failed)
    return fail(errc::io, data.string() + ": " + failed.message());
  return {};
}

/// What core's functions work on, by a configuration.
std::shared_ptr<const core_environment>
environment_of(const configuration& config, const fs::path& data) {
  auto made = std::make_shared<core_environment>();
  made->database_url = config.database_url.empty()
                           ? "sqlite:///" + (data / "app.db").string()
                           : config.database_url;
  made->content_sources = config.content_sources;
  return made;
}

result<registry>
make_registry(const std::shared_ptr<const core_environment_holder>& core) {
  registry functions;
  for (auto& entry : core_functions(core))
    if (auto added = functions.add(std::move(entry)); !added)
      return tl::unexpected(added.error());
  return functions;
}

} // namespace

class runtime::impl {
public:
  impl(runtime_options options, std::shared_ptr<core_environment_holder> core,
       registry functions)
      : options_{std::move(options)}, core_{std::move(core)},
        functions_{std::move(functions)} {}

  result<void> open() {
    auto report = load_config(options_.config, functions_.names());
    if (!report.ok())
      return fail(errc::invalid_argument, all_lines(report.faults));
    take_over(std::move(report));
    if (auto made = make_directory(options_.data); !made)
      return made;
    rocksdb_options where;
    where.directory = store_path(options_.data);
    auto opened = open_rocksdb_store(
        where,
        std::chrono::floor<milliseconds>(std::chrono::system_clock::now()));
    if (!opened)
      return tl::unexpected(opened.error());
    store_ = std::move(opened->store);
    if (!opened->recovered.empty())
      options_.log(log_level::warning,
                   "the engine before this one died: "
                       + std::to_string(opened->recovered.size())
                       + " runs that it had begun were recovered");
    commits_ = make_committer(*store_);
    executor_ = make_thread_executor(functions_, config_->workers);
    auto started = engine::start(
        *config_, {.workers = config_->workers, .ticks = options_.ticks},
        {.reads = *store_,
         .commits = *commits_,
         .functions = *executor_,
         .log = options_.log,
         .why_not = [this](const job_definition& job) {
           return functions_.why_not_runnable(job);
         }});
    if (!started)
      return tl::unexpected(started.error());
    engine_ = std::move(*started);
    return {};
  }

  result<std::vector<config_fault>> reload() {
    const std::lock_guard one_at_a_time{reload_mutex_};
    auto report = load_config(options_.config, functions_.names());
    auto faults = report.faults;
    if (!report.ok())
      return faults;
    if (auto taken = engine_->reload(*report.value); !taken)
      return tl::unexpected(taken.error());
    take_over(std::move(report));
    return faults;
  }

  std::shared_ptr<const configuration> config() const {
    const std::lock_guard lock{mutex_};
    return config_;
  }

  std::vector<config_fault> warnings() const {
    const std::lock_guard lock{mutex_};
    return warnings_;
  }

  engine& jobs_engine() { return *engine_; }
  const store& reads() const { return *store_; }
  const registry& functions() const { return functions_; }
  const runtime_options& options() const { return options_; }

private:
  void take_over(config_report report) {
    core_->set(environment_of(*report.value, options_.data));
    auto fresh
        = std::make_shared<const configuration>(std::move(*report.value));
    const std::lock_guard lock{mutex_};
    config_ = std::move(fresh);
    warnings_ = std::move(report.faults);
  }

  const runtime_options options_;
  mutable std::mutex mutex_; ///< config_, warnings_
  std::mutex reload_mutex_;
  std::shared_ptr<const configuration> config_;
  std::vector<config_fault> warnings_;
  // Each of these works with those above it, and goes before them.
  std::shared_ptr<core_environment_holder> core_;
  registry functions_;
  std::unique_ptr<store> store_;
  std::unique_ptr<commit_queue> commits_;
  std::unique_ptr<executor> executor_;
  std::unique_ptr<engine> engine_;
};

runtime::runtime() = default;
runtime::~runtime() = default;

result<std::unique_ptr<runtime>> runtime::open(runtime_options options) {
  try {
    if (!options.log)
      options.log = [](log_level, std::string_view) {};
    auto core = std::make_shared<core_environment_holder>(
        std::make_shared<const core_environment>());
    auto functions = make_registry(core);
    if (!functions)
      return tl::unexpected(functions.error());
    std::unique_ptr<runtime> made{new runtime};
    made->impl_ = std::make_unique<impl>(std::move(options), std::move(core),
                                         std::move(*functions));
    if (auto opened = made->impl_->open(); !opened)
      return tl::unexpected(opened.error());
    return made;
  } catch (const std::exception& failed) {
    return fail(errc::internal, failed.what());
  }
}

engine& runtime::jobs_engine() {
  return impl_->jobs_engine();
}
const store& runtime::reads() const {
  return impl_->reads();
}
const registry& runtime::functions() const {
  return impl_->functions();
}

std::shared_ptr<const configuration> runtime::config() const {
  return impl_->config();
}

const fs::path& runtime::config_file() const {
  return impl_->options().config;
}

std::vector<config_fault> runtime::warnings() const {
  return impl_->warnings();
}

const fs::path& runtime::data() const {
  return impl_->options().data;
}

bool runtime::is_server() const noexcept {
  return static_cast<bool>(impl_->options().on_stop);
}

result<void> runtime::request_stop() {
  if (!is_server())
    return fail(errc::unavailable, "no server is running");
  impl_->options().on_stop();
  return {};
}

result<std::vector<config_fault>> runtime::reload() {
  return impl_->reload();
}

} // namespace jobq
