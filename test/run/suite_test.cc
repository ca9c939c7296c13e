#include "run/suite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "run/shipped.h"

namespace gauntlet::run {
namespace {

// A complete suite; each test of a mistake replaces one line of it.
constexpr std::string_view kGood = R"(suite = "mine"
metrics_port = 9100
[load]
connections = 10
rate = "100/s"
[[mix]]
tool = "echo"
[[phase]]
name = "steady"
duration = "10s"
measured = true
[[fault]]
id = "cut"
kind = "disconnect"
phase = "steady"
[[test]]
name = "first"
limits = ["p95 <= 85ms"]
)";

std::string with(std::string_view line, std::string_view replacement) {
  std::string text(kGood);
  const auto at = text.find(line);
  EXPECT_NE(at, std::string::npos) << line;
  return text.replace(at, line.size(), replacement);
}

TEST(Suite, GoodOneBecomesAPlan) {
  const auto plan = parse_suite(kGood, "my.toml", Mode::short_);
  ASSERT_TRUE(plan) << plan.error().text;
  EXPECT_EQ(plan->suite, "mine");
  EXPECT_EQ(plan->mode, Mode::short_);
  EXPECT_EQ(plan->metrics_port, 9100);
  EXPECT_EQ(plan->load.connections, 10U);
  EXPECT_DOUBLE_EQ(plan->load.rate, 100);
  EXPECT_EQ(plan->load.arrivals, Arrivals::constant);
  ASSERT_EQ(plan->load.mix.size(), 1U);
  EXPECT_EQ(plan->load.mix[0].method, "tools/call");
  EXPECT_EQ(plan->load.mix[0].arguments, "{}");
  ASSERT_EQ(plan->phases.size(), 1U);
  EXPECT_EQ(plan->phases[0].duration, 10 * core::kSecond);
  ASSERT_EQ(plan->faults.size(), 1U);
  EXPECT_EQ(plan->faults[0].how, "mixed");
  ASSERT_EQ(plan->tests.size(), 1U);
  EXPECT_EQ(plan->tests[0].limits[0].text, "p95 <= 85ms");
}

struct Mistake {
  const char* line;
  const char* replacement;
  const char* message;
};

class SuiteMistake : public testing::TestWithParam<Mistake> {};

TEST_P(SuiteMistake, IsOneLineWithFileAndLine) {
  const auto plan =
      parse_suite(with(GetParam().line, GetParam().replacement), "my.toml", Mode::demo);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().kind, core::ErrorKind::usage);
  EXPECT_EQ(plan.error().text, GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Names, SuiteMistake,
    testing::Values(
        Mistake{"connections = 10", "conections = 10",
                "my.toml:4: unknown key `conections` in [load]; did you mean `connections`?"},
        Mistake{"metrics_port = 9100", "[lod]",
                "my.toml:2: unknown key `lod` in the suite; did you mean `load`?"},
        Mistake{"tool = \"echo\"", "quux = 1", "my.toml:7: unknown key `quux` in [[mix]]"},
        Mistake{"suite = \"mine\"", "suite = \"../etc\"",
                "my.toml:1: `suite` in the suite: a name has 1 to 64 of the characters a-z, A-Z, "
                "0-9, `_`, `-` and `.`, no `.` at its start"},
        Mistake{"[[test]]", "[[phase]]\nname = \"steady\"\nduration = \"1s\"\n[[test]]",
                "my.toml:17: `name` in [[phase]]: `steady` is taken already"},
        Mistake{"[[test]]",
                "[[fault]]\nid = \"cut\"\nkind = \"disconnect\"\nphase = \"steady\"\n[[test]]",
                "my.toml:17: `id` in [[fault]]: `cut` is taken already"},
        Mistake{"[[test]]", "[[test]]\nname = \"first\"\nlimits = [\"max < 1s\"]\n[[test]]",
                "my.toml:20: `name` in [[test]]: `first` is taken already"},
        Mistake{"phase = \"steady\"", "phase = \"stedy\"",
                "my.toml:15: `phase` in [[fault]]: there is no phase `stedy`; did you mean "
                "`steady`?"},
        Mistake{"name = \"first\"", "name = \"first\"\nfault = \"cat\"",
                "my.toml:18: `fault` in [[test]]: there is no fault `cat`; did you mean `cut`?"}));

INSTANTIATE_TEST_SUITE_P(
    Missing, SuiteMistake,
    testing::Values(
        Mistake{"connections = 10", "", "my.toml:3: [load] needs `connections`"},
        Mistake{"rate = \"100/s\"", "", "my.toml:3: [load] needs `rate`"},
        Mistake{"tool = \"echo\"", "", "my.toml:6: [[mix]] needs `tool`"},
        Mistake{"[[mix]]\ntool = \"echo\"", "", "my.toml:1: the suite needs `mix`"},
        Mistake{"duration = \"10s\"", "", "my.toml:8: [[phase]] needs `duration`"},
        Mistake{"duration = \"10s\"", "duration = { demo = \"1s\", extended = \"9s\" }",
                "my.toml:10: `duration` of [[phase]] needs `short`"},
        Mistake{"measured = true", "",
                "my.toml:8: `phase` in the suite: one phase has to be measured (measured = true)"},
        Mistake{"kind = \"disconnect\"", "", "my.toml:12: [[fault]] needs `kind`"},
        Mistake{"limits = [\"p95 <= 85ms\"]", "", "my.toml:16: [[test]] needs `limits`"},
        Mistake{"limits = [\"p95 <= 85ms\"]", "limits = [\"recovery < 10s\"]",
                "my.toml:18: `limits` in [[test]]: `recovery` needs the test's `fault`"}));

INSTANTIATE_TEST_SUITE_P(
    Values, SuiteMistake,
    testing::Values(
        Mistake{"connections = 10", "connections = 0",
                "my.toml:4: `connections` in [load]: has to be from 1 to 100000, not 0"},
        Mistake{"connections = 10", "connections = 100001",
                "my.toml:4: `connections` in [load]: has to be from 1 to 100000, not 100001"},
        Mistake{"connections = 10", "connections = -1",
                "my.toml:4: `connections` in [load]: must not be negative"},
        Mistake{"connections = 10", "connections = 1.5",
                "my.toml:4: `connections` in [load]: has to be a whole number, not a number"},
        Mistake{"rate = \"100/s\"", "rate = 0",
                "my.toml:5: `rate` in [load]: has to be above 0 and at most 100000000, not 0"},
        Mistake{"rate = \"100/s\"", "rate = nan",
                "my.toml:5: `rate` in [load]: has to be above 0 and at most 100000000, not nan"},
        Mistake{"rate = \"100/s\"", "rate = true",
                "my.toml:5: `rate` in [load]: has to be a rate such as \"5000/s\", not a boolean"},
        Mistake{"rate = \"100/s\"", "rate = 5\narrivals = \"closed\"",
                "my.toml:5: `rate` in [load]: has no meaning where arrivals = \"closed\""},
        Mistake{"rate = \"100/s\"", "rate = 5\narrivals = \"bursty\"",
                "my.toml:6: `arrivals` in [load]: `bursty` is not one of constant, poisson, "
                "closed"},
        Mistake{"rate = \"100/s\"", "rate = 5\nburst = 1025",
                "my.toml:6: `burst` in [load]: has to be from 1 to 1024, not 1025"},
        Mistake{"rate = \"100/s\"", "rate = 5\npipeline = 0",
                "my.toml:6: `pipeline` in [load]: has to be from 1 to 1024, not 0"},
        Mistake{"rate = \"100/s\"", "rate = 5\nramp = 2",
                "my.toml:6: `ramp` in [load]: has to be a duration such as \"30s\", not an "
                "integer"},
        Mistake{"rate = \"100/s\"", "rate = 5\nreconnect_min = \"2s\"\nreconnect_max = \"1s\"",
                "my.toml:6: `reconnect_min` in [load]: is longer than reconnect_max"},
        Mistake{"rate = \"100/s\"", "rate = 5\nheaders = { Host = 1 }",
                "my.toml:6: `headers` in [load]: has to be a table of strings"},
        Mistake{"rate = \"100/s\"", "rate = 5\nheaders = { Connection = \"close\" }",
                "my.toml:6: header `Connection` is ours"},
        Mistake{"rate = \"100/s\"", "rate = 5\nheaders = { X = \"a\\r\\nb\" }",
                "my.toml:6: header `X` holds a control character"},
        Mistake{"tool = \"echo\"", "tool = \"echo\"\narguments = \"[1]\"",
                "my.toml:8: `arguments` in [[mix]]: has to be a JSON object"},
        Mistake{"tool = \"echo\"", "tool = \"echo\"\nweight = 0",
                "my.toml:8: `weight` in [[mix]]: has to be above 0 and at most 1000000, not 0"},
        Mistake{"tool = \"echo\"", "tool = \"echo\"\narguments = { day = 2026-01-01 }",
                "my.toml:8: `arguments` in [[mix]]: dates and times have no JSON form"},
        Mistake{"tool = \"echo\"", "method = \"ping\"\ntool = \"echo\"",
                "my.toml:8: `tool` in [[mix]]: only tools/call has one"},
        Mistake{"tool = \"echo\"", "method = \"resources/read\"",
                "my.toml:7: `method` in [[mix]]: `resources/read` is not one of tools/call, "
                "tools/list, ping"},
        Mistake{"[[test]]", "[[phase]]\nname = \"b\"\nduration = \"1s\"\nmeasured = true\n[[test]]",
                "my.toml:19: `measured` in [[phase]]: only one phase can be measured"},
        Mistake{"kind = \"disconnect\"", "kind = \"disconnect\"\nat = \"10s\"",
                "my.toml:15: `at` in [[fault]]: phase `steady` has ended by then"},
        Mistake{"kind = \"disconnect\"", "kind = \"disconnect\"\nshare = 1.5",
                "my.toml:15: `share` in [[fault]]: has to be above 0 and at most 1, not 1.5"},
        Mistake{"kind = \"disconnect\"", "kind = \"crush\"",
                "my.toml:14: `kind` in [[fault]]: there is no kind `crush`; there are "
                "disconnect, sever, kill_worker, crash, pause, exec, proxy, failpoint, "
                "partition, one-way, loss, reset, delay, burst-loss, reorder, duplicate, rate, "
                "cpu, memory, "
                "pids, descriptors"},
        Mistake{"limits = [\"p95 <= 85ms\"]", "limits = []",
                "my.toml:18: `limits` in [[test]]: has to be an array of limits such as \"p95 <= "
                "85ms\""},
        Mistake{"limits = [\"p95 <= 85ms\"]", "limits = [\n  \"p95 <= 85ms\",\n  \"p9 < 1ms\"]",
                "my.toml:20: limit `p9 < 1ms`: unknown metric `p9`; did you mean `p90`?"},
        Mistake{"[[mix]]", "[mix]", "my.toml:6: `mix` in the suite: write it as [[mix]]"}));

TEST(Suite, SyntaxErrorNamesLineAndColumn) {
  const auto plan = parse_suite("suite = \"a\"\n[load\n", "my.toml", Mode::demo);
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().text, testing::StartsWith("my.toml:2:"));
  EXPECT_THAT(plan.error().text, testing::Not(testing::HasSubstr("\n")));
}

TEST(Suite, BadJsonInArgumentsNamesItsLine) {
  const auto plan =
      parse_suite(with("tool = \"echo\"", "tool = \"echo\"\narguments = '{\"a\":{{nonce}}}'"),
                  "my.toml", Mode::demo);
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().text,
              testing::StartsWith("my.toml:8: `arguments` in [[mix]]: not valid JSON: "));
}

TEST(Suite, DurationFollowsTheMode) {
  const auto text =
      with("duration = \"10s\"", "duration = { demo = \"5s\", short = \"1m\", extended = \"1h\" }");
  EXPECT_EQ(parse_suite(text, "f", Mode::demo)->phases[0].duration, 5 * core::kSecond);
  EXPECT_EQ(parse_suite(text, "f", Mode::short_)->phases[0].duration, 60 * core::kSecond);
  EXPECT_EQ(parse_suite(text, "f", Mode::extended)->phases[0].duration, 3600 * core::kSecond);
}

TEST(Suite, ArgumentsMayBeATomlTableAndEndOnOneLine) {
  const auto table = parse_suite(
      with("tool = \"echo\"",
           "tool = \"echo\"\narguments = { message = \"{{nonce}}\", n = 3, list = [true, \"x\"] }"),
      "f", Mode::demo);
  ASSERT_TRUE(table) << table.error().text;
  EXPECT_EQ(table->load.mix[0].arguments, R"({"list":[true,"x"],"message":"{{nonce}}","n":3})");
  const auto text =
      parse_suite(with("tool = \"echo\"", "tool = \"echo\"\narguments = '''{\n \"a\": 1\n}'''"),
                  "f", Mode::demo);
  ASSERT_TRUE(text) << text.error().text;
  EXPECT_EQ(text->load.mix[0].arguments, R"({"a":1})");
}

TEST(Suite, IsNamedAfterItsFileWhereItDoesNotSay) {
  const auto plan = parse_suite(with("suite = \"mine\"", ""), "/some/where/night.toml", Mode::demo);
  ASSERT_TRUE(plan) << plan.error().text;
  EXPECT_EQ(plan->suite, "night");
}

TEST(Suite, ShippedOnesAreValidInEveryMode) {
  ASSERT_FALSE(shipped_suites().empty());
  for (const auto& shipped : shipped_suites()) {
    for (const Mode mode : {Mode::demo, Mode::short_, Mode::extended}) {
      const auto plan = load_suite(shipped.name, mode);
      ASSERT_TRUE(plan) << plan.error().text;
      EXPECT_EQ(plan->suite, shipped.name);
    }
  }
}

core::Nanos total(const Plan& plan) {
  core::Nanos sum = plan.load.ramp;
  for (const auto& phase : plan.phases) sum += phase.duration;
  return sum;
}

TEST(Suite, BaselineIsWhatTheDesignSays) {
  const auto demo = load_suite("baseline", Mode::demo);
  ASSERT_TRUE(demo) << demo.error().text;
  EXPECT_EQ(demo->load.connections, 150U);
  EXPECT_DOUBLE_EQ(demo->load.rate, 5000);
  EXPECT_EQ(demo->metrics_port, 9090);
  std::vector<std::string> names;
  for (const auto& test : demo->tests) names.push_back(test.name);
  EXPECT_THAT(names,
              testing::ElementsAre("connections_150", "message_distribution", "latency_percentiles",
                                   "error_rate", "memory_stability", "recovery_time"));
  EXPECT_EQ(total(*demo), 60 * core::kSecond);
  EXPECT_EQ(total(*load_suite("baseline", Mode::extended)), 600 * core::kSecond);
  EXPECT_THAT(demo->load.mix[0].arguments, testing::HasSubstr("{{nonce}}"));
}

constexpr std::string_view kClimb = R"(suite = "climb"
[load]
burst = 4
[[mix]]
tool = "echo"
[[level]]
name = "low"
connections = 10
rate = "100/s"
[[level]]
name = "high"
connections = 50
rate = "500/s"
burst = 8
[[level]]
name = "flat_out"
connections = 20
[[phase]]
name = "steady"
duration = "10s"
measured = true
[[phase]]
name = "after"
duration = "20s"
level = "high"
[[fault]]
id = "cut"
kind = "disconnect"
phase = "after"
[[test]]
name = "at_low"
level = "low"
limits = ["p95 <= 85ms"]
[[test]]
name = "all"
limits = ["throughput_gain >= 4"]
)";

std::string climb_with(std::string_view line, std::string_view replacement) {
  std::string text(kClimb);
  return text.replace(text.find(line), line.size(), replacement);
}

TEST(Levels, AreRunsOfTheirOwn) {
  const auto plan = parse_suite(kClimb, "climb.toml", Mode::demo);
  ASSERT_TRUE(plan) << plan.error().text;
  ASSERT_EQ(plan->levels.size(), 3U);
  const Plan low = at_level(*plan, 0);
  EXPECT_EQ(low.load.connections, 10U);
  EXPECT_DOUBLE_EQ(low.load.rate, 100);
  EXPECT_EQ(low.load.burst, 4U) << "that of the load";
  EXPECT_EQ(low.phases.size(), 1U) << "the other phase belongs to another level";
  EXPECT_TRUE(low.faults.empty()) << "it went with its phase";
  ASSERT_EQ(low.tests.size(), 1U);
  EXPECT_EQ(low.tests[0].name, "at_low");
  const Plan high = at_level(*plan, 1);
  EXPECT_EQ(high.load.burst, 8U);
  EXPECT_EQ(high.phases.size(), 2U);
  EXPECT_EQ(high.faults.size(), 1U);
  EXPECT_TRUE(high.tests.empty());
  EXPECT_EQ(at_level(*plan, 2).load.arrivals, Arrivals::closed) << "it has no rate";
}

TEST(Levels, MayBeLikeAnotherAndStock) {
  auto text = climb_with("[load]\n",
                         "[client]\nheartbeat = \"1s\"\n[lab]\nuse = \"on\"\ntcp = "
                         "\"tuned\"\n[load]\n");
  const std::string more =
      "[[level]]\nname = \"plain\"\nlike = \"high\"\nstock = true\nconnections = 5\n"
      "timeout = \"2s\"\n[[phase]]\n";
  text.replace(text.find("[[phase]]\n"), 10, more);
  const auto plan = parse_suite(text, "climb.toml", Mode::demo);
  ASSERT_TRUE(plan) << plan.error().text;
  EXPECT_EQ(plan->lab.use, LabUse::on);
  const Plan high = at_level(*plan, 1), plain = at_level(*plan, 3);
  EXPECT_TRUE(high.lab.tuned_tcp);
  EXPECT_EQ(high.load.client.heartbeat, core::kSecond);
  EXPECT_FALSE(plain.lab.tuned_tcp);
  EXPECT_EQ(plain.load.client.heartbeat, 0);
  EXPECT_EQ(plain.load.timeout, 2 * core::kSecond);
  EXPECT_TRUE(plain.tests.empty());
  EXPECT_EQ(plain.faults.size(), 1U) << "that of the level that it is like";
}

TEST(Suite, AMetricOfOneToolNeedsTheTool) {
  const auto with = [](std::string_view test) {
    std::string text =
        "[load]\nconnections = 1\nrate = \"1/s\"\n[[mix]]\ntool = \"echo\"\n[[phase]]\nname = "
        "\"p\"\nduration = \"9s\"\nmeasured = true\n[[fault]]\nid = \"f\"\nkind = "
        "\"disconnect\"\nphase = \"p\"\n[[test]]\nname = \"t\"\nfault = \"f\"\nlimits = "
        "[\"tool_error_rate < 1%\"]\n";
    const auto plan = parse_suite(text.append(test), "s.toml", Mode::demo);
    return plan ? plan->tests[0].tool : plan.error().text;
  };
  EXPECT_EQ(with("tool = \"echo\"\n"), "echo");
  EXPECT_NE(with("").find("`tool_error_rate` needs the test's `tool`"), std::string::npos);
  EXPECT_NE(with("tool = \"ecco\"\n").find("there is no tool `ecco`"), std::string::npos);
}

TEST(Levels, MistakesAreOneLine) {
  const auto error_of = [](std::string_view line, std::string_view replacement) {
    const auto plan = parse_suite(climb_with(line, replacement), "climb.toml", Mode::demo);
    return plan ? std::string() : plan.error().text;
  };
  EXPECT_EQ(error_of("burst = 4", "connections = 4"),
            "climb.toml:3: `connections` in [load]: each [[level]] has its own");
  EXPECT_EQ(error_of("level = \"low\"", "level = \"lo\""),
            "climb.toml:32: `level` in [[test]]: there is no level `lo`; did you mean `low`?");
  EXPECT_EQ(error_of("measured = true", "measured = true\nlevel = \"low\""),
            "climb.toml:22: `level` in [[phase]]: the measured phase belongs to every level");
  EXPECT_EQ(
      error_of("name = \"all\"", "name = \"all\"\nlevel = \"low\""),
      "climb.toml:37: `limits` in [[test]]: `throughput_gain` needs [[level]]s, and a test of "
      "all of them");
}

TEST(Suite, ScaleIsWhatTheDesignSays) {
  const auto plan = load_suite("scale", Mode::demo);
  ASSERT_TRUE(plan) << plan.error().text;
  EXPECT_EQ(plan->metrics_port, 9091);
  EXPECT_EQ(plan->load.transport, "tcp");
  std::vector<std::string> names;
  for (const auto& test : plan->tests) names.push_back(test.name);
  EXPECT_THAT(names, testing::ElementsAre("connections_150", "connections_500", "connections_1k",
                                          "connections_5k", "connections_10k", "connections_15k",
                                          "summary"));
  const Plan top = at_level(*plan, 5);
  EXPECT_EQ(top.load.connections, 15'000U);
  EXPECT_DOUBLE_EQ(top.load.rate, 500'000);
  EXPECT_EQ(top.load.burst, 16U);
  EXPECT_EQ(top.faults.size(), 1U);
  const auto extended = load_suite("scale", Mode::extended);
  EXPECT_EQ(total(at_level(*extended, 0)), 573 * core::kSecond);
  EXPECT_EQ(at_level(*plan, 8).load.burst, 1U);
}

TEST(Fault, KillsAWorkerAndTakesNoShareOfTheConnections) {
  const auto plan =
      parse_suite(with("kind = \"disconnect\"", "kind = \"kill_worker\""), "a.toml", Mode::demo);
  ASSERT_TRUE(plan) << plan.error().text;
  EXPECT_EQ(plan->faults[0].kind, "kill_worker");
  const auto wrong = parse_suite(
      with("kind = \"disconnect\"", "kind = \"kill_worker\"\nshare = 0.5"), "a.toml", Mode::demo);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().text, "a.toml:15: `share` in [[fault]]: `kill_worker` has no `share`");
}

TEST(Workers, OfALevelComeBeforeThoseOfTheLoad) {
  const auto load =
      parse_suite(with("connections = 10", "connections = 10\nworkers = 3"), "a.toml", Mode::demo);
  ASSERT_TRUE(load) << load.error().text;
  EXPECT_EQ(load->load.workers, 3U);
  const auto scale = load_suite("scale", Mode::demo);
  ASSERT_TRUE(scale);
  EXPECT_EQ(at_level(*scale, 0).load.workers, 0U);
  EXPECT_EQ(at_level(*scale, 5).load.workers, 2U) << "one of them is killed";
}

TEST(Suite, RateMayBeAShareOfTheCapacity) {
  const auto plan = parse_suite(
      with("rate = \"100/s\"", "rate = \"auto\"\ncapacity_share = \"50%\"\nrate_max = \"2k/s\""),
      "my.toml", Mode::demo);
  ASSERT_TRUE(plan) << plan.error().text;
  EXPECT_DOUBLE_EQ(plan->load.capacity_share, 0.5);
  EXPECT_DOUBLE_EQ(plan->load.rate, 2000);
  const auto plain = parse_suite(with("\"100/s\"", "\"auto\""), "my.toml", Mode::demo);
  ASSERT_TRUE(plain) << plain.error().text;
  EXPECT_DOUBLE_EQ(plain->load.capacity_share, 0.6);
  EXPECT_DOUBLE_EQ(plain->load.rate, 500'000);
  const auto given =
      parse_suite(with("\"100/s\"", "\"100/s\"\ncapacity_share = 0.5"), "my.toml", Mode::demo);
  ASSERT_FALSE(given);
  EXPECT_EQ(given.error().text,
            "my.toml:6: `capacity_share` in [load]: only goes with rate = \"auto\"");
}

TEST(Suite, SustainedIsWhatTheDesignSays) {
  const auto plan = load_suite("sustained", Mode::extended);
  ASSERT_TRUE(plan) << plan.error().text;
  EXPECT_EQ(plan->metrics_port, 9093);
  EXPECT_EQ(plan->load.connections, 15'000U);
  EXPECT_DOUBLE_EQ(plan->load.capacity_share, 0.6);
  EXPECT_DOUBLE_EQ(plan->load.rate, 500'000);
  EXPECT_EQ(phase_start(*plan, plan->phases.size()), 24 * 3600 * core::kSecond);
  std::vector<std::string> limits;
  for (const auto& test : plan->tests)
    for (const auto& limit : test.limits) limits.push_back(test.name + ": " + limit.text);
  EXPECT_THAT(
      limits,
      testing::ElementsAre(
          "soak_24_hour: crashes <= 0", "soak_24_hour: error_rate < 0.1%",
          "soak_24_hour: connections >= 15000", "memory_stability: memory_drift < 500MB",
          "memory_stability: descriptors_drift <= 1000", "memory_stability: threads_drift <= 50",
          "session_stability: sessions_drift <= 1000", "heap_stability: heap_drift < 500MB",
          "error_rate_stability: error_rate_hourly < 0.1%",
          "error_rate_stability: error_rate_drift < 0.05%",
          "latency_stability: p95_hourly <= 20ms"));
  EXPECT_EQ(phase_start(*load_suite("sustained", Mode::short_), 2), 3600 * core::kSecond);
  EXPECT_EQ(phase_start(*load_suite("sustained", Mode::demo), 2), 600 * core::kSecond);
}

TEST(Suite, UnknownNameSaysWhatThereIs) {
  const auto plan = load_suite("basline", Mode::demo);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().text,
            "no suite is called `basline`; did you mean `baseline`? (`gauntlet list` shows all; a "
            "file ends in .toml)");
}

TEST(Suite, FileIsRead) {
  const std::string path =
      testing::TempDir() + "gauntlet_suite_" + std::to_string(getpid()) + ".toml";
  std::ofstream(path) << kGood;
  const auto plan = load_suite(path, Mode::demo);
  ASSERT_TRUE(plan) << plan.error().text;
  EXPECT_EQ(plan->suite, "mine");
  EXPECT_FALSE(load_suite("./no/such.toml", Mode::demo));
  EXPECT_FALSE(load_suite(testing::TempDir(), Mode::demo));
}

TEST(Mode, IsReadByName) {
  EXPECT_EQ(parse_mode("short").value(), Mode::short_);
  EXPECT_FALSE(parse_mode("short_"));
}

TEST(Header, RefusesWhatWouldSplitOrFrameAMessage) {
  EXPECT_TRUE(checked_header("Authorization", "Bearer x y"));
  EXPECT_FALSE(checked_header("", "x"));
  EXPECT_FALSE(checked_header("A B", "x"));
  EXPECT_FALSE(checked_header("A", "x\ny"));
  EXPECT_FALSE(checked_header("content-LENGTH", "3"));
}

// Whatever stands in a file, parsing gives a plan or one line.
RC_GTEST_PROP(SuiteProperty, DamagedTextNeverCrashes, ()) {
  std::string text(kGood);
  const auto edits = *rc::gen::inRange(1, 6);
  for (int i = 0; i < edits; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    text.replace(at, *rc::gen::inRange<std::size_t>(0, 8), *rc::gen::arbitrary<std::string>());
  }
  const auto plan = parse_suite(text, "f", Mode::demo);
  if (!plan) RC_ASSERT(plan.error().text.starts_with("f:"));
}

}  // namespace
}  // namespace gauntlet::run
