#include "tools/host_setup.hpp"

#include <exception>

#include <nlohmann/json.hpp>

namespace jobq {

namespace {

using nlohmann::json;

/// Bytes that are not UTF-8 are kept: a path may have them.
std::string packed(const json& what) {
  const auto bytes = json::to_cbor(what);
  return {bytes.begin(), bytes.end()};
}

template <class Read>
auto unpacked(std::string_view text, Read read)
    -> result<decltype(read(json{}))> {
  try {
    return read(json::from_cbor(text.begin(), text.end()));
  } catch (const std::exception& broken) {
    return fail(errc::internal, std::string{"the server sent a broken setup: "}
                                    + broken.what());
  }
}

} // namespace

std::string setup_of(const core_environment& environment) {
  auto sources = json::array();
  for (const auto& each : environment.content_sources)
    sources.push_back({{"name", each.name},
                       {"path", each.path.string()},
                       {"source_id", each.source_id},
                       {"category_id", each.category_id},
                       {"enabled", each.enabled},
                       {"types", each.allowed_content_types},
                       {"recursive", each.recursive},
                       {"override", each.override_existing}});
  return packed({{"database_url", environment.database_url},
                 {"content_sources", std::move(sources)}});
}

result<core_environment> read_core_setup(std::string_view text) {
  return unpacked(text, [](const json& read) {
    core_environment made;
    made.database_url = read.at("database_url").get<std::string>();
    for (const auto& each : read.at("content_sources")) {
      content_source source;
      source.name = each.at("name").get<std::string>();
      source.path = each.at("path").get<std::string>();
      source.source_id = each.at("source_id").get<std::string>();
      source.category_id = each.at("category_id").get<std::string>();
      source.enabled = each.at("enabled").get<bool>();
      source.allowed_content_types
          = each.at("types").get<std::vector<std::string>>();
      source.recursive = each.at("recursive").get<bool>();
      source.override_existing = each.at("override").get<bool>();
      made.content_sources.push_back(std::move(source));
    }
    return made;
  });
}

std::string setup_of(const job_definition& job) {
  return packed({{"argv", job.command},
                 {"env", job.env},
                 {"working_directory", job.working_directory}});
}

result<command_line> read_command_setup(std::string_view text) {
  return unpacked(text, [](const json& read) {
    command_line made;
    made.argv = read.at("argv").get<std::vector<std::string>>();
    made.env = read.at("env").get<std::map<std::string, std::string>>();
    made.working_directory = read.at("working_directory").get<std::string>();
    return made;
  });
}

} // namespace jobq
