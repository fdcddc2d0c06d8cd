#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "jobs/cron.hpp"

namespace jobq {

namespace {

std::string error_of(std::string_view expression) {
  const auto schedule = cron_schedule::parse(expression);
  if (schedule)
    return "";
  EXPECT_EQ(schedule.error().code, errc::invalid_argument);
  return schedule.error().message;
}

bool says(std::string_view expression, std::string_view part) {
  return error_of(expression).find(part) != std::string::npos;
}

} // namespace

TEST(cron_errors, have_the_documented_shape) {
  EXPECT_EQ(error_of("0 75 * * * *"),
            "invalid schedule: minute (field 2): 75 is out of range 0-59\n"
            "    0 75 * * * *\n"
            "      ^^");
  EXPECT_EQ(error_of("*/5 * * * *"),
            "invalid schedule: 5 fields, expected 6 (second minute hour "
            "day-of-month month day-of-week)\n"
            "    */5 * * * *\n"
            "    jobq schedules start with a seconds field; did you mean "
            "\"0 */5 * * * *\"?");
  EXPECT_EQ(error_of("  0\t0 0 30 2 *  "),
            "invalid schedule: day-of-month (field 4): it never fires: 30 "
            "February does not exist\n"
            "    0 0 0 30 2 *\n"
            "          ^^");
}

TEST(cron_errors, offer_six_fields_only_when_those_are_valid) {
  EXPECT_TRUE(says("30 4 * * 1", "did you mean \"0 30 4 * * 1\"?"));
  EXPECT_FALSE(says("99 4 * * 1", "did you mean"));
  EXPECT_TRUE(says("0 0 0 1 1 ? 2031", "no year field"));
  EXPECT_TRUE(says("0 0 0 1 1 ? 2031", "did you mean \"0 0 0 1 1 ?\"?"));
}

TEST(cron_errors, suggest_the_ranges_to_write) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"0 0 22-2 * * *", "22-23,0-2"},
      {"0 0 23-0 * * *", "23,0"},
      {"0 0 0 * * FRI-MON", "FRI-SUN,MON"},
      {"0 0 0 * * sat-tue", "SAT-SUN,MON-TUE"},
      {"0 0 0 * * 5-1", "5-7,1"},
      {"0 0 0 * * 5-0", "5-7"},
      {"0 0 0 * NOV-FEB *", "NOV-DEC,JAN-FEB"},
      {"0 0 0 * 12-1 *", "12,1"}};
  for (const auto& [expression, write] : cases) {
    EXPECT_TRUE(says(expression, "runs backwards")) << expression;
    EXPECT_TRUE(error_of(expression).ends_with("write " + write))
        << error_of(expression);
    // What is suggested must be right.
    auto fixed = expression;
    const auto dash = fixed.find('-');
    const auto begin = fixed.rfind(' ', dash) + 1;
    fixed.replace(begin, fixed.find(' ', dash) - begin, write);
    EXPECT_EQ(error_of(fixed), "") << fixed;
  }
}

TEST(cron_errors, name_the_mistake) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "empty expression"},
      {" \t ", "empty expression"},
      {"0 5,,10 * * * *", "empty item"},
      {"0 ,5 * * * *", "empty item"},
      {"0 5, * * * *", "empty item"},
      {"0 */0 * * * *", "step 0 is out of range 1-60"},
      {"0 */90 * * * *", "larger than the 60 values"},
      {"0 0 */25 * * *", "larger than the 24 values"},
      {"0 0 0 */32 * *", "larger than the 31 values"},
      {"0 0 0 * */13 *", "larger than the 12 values"},
      {"0 0 0 * * */8", "larger than the 7 values"},
      {"0 5/ * * * *", "step is missing"},
      {"0 /5 * * * *", "did you mean \"*/5\""},
      {"0 5/x * * * *", "x is not a step"},
      {"0 5/5/5 * * * *", "not a step"},
      {"0 5- * * * *", "no end"},
      {"0 1-2-3 * * * *", "not a value"},
      {"0 -5 * * * *", "signs"},
      {"0 +5 * * * *", "+ is not supported"},
      {"0 1.5 * * * *", "fractions"},
      {"0 5~10 * * * *", "random"},
      {"H * * * * *", "hashed"},
      {"0 H/5 * * * *", "hashed"},
      {"0 H(0-5) * * * *", "hashed"},
      {"0 0 24 * * *", "24 is out of range 0-23"},
      {"0 0 0 0 * *", "0 is out of range 1-31"},
      {"0 0 0 32 * *", "32 is out of range 1-31"},
      {"0 0 0 * 0 *", "0 is out of range 1-12"},
      {"0 0 0 * 13 *", "13 is out of range 1-12"},
      {"0 0 0 * * 8", "8 is out of range 0-6"},
      {"0 18446744073709551616 * * * *", "is out of range 0-59"},
      {"0 4294967296 * * * *", "is out of range 0-59"},
      {"0 0 0 * MON *", "MON is a name of day-of-week"},
      {"0 0 0 * * JAN", "JAN is a name of month"},
      {"0 0 0 * * SUNDAY", "did you mean SUN?"},
      {"0 0 0 * January *", "did you mean JAN?"},
      {"0 ? 0 * * *", "day fields only"},
      {"0 0 0 ?,5 * *", "the whole field"},
      {"0 0 0 ?/2 * *", "the whole field"},
      {"0 0 0 L-2 * *", "L-n is not supported"},
      {"0 0 0 1-5W * *", "single day"},
      {"0 0 0 5W/2 * *", "single day"},
      {"0 0 0 5-10W * *", "single day"},
      {"0 0 0 0W * *", "0 is out of range 1-31"},
      {"0 0 0 W * *", "W needs a day"},
      {"0 0 0 * * L", "needs a weekday"},
      {"0 0 0 * * 5#0", "out of range 1-5"},
      {"0 0 0 * * 5#6", "out of range 1-5"},
      {"0 0 0 * * 5#", "missing"},
      {"0 0 0 * * #2", "a value is missing"},
      {"0 0 0 * * 1-3L", "single weekday"},
      {"0 0 0 5#2 * *", "day-of-week (field 6)"},
      {"0 0 0 5L * *", "not a day of the month"},
      {"0 0 0 31 4,6 *", "31 April and 31 June do not exist"},
      {"0 0 0 31W 11 *", "31 November does not exist"},
      {"TZ=UTC 0 0 0 * * *", "zone option"},
      {"CRON_TZ=UTC 0 0 0 * * *", "zone option"},
      {"0 0 0 * * * # daily", "comments"},
      {"# daily", "comments"},
      {"@every 10m", "write a step"},
      {"@reboot", "set of times"},
      {"@Daily", "did you mean \"@daily\"?"},
      {"@hourli", "did you mean \"@hourly\"?"},
      {"@daily 0", "nothing may follow"},
      {"@", "there are @yearly"},
      {"0 1\xe2\x80\x93"
       "5 * * * *",
       "not ASCII"},
      {"0 \xef\xbc\x95 * * * *", "not ASCII"},
      {"0 0 0 * * *\n", "control character"},
      {"*", "1 field, expected 6"},
      {"** * * * * *", "* stands alone"}};
  for (const auto& [expression, part] : cases)
    EXPECT_TRUE(says(expression, part))
        << expression << ": " << error_of(expression);
}

TEST(cron_errors, stay_short_and_printable_for_any_bytes) {
  const auto check = [](const std::string& expression) {
    const auto message = error_of(expression);
    EXPECT_LT(message.size(), 1500U);
    for (const char c : message)
      ASSERT_TRUE(c == '\n' || (c >= ' ' && c <= '~'));
  };
  constexpr std::size_t large = 1 << 20;
  check(std::string(large, '9'));
  check(std::string(large, ' ') + "x");
  check(std::string(large, '\xff') + " * * * * *");
  check("0 " + std::string(large, '7') + " * * * *");
  check("0 " + std::string(large, ',') + " * * * *");
  check("0 0 0 " + std::string(large, 'L') + " * *");
  check("0 0 0 * * " + std::string(large, 'M') + "#1");
  check(std::string(1, '@').append(large, 'a'));
  check("TZ=" + std::string(large, 'a') + " 0 0 0 * * *");
  std::string fields;
  for (int i = 0; i < 100'000; ++i)
    fields += "* ";
  check(fields);
  EXPECT_TRUE(says(fields, "100000 fields"));
  std::mt19937 random{7};
  constexpr std::string_view alphabet
      = "0123456789*/,-?LW# \t@JANMONH~+.\x01\xc3\n";
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (auto size = random() % 24; size > 0; --size)
      text += alphabet[random() % alphabet.size()];
    check(text);
  }
}

TEST(cron_schedule, reads_a_long_list) {
  std::string list = "0";
  for (int i = 0; i < 50'000; ++i)
    list.append(",").append(std::to_string(i % 60));
  EXPECT_EQ(cron_schedule::parse(list + " * * * * *").value().describe(),
            "every second");
}

TEST(cron_schedule, tells_interval_from_fixed) {
  for (const auto* text :
       {"* 0 0 * * *", "0 * 0 * * *", "0 0 * * * *", "0 5/10 0 * * *",
        "0 0 1-5/2 * * *", "0 0,* 3 * * *", "@hourly"})
    EXPECT_TRUE(cron_schedule::parse(text).value().is_interval()) << text;
  for (const auto* text :
       {"0 0 0 * * *", "0 0-59 0-23 */2 */3 */2", "@daily", "@yearly"})
    EXPECT_FALSE(cron_schedule::parse(text).value().is_interval()) << text;
}

TEST(cron_schedule, describes_itself) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"* * * * * *", "every second"},
      {"*/20 * * * * *", "every 20 seconds"},
      {"0 * * * * *", "every minute"},
      {"5 * * * * *", "every minute at second 5"},
      {"0 */5 * * * *", "every 5 minutes"},
      {"0 0,30 * * * *", "every 30 minutes"},
      {"0 0 * * * *", "every hour at minute 0"},
      {"0 0 */2 * * *", "every 2 hours at minute 0"},
      {"0 0 3 * * *", "daily at 03:00"},
      {"15,45 30 9 * * *", "daily at 09:30:15 and 09:30:45"},
      {"0 0 0 * * 0", "weekly on Sunday at 00:00"},
      {"0 0 0 1 * *", "monthly on day 1 at 00:00"},
      {"@yearly", "yearly on 1 January at 00:00"},
      {"0 30 8 * * MON-FRI", "Mondays to Fridays at 08:30"},
      {"0 0 6 * * SAT,SUN", "on Saturday and Sunday at 06:00"},
      {"0 0 18 L * *", "on the last day of the month at 18:00"},
      {"0 0 18 * * FRIL", "on the last Friday of the month at 18:00"},
      {"0 0 18 10,LW * 2#4",
       "on day 10, the last Monday-to-Friday of the month and the fourth "
       "Tuesday of the month at 18:00"},
      {"0 0 18 12W * *", "on the Monday-to-Friday nearest to day 12 at 18:00"},
      {"0 0 12 * MAR,SEP *", "daily at 12:00 in March and September"},
      {"0 */5 8-17 * * MON-FRI",
       "every 5 minutes of the hours 8 to 17, Mondays to Fridays"},
      {"*/10 */2 * * * *",
       "every 10 seconds of every 2nd minute of every hour"},
      {"0 10-20 8 * * *", "at minutes 10 to 20 of the hour 8"}};
  for (const auto& [expression, words] : cases)
    EXPECT_EQ(cron_schedule::parse(expression).value().describe(), words);
}

} // namespace jobq
