#include "tests/extensions/blog_fixture.hpp"

#include <chrono>
#include <stdexcept>

#include <dlfcn.h>

namespace jobq::test {

namespace {

/// The host's side of one run.
struct heard {
  ingestion told;
  int questions_left = 0;
};

heard& host_of(const jobq_context* run) {
  return *static_cast<heard*>(run->host);
}

int stop_requested(const jobq_context* run) {
  return host_of(run).questions_left-- <= 0;
}
void log(const jobq_context* run, jobq_log_level level, const char* line) {
  host_of(run).told.lines.emplace_back(level, line);
}
void progress(const jobq_context* run, double fraction, const char* message) {
  host_of(run).told.progress.emplace_back(fraction, message);
}
void counter(const jobq_context* run, const char* name, std::int64_t value) {
  host_of(run).told.counters[name] = value;
}
void items(const jobq_context* run, std::uint64_t processed,
           std::uint64_t failed) {
  host_of(run).told.processed = processed;
  host_of(run).told.failed = failed;
}
void message(const jobq_context* run, const char* text) {
  host_of(run).told.message = text;
}
void error(const jobq_context* run, const char* text) {
  host_of(run).told.error = text;
}
void snooze(const jobq_context*, std::int64_t) {}

std::int64_t wall_clock() {
  return std::chrono::floor<std::chrono::milliseconds>(
             std::chrono::system_clock::now())
      .time_since_epoch()
      .count();
}

} // namespace

const jobq_extension& blog_library() {
  static const jobq_extension& opened = []() -> const jobq_extension& {
    void* library = ::dlopen(JOBQ_BLOG_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!library)
      throw std::runtime_error{::dlerror()};
    auto entry = reinterpret_cast<const jobq_extension* (*)()>(
        ::dlsym(library, "jobq_extension_v1"));
    return *entry();
  }();
  return opened;
}

std::string ingestion::digits() const {
  std::string text;
  for (const char* name :
       {"found", "inserted", "updated", "unchanged", "skipped", "failed"}) {
    if (!text.empty())
      text += '/';
    auto it = counters.find(name);
    text += it == counters.end() ? "-" : std::to_string(it->second);
  }
  return text;
}

ingestion
blog_host::run(const std::map<std::string, std::string>& given) const {
  const auto& function = blog_library().functions[0];
  auto all = given;
  for (std::size_t i = 0; i < function.parameter_count; ++i) {
    const auto& spec = function.parameters[i];
    all.emplace(spec.name, spec.default_value ? spec.default_value : "");
  }
  std::vector<jobq_parameter> parameters;
  for (const auto& [name, value] : all)
    parameters.push_back({name.c_str(), value.c_str()});
  heard host;
  host.questions_left = stop_after;
  jobq_context run{};
  run.size = sizeof run;
  run.attempt = 1;
  run.function = function.name;
  run.run_id = "01";
  run.job = "blog";
  run.nominal_time = JOBQ_NO_TIME;
  run.started_at = wall_clock();
  run.deadline = JOBQ_NO_TIME;
  run.enforce = enforce ? 1 : 0;
  run.parameter_count = parameters.size();
  run.parameters = parameters.data();
  run.stop_requested = stop_requested;
  run.log = log;
  run.progress = progress;
  run.counter = counter;
  run.items = items;
  run.message = message;
  run.error = error;
  run.snooze = snooze;
  run.host = &host;
  host.told.status = function.call(&run, function.data);
  return std::move(host.told);
}

std::string post(const std::string& slug, const std::string& body) {
  return "---\ntitle: T\nslug: " + slug
         + "\nauthor: Ann\npublished_at: 2027-01-01\nkind: post\n---\n" + body
         + "\n";
}

blog_test::blog_test() : tables_{GetParam()} {
  std::filesystem::create_directories(folder_.path() / "posts");
  configure("sources:\n  - source_id: blog\n    path: posts\n");
}

void blog_test::configure(const std::string& yaml) const {
  folder_.write("blog.yaml", yaml);
}

std::string blog_test::config() const {
  return (folder_.path() / "blog.yaml").string();
}

ingestion blog_test::ingest(std::map<std::string, std::string> more) const {
  more.emplace("config", config());
  more.emplace("database", tables_.url());
  return host_.run(more);
}

std::string blog_test::column(const std::string& name,
                              const std::string& slug) {
  auto rows = tables_.db().query("SELECT " + name
                                     + " FROM markdown_content"
                                       " WHERE slug = '"
                                     + slug + "'",
                                 1);
  return rows.empty() ? "no row" : rows[0][0].value_or("null");
}

} // namespace jobq::test
