#include "tools/runtime.hpp"

#include <chrono>
#include <exception>
#include <mutex>
#include <system_error>
#include <utility>

#include "extensions/core/core.hpp"
#include "extensions/executor.hpp"
#include "extensions/host/containment.hpp"
#include "extensions/host/routing_executor.hpp"
#include "queue/committer.hpp"
#include "queue/rocksdb_store.hpp"
#include "tools/paths.hpp"
#include "tools/routes.hpp"

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

/// How job hosts are started under a configuration. A server that could start
/// none is refused; who only looks needs none.
result<host_options> hosts_of(const configuration& config, bool is_server) {
  host_options made;
  auto program = host_program();
  if (!program && is_server)
    return tl::unexpected(program.error());
  made.program = program.value_or("jobq-host");
  if (!config.run_as.empty()) {
    auto user = find_host_user(config.run_as);
    if (!user)
      return tl::unexpected(user.error());
    made.user = std::move(*user);
  }
  // A tool that looks in for a moment leaves the machine's groups alone.
  if (is_server)
    use_groups(made);
  return made;
}

} // namespace

class runtime::impl {
public:
  explicit impl(runtime_options options) : options_{std::move(options)} {}

  result<void> open() {
    if (auto read = read_config(); !read)
      return read;
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
    make_executors();
    auto started = engine::start(*config_, {.ticks = options_.ticks},
                                 {.reads = *store_,
                                  .commits = *commits_,
                                  .functions = *executor_,
                                  .log = options_.log,
                                  .why_not = [this](const job_definition& job) {
                                    return functions()->why_not_runnable(job);
                                  }});
    if (!started)
      return tl::unexpected(started.error());
    engine_ = std::move(*started);
    return {};
  }

  result<std::vector<config_fault>> reload() {
    const std::lock_guard one_at_a_time{reload_mutex_};
    auto loaded = load_with_libraries(options_.config, hosts_, core_);
    auto faults = loaded.report.faults;
    if (!loaded.report.ok())
      return faults;
    if (loaded.report.value->run_as != config()->run_as)
      return fail(errc::invalid_argument,
                  "scheduler.run_as can't change while the server runs: "
                  "restart it");
    // The engine asks for the functions of the new configuration.
    const auto catalog = functions();
    set_functions(loaded.catalog);
    if (auto taken = engine_->reload(*loaded.report.value); !taken) {
      set_functions(catalog);
      return tl::unexpected(taken.error());
    }
    take_over(std::move(loaded));
    processes_->allow(config()->max_hosts());
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

  std::shared_ptr<const function_catalog> functions() const {
    const std::lock_guard lock{mutex_};
    return catalog_;
  }

  engine& jobs_engine() { return *engine_; }
  const store& reads() const { return *store_; }
  const runtime_options& options() const { return options_; }
  host_statistics hosts() const { return processes_->statistics(); }
  const host_options& host_settings() const { return hosts_; }

private:
  /// The configuration says who runs hosts, and hosts say what the libraries of
  /// the configuration offer.
  result<void> read_config() {
    auto first = load_config(options_.config,
                             built_in_catalog(core_).functions.names());
    if (!first.ok())
      return fail(errc::invalid_argument, all_lines(first.faults));
    auto hosts = hosts_of(*first.value, static_cast<bool>(options_.on_stop));
    if (!hosts)
      return tl::unexpected(hosts.error());
    hosts_ = std::move(*hosts);
    auto loaded = load_with_libraries(options_.config, hosts_, core_);
    if (!loaded.report.ok())
      return fail(errc::invalid_argument, all_lines(loaded.report.faults));
    take_over(std::move(loaded));
    return {};
  }

  void make_executors() {
    // What this process may call itself never changes.
    in_process_ = built_in_catalog(core_).functions;
    threads_ = make_thread_executor(in_process_, config_->workers);
    inline_ = make_inline_executor(in_process_);
    process_executor_options options;
    options.host = hosts_;
    options.max_hosts = config_->max_hosts();
    options.log = options_.log;
    processes_ = std::make_unique<process_executor>(std::move(options));
    executor_ = std::make_unique<routing_executor>(
        [this](const run& what) { return current_routes()->of(what); },
        *threads_, *inline_, *processes_);
  }

  std::shared_ptr<const routes> current_routes() const {
    const std::lock_guard lock{mutex_};
    return routes_;
  }

  void set_functions(std::shared_ptr<const function_catalog> catalog) {
    const std::lock_guard lock{mutex_};
    catalog_ = std::move(catalog);
  }

  void take_over(loaded_config loaded) {
    auto environment = environment_of(*loaded.report.value, options_.data);
    core_->set(environment);
    auto fresh = std::make_shared<const configuration>(
        std::move(*loaded.report.value));
    auto ways
        = std::make_shared<const routes>(fresh, loaded.catalog, *environment);
    const std::lock_guard lock{mutex_};
    config_ = std::move(fresh);
    catalog_ = std::move(loaded.catalog);
    routes_ = std::move(ways);
    warnings_ = std::move(loaded.report.faults);
  }

  const runtime_options options_;
  mutable std::mutex mutex_; ///< config_, catalog_, routes_, warnings_
  std::mutex reload_mutex_;
  std::shared_ptr<const configuration> config_;
  std::shared_ptr<const function_catalog> catalog_;
  std::shared_ptr<const routes> routes_;
  std::vector<config_fault> warnings_;
  host_options hosts_;
  // Each of these works with those above it, and goes before them.
  std::shared_ptr<core_environment_holder> core_
      = std::make_shared<core_environment_holder>(
          std::make_shared<const core_environment>());
  registry in_process_;
  std::unique_ptr<store> store_;
  std::unique_ptr<commit_queue> commits_;
  std::unique_ptr<executor> threads_;
  std::unique_ptr<executor> inline_;
  std::unique_ptr<process_executor> processes_;
  std::unique_ptr<executor> executor_;
  std::unique_ptr<engine> engine_;
};

runtime::runtime() = default;
runtime::~runtime() = default;

result<std::unique_ptr<runtime>> runtime::open(runtime_options options) {
  try {
    if (!options.log)
      options.log = [](log_level, std::string_view) {};
    std::unique_ptr<runtime> made{new runtime};
    made->impl_ = std::make_unique<impl>(std::move(options));
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
std::shared_ptr<const function_catalog> runtime::functions() const {
  return impl_->functions();
}

host_statistics runtime::hosts() const {
  return impl_->hosts();
}

const host_options& runtime::host_settings() const {
  return impl_->host_settings();
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
