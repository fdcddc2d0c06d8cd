#include "extensions/host/learn.hpp"

#include "tests/extensions/host/host_fixture.hpp"

namespace jobq {

namespace {

class learn_test : public host_test {
protected:
  static result<learned_library> learn(const std::string& name) {
    return learn_library(usual().host, library(name));
  }
  static std::string fault_of(const std::string& name) {
    auto learned = learn(name);
    EXPECT_FALSE(learned);
    return learned ? "" : learned.error().message;
  }
};

TEST_F(learn_test, tells_what_a_library_offers) {
  const auto learned = learn("hostile");
  ASSERT_TRUE(learned) << learned.error().message;
  EXPECT_EQ(learned->extension, "hostile");
  EXPECT_EQ(learned->release, "0.1");
  for (const auto& each : learned->functions) {
    EXPECT_EQ(each.extension, "hostile");
    EXPECT_FALSE(each.call);
    if (each.name != "look_around")
      continue;
    EXPECT_EQ(each.default_schedule, "0 0 * * * *");
    ASSERT_EQ(each.parameters.size(), 2U);
    EXPECT_EQ(each.parameters[1].kind, parameter_spec::type::integer);
    EXPECT_EQ(each.parameters[1].max, 9);
  }
}

TEST_F(learn_test, names_the_library_and_what_is_wrong_with_it) {
  const std::pair<const char*, const char*> cases[]{
      {"missing", "can't be opened: "},
      {"no_extension", "exports no jobq_extension_v1, so it is no jobq "
                       "extension (see jobq_extension.h)"},
      {"returns_null", "says that it can't work here"},
      {"other_version", "is made for version 7 of the extension interface, "
                        "this jobq has version 1"},
      {"two_of_a_name", "has two functions \"same\""},
      {"unknown_type", "has a function \"work\" that has a parameter \"odd\" "
                       "of an unknown type"},
      {"crashes_when_opened", "broke its job host while it was opened: killed "
                              "by signal 6 (SIGABRT)"},
      {"exits_when_opened", "broke its job host while it was opened: ended its "
                            "process with exit code 0 instead of returning"}};
  for (const auto& [name, message] : cases)
    EXPECT_TRUE(
        fault_of(name).starts_with(library(name).string() + ": " + message))
        << fault_of(name);
}

TEST_F(learn_test, a_library_that_hangs_is_waited_for_so_long) {
  const auto path = library("hangs_when_opened");
  const auto learned = learn_library(usual().host, path, milliseconds{300});
  ASSERT_FALSE(learned);
  EXPECT_EQ(learned.error().code, errc::invalid_argument);
  EXPECT_EQ(learned.error().message,
            path.string() + ": did not answer within 300ms of being opened");
  EXPECT_EQ(processes(), 0U) << "left behind";
}

TEST_F(learn_test, a_file_that_is_no_library_is_told) {
  const auto learned = learn_library(usual().host, "/etc/hostname");
  ASSERT_FALSE(learned);
  EXPECT_EQ(learned.error().code, errc::invalid_argument);
}

TEST_F(learn_test, a_missing_host_program_is_told) {
  auto options = usual().host;
  options.program = "/nowhere/jobq-host";
  const auto learned = learn_library(options, library("hostile"));
  ASSERT_FALSE(learned);
  EXPECT_EQ(learned.error().code, errc::unavailable);
}

} // namespace

} // namespace jobq
