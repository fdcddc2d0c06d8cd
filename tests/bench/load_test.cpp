#include <filesystem>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "bench/measurement.hpp"
#include "bench/progress_bar.hpp"
#include "bench/scenario.hpp"

namespace jobq::bench {
namespace {

std::string scratch_place() {
  return std::filesystem::temp_directory_path().string();
}

TEST(scenario, a_name_is_read_back_as_it_is_written) {
  for (const auto& one : all_scenarios()) {
    auto again = scenario::parse(one.name());
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->name(), one.name());
  }
  const std::string raw = "restart/payload:100/depth:500/floor:prepared";
  EXPECT_EQ(scenario::parse(raw)->name(), raw);
}

TEST(scenario, what_a_name_leaves_out_has_its_default) {
  auto made = scenario::parse("full_cycle/outstanding:64");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->payload, 100U);
  EXPECT_EQ(made->producers, 1U);
  EXPECT_EQ(made->durability, durability::sync);
}

TEST(scenario, wrong_names_say_what_is_wrong) {
  auto message = [](const char* name) {
    auto made = scenario::parse(name);
    return made ? std::string{} : made.error().message;
  };
  EXPECT_NE(message("full_circle").find("full_cycle"), std::string::npos);
  EXPECT_NE(
      message("full_cycle/outstandin:1").find("did you mean \"outstanding\""),
      std::string::npos);
  EXPECT_NE(message("full_cycle/64").find("KNOB:VALUE"), std::string::npos);
  EXPECT_NE(message("full_cycle/outstanding:0").find("can't be \"0\""),
            std::string::npos);
  EXPECT_NE(message("isolation/where:nowhere").find("host, thread"),
            std::string::npos);
  EXPECT_NE(message("enqueue/durability:maybe").find("sync or async"),
            std::string::npos);
  EXPECT_NE(message("enqueue/floor:wood").find("plain or prepared"),
            std::string::npos);
}

// Each measure is carried out once, small; what it says is not judged.
TEST(load, every_measure_runs_to_its_end) {
  for (const char* name :
       {"full_cycle/outstanding:64/count:500",
        "full_cycle/outstanding:64/producers:4/count:500",
        "full_cycle/outstanding:8/depth:100/count:200",
        "enqueue/producers:4/count:200", "enqueue/floor:prepared/count:200",
        "bare_cycle/outstanding:64/count:500", "restart/depth:500",
        "restart/depth:500", "churn/depth:200/count:2000", "fan_out/depth:200",
        "catch_up/depth:50", "plan/depth:86400",
        "isolation/where:thread/outstanding:8/count:200",
        "isolation/where:host/outstanding:8/count:200",
        "isolation/where:executor/outstanding:8/count:200",
        "isolation/where:command/outstanding:8/count:20"}) {
    auto came = carry_out(scenario::parse(name).value(), scratch_place());
    ASSERT_TRUE(came) << name << ": " << came.error().message;
    auto line = nlohmann::json::parse(came->json());
    EXPECT_GT(line["runs_per_second"].get<double>(), 0) << name;
    EXPECT_FALSE(came->text().empty());
  }
}

TEST(load, compares_with_the_same_batches_written_raw) {
  auto came = carry_out(
      scenario::parse("full_cycle/outstanding:16/count:300").value(),
      scratch_place());
  ASSERT_TRUE(came);
  EXPECT_GT(came->commits, 0U);
  EXPECT_GT(came->bytes, 300U * 100);
  ASSERT_TRUE(came->floor_ratio());
  EXPECT_GT(*came->floor_ratio(), 0);
  const auto line = nlohmann::json::parse(came->json());
  EXPECT_GT(line["floor_commit_us"]["p50"].get<double>(), 0);
  EXPECT_GT(line["floor_cpu_us_per_run"].get<double>(), 0);
  EXPECT_LT(line["acknowledged_to_finished_us"]["p50"].get<double>(),
            line["finished_us"]["p50"].get<double>());
}

TEST(load, compares_a_deep_queue_with_a_shallow_one_beside_it) {
  const auto of = [](const char* name) {
    return carry_out(scenario::parse(name).value(), scratch_place());
  };
  auto deep = of("full_cycle/outstanding:8/depth:100/count:300");
  ASSERT_TRUE(deep);
  ASSERT_TRUE(deep->depth_ratio());
  EXPECT_GT(*deep->depth_ratio(), 0);
  EXPECT_TRUE(nlohmann::json::parse(deep->json()).contains("depth_ratio"));
  auto shallow = of("full_cycle/outstanding:8/depth:10/count:300");
  ASSERT_TRUE(shallow);
  EXPECT_FALSE(shallow->depth_ratio());
}

TEST(load, tells_what_job_hosts_and_programs_cost) {
  auto came = carry_out(
      scenario::parse("isolation/where:host/outstanding:8/count:500").value(),
      scratch_place());
  ASSERT_TRUE(came);
  EXPECT_GT(came->hosts_cpu_per_run(), 0);
  ASSERT_TRUE(came->spawned);
  EXPECT_GT(came->spawned->per_second, 0);
  EXPECT_GT(came->spawned->cpu, 0);
}

TEST(progress_bar, a_bar_is_filled_by_its_share) {
  EXPECT_EQ(bar(0, 4), "[    ]   0 %");
  EXPECT_EQ(bar(0.5, 4), "[##  ]  50 %");
  EXPECT_EQ(bar(1.5, 4), "[####] 100 %");
}

TEST(progress_bar, a_measurement_tells_how_far_it_is) {
  auto came
      = carry_out(scenario::parse("enqueue/count:20").value(), scratch_place());
  ASSERT_TRUE(came);
  EXPECT_EQ(measured().total, 20U);
  EXPECT_GT(measured().done, 0U);
}

} // namespace
} // namespace jobq::bench
