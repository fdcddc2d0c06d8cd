#include "extensions/blog/blog_config.hpp"

#include <map>
#include <system_error>

#include "extensions/content/text_file.hpp"
#include "extensions/content/yaml_map.hpp"

namespace blog {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t max_config_bytes = 1 << 20;

const std::vector<std::string> config_keys{"database_url", "sources"};
const std::vector<std::string> source_keys{
    "source_id",        "path",    "category_id",
    "description",      "enabled", "allowed_content_types",
    "override_existing"};

fs::path full_path(const fs::path& path) {
  std::error_code gone; // the working directory may be
  auto full = fs::absolute(path, gone);
  return gone ? path : full.lexically_normal();
}

jobq::content_source read_source(const jobq::yaml_map& map,
                                 const fs::path& folder) {
  map.allow_only(source_keys);
  jobq::content_source source;
  source.source_id = map.required("source_id");
  source.name = source.source_id;
  source.path = (folder / map.required("path")).lexically_normal();
  source.category_id = map.text("category_id");
  source.description = map.text("description");
  source.enabled = map.boolean("enabled", true);
  source.allowed_content_types = map.words("allowed_content_types");
  source.override_existing = map.boolean("override_existing", true);
  std::error_code trouble;
  if (source.enabled && !fs::is_directory(source.path, trouble))
    jobq::refuse(map.line("path"),
                 "source " + source.source_id + ": " + source.path.string()
                     + (trouble || !fs::exists(source.path, trouble)
                            ? " can't be found"
                            : " is no folder")
                     + ": make the folder, correct its path, or set enabled: "
                       "false");
  return source;
}

void read_fields(const jobq::yaml_map& map, config& into) {
  map.allow_only(config_keys);
  into.database_url = map.text("database_url");
  into.database_line = map.line("database_url");
  std::map<std::string, int> lines;
  for (const auto& each : map.maps("sources")) {
    auto source = read_source(each, into.file.parent_path());
    const auto line = each.line("source_id");
    const auto [first, fresh] = lines.emplace(source.source_id, line);
    // Rows tell sources apart by their id alone.
    if (!fresh)
      jobq::refuse(line, "a second source " + source.source_id
                             + ", the first is on line "
                             + std::to_string(first->second));
    if (source.enabled)
      into.sources.push_back(std::move(source));
  }
}

/// Throws `jobq::content_refusal`.
config read(const fs::path& file) {
  auto text = jobq::read_text_file(file);
  if (!text)
    jobq::refuse(text.error().line,
                 text.error().reason
                     + "; parameter config must name a blog.yaml, absolute or "
                       "relative to the working directory");
  if (text->size() > max_config_bytes)
    jobq::refuse(1, "a blog configuration can't be larger than 1 MiB");
  if (auto fault = jobq::fault_of_text(*text, "YAML"))
    throw jobq::content_refusal{*fault};
  auto map = jobq::yaml_map::load(*text, {"a blog configuration"});
  if (!map)
    throw jobq::content_refusal{map.error()};
  config made;
  made.file = file;
  read_fields(*map, made);
  return made;
}

} // namespace

jobq::result<config> read_config(const fs::path& file) {
  const auto full = full_path(file);
  try {
    return read(full);
  } catch (const jobq::content_refusal& refused) {
    return jobq::fail(jobq::errc::invalid_argument,
                      full.string() + ":" + std::to_string(refused.what.line)
                          + ": " + refused.what.reason);
  }
}

jobq::result<jobq::database_url> choose_database(const config& settings,
                                                 std::string_view parameter) {
  if (!parameter.empty())
    return jobq::parse_database_url(parameter, "parameter database");
  const auto file = settings.file.string();
  if (settings.database_url.empty())
    return jobq::fail(jobq::errc::invalid_argument,
                      file
                          + ": no database is named: set database_url there, "
                            "or give parameter database");
  auto url = jobq::parse_database_url(
      settings.database_url,
      file + ":" + std::to_string(settings.database_line) + ": database_url");
  if (url && url->dialect == jobq::dialect::sqlite)
    url->path
        = (settings.file.parent_path() / url->path).lexically_normal().string();
  return url;
}

} // namespace blog
