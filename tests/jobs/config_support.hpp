#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "jobs/config.hpp"

namespace jobq::test {

/// A fresh directory for one test's files, removed with it.
class config_folder : public ::testing::Test {
protected:
  void SetUp() override {
    std::string pattern
        = (std::filesystem::temp_directory_path() / "jobq-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }

  void TearDown() override { std::filesystem::remove_all(root_); }

  std::filesystem::path path(std::string_view name) const {
    return root_ / name;
  }

  std::filesystem::path write(std::string_view name,
                              std::string_view text) const {
    const auto file = path(name);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream{file, std::ios::binary}.write(
        text.data(), static_cast<std::streamsize>(text.size()));
    return file;
  }

  static const known_functions& known() {
    static const known_functions functions{
        {"core", {"publish_content", "database_cleanup"}},
        {"blog", {"content_ingestion"}}};
    return functions;
  }

  /// Loads `text` as `c.yaml`.
  config_report load(std::string_view text) const {
    return load_config(write("c.yaml", text), known());
  }

  /// The faults as text, without the directory.
  std::vector<std::string> faults(const config_report& report) const {
    std::vector<std::string> out;
    const auto prefix = root_.string() + '/';
    for (const auto& fault : report.faults) {
      auto text = fault.to_string();
      for (auto at = text.find(prefix); at != std::string::npos;
           at = text.find(prefix))
        text.erase(at, prefix.size());
      out.push_back(std::move(text));
    }
    return out;
  }

  std::vector<std::string> faults(std::string_view text) const {
    return faults(load(text));
  }

  /// The faults of one job `j` with further lines of its entry.
  std::vector<std::string> job_faults(std::string_view lines) const {
    return faults(job_text(lines));
  }

  config_report load_job(std::string_view lines) const {
    return load(job_text(lines));
  }

  static std::string job_text(std::string_view lines) {
    return "scheduler:\n  jobs:\n    - name: j\n      extension: core\n"
           "      job: publish_content\n"
           + std::string{lines} + '\n';
  }

private:
  std::filesystem::path root_;
};

using lines = std::vector<std::string>;

} // namespace jobq::test
