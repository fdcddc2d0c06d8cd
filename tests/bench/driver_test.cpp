#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "bench/drive.hpp"
#include "tests/tools/temp_dir.hpp"

namespace jobq::bench {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

class driver_test : public testing::TestWithParam<bool> {
protected:
  drive_options asked(const std::string& measure, std::uint64_t runs) const {
    drive_options made;
    made.measure = measure;
    made.runs = runs;
    made.time = std::chrono::seconds{30};
    made.directory = place_.path();
    made.server = fs::path{JOBQ_BIN_DIR} / "jobqd";
    return made;
  }

  std::vector<json> lines_of(const drive_options& what, bool works = true) {
    std::vector<json> lines;
    EXPECT_EQ(drive(what,
                    [&](const std::string& line) {
                      lines.push_back(json::parse(line));
                    }),
              works);
    EXPECT_TRUE(fs::is_empty(place_.path())) << "its data was left behind";
    return lines;
  }

  test::temp_dir place_;
};

TEST_P(driver_test, every_measure_prints_its_lines) {
  for (const auto& measure : drive_measures()) {
    auto what = asked(measure, measure == "latency" ? 5 : 1'500);
    what.via_socket = GetParam();
    if (measure == "enqueue_single" || (GetParam() && measure == "e2e"))
      what.runs = 50;
    const auto lines = lines_of(what);
    ASSERT_EQ(lines.size(), measure == "latency" ? 2U : 1U) << measure;
    for (const auto& line : lines) {
      EXPECT_EQ(line.size(), 5U);
      EXPECT_EQ(line["n"], what.runs) << line;
      EXPECT_GT(line["value"].get<double>(), 0) << line;
      EXPECT_NE(line["note"].get<std::string>().find("durability sync"),
                std::string::npos);
    }
    EXPECT_EQ(lines[0]["unit"], measure == "latency"  ? "us"
                                : measure == "memory" ? "MiB"
                                                      : "runs/s");
  }
}

INSTANTIATE_TEST_SUITE_P(via, driver_test, testing::Bool(),
                         [](const auto& via) {
                           return via.param ? "socket" : "inprocess";
                         });

using driver_limits = driver_test;

TEST_F(driver_limits, time_ends_a_measure_and_the_real_number_is_told) {
  auto what = asked("enqueue_single", 100'000'000);
  what.time = std::chrono::seconds{1};
  const auto begun = std::chrono::steady_clock::now();
  const auto lines = lines_of(what);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds{20});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_LT(lines[0]["n"].get<std::uint64_t>(), 100'000'000U);
}

TEST_F(driver_limits, what_can_not_be_measured_is_a_line_with_a_note) {
  auto what = asked("e2e", 10);
  what.via_socket = true;
  what.server = "/bin/false";
  const auto lines = lines_of(what, false);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0]["value"].is_null());
  EXPECT_NE(lines[0]["note"].get<std::string>().find("ended early"),
            std::string::npos);
}

TEST_F(driver_limits, wrong_wishes_are_refused) {
  const auto refusal = [this](auto change) {
    auto what = asked("e2e", 10);
    change(what);
    const auto checked = check(what);
    return checked ? std::string{} : checked.error().message;
  };
  EXPECT_EQ(refusal([](drive_options&) {}), "");
  EXPECT_NE(refusal([](auto& it) {
              it.measure = "e2f";
            }).find("did you mean \"e2e\""),
            std::string::npos);
  EXPECT_NE(refusal([](auto& it) { it.runs = 0; }).find("N must be"),
            std::string::npos);
  EXPECT_NE(refusal([](auto& it) {
              it.time = std::chrono::seconds{61};
            }).find("SECONDS must be 1 to 60"),
            std::string::npos);
  EXPECT_NE(refusal([](auto& it) {
              it.via_socket = true;
              it.server = "/nowhere";
            }).find("no server /nowhere"),
            std::string::npos);
  EXPECT_NE(refusal([](auto& it) {
              it.via_socket = true;
              it.durability = durability::async;
            }).find("a server syncs"),
            std::string::npos);
}

/// Starts the program and interrupts it once it has made its directory.
int interrupted_program(const fs::path& place, const char* via) {
  const auto child = ::fork();
  if (child == 0) {
    (void)!::freopen("/dev/null", "w", stdout);
    ::execl(JOBQ_BENCH_DIR "/driver", "driver", "enqueue_single", "100000000",
            "30", "--via", via, "--directory", place.c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  bool ended = false;
  while (!ended && fs::is_empty(place)) {
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
    ended = ::waitpid(child, &status, WNOHANG) == child;
  }
  if (!ended) {
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    ::kill(child, SIGINT);
    ::waitpid(child, &status, 0);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(driver_limits, an_interrupt_cleans_up) {
  for (const char* via : {"inprocess", "socket"}) {
    EXPECT_EQ(interrupted_program(place_.path(), via), 130) << via;
    EXPECT_TRUE(fs::is_empty(place_.path())) << via;
  }
}

} // namespace
} // namespace jobq::bench
