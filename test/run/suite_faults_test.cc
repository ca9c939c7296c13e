// [client] and [[fault]] of a suite, and the phases that have less load.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

#include "run/fault_kind.h"
#include "run/suite.h"

namespace gauntlet::run {
namespace {

// `client` goes into [client], `fault` into [[fault]], `phase` into the second phase.
std::string suite(std::string_view client, std::string_view fault, std::string_view phase = "",
                  std::string_view mix = "idempotent = true") {
  std::string text = "[load]\nconnections = 10\nrate = \"100/s\"\ntimeout = \"5s\"\n[client]\n";
  text.append(client).append("\n[[mix]]\ntool = \"echo\"\n").append(mix);
  text += "\n[[phase]]\nname = \"steady\"\nduration = \"10s\"\nmeasured = true\n";
  text += "[[phase]]\nname = \"storm\"\nduration = \"30s\"\n";
  text.append(phase).append("\n[[fault]]\nid = \"f\"\nphase = \"storm\"\n").append(fault);
  return text + "\n[[test]]\nname = \"t\"\nlimits = [\"p95 <= 85ms\"]\n";
}

core::Result<Plan> parse(const std::string& text) {
  return parse_suite(text, "s.toml", Mode::demo);
}

std::string problem(const std::string& text) {
  const auto plan = parse(text);
  return plan ? "" : plan.error().text;
}

TEST(SuiteClient, SaysHowClientsBehave) {
  const auto plan = parse(suite(
      "heartbeat = \"2s\"\nheartbeat_timeout = \"1s\"\ntcp_user_timeout = \"4s\"\n"
      "opening_timeout = \"900ms\"\nreconnect_on_timeout = true\nreconnect_backoff = \"none\"\n"
      "retry = \"backoff\"\nretries = 3\nretry_budget = 0.2\nattempt_timeout = \"1s\"",
      "kind = \"disconnect\""));
  ASSERT_TRUE(plan) << plan.error().text;
  const auto& client = plan->load.client;
  EXPECT_EQ(client.heartbeat, 2 * core::kSecond);
  EXPECT_EQ(client.heartbeat_timeout, core::kSecond);
  EXPECT_EQ(client.tcp_user_timeout, 4 * core::kSecond);
  EXPECT_EQ(client.opening_timeout, 900 * core::kMillisecond);
  EXPECT_EQ(client.attempt_timeout, core::kSecond);
  EXPECT_TRUE(client.reconnect_on_timeout);
  EXPECT_EQ(client.backoff, Backoff::none);
  EXPECT_EQ(client.retry, Retry::backoff);
  EXPECT_EQ(client.retries, 3U);
  EXPECT_DOUBLE_EQ(client.retry_budget, 0.2);
  EXPECT_TRUE(plan->load.mix[0].idempotent);
}

TEST(SuiteClient, IsQuietUnlessAsked) {
  const auto plan = parse(suite("", "kind = \"disconnect\"", "", ""));
  ASSERT_TRUE(plan) << plan.error().text;
  EXPECT_EQ(plan->load.client.heartbeat, 0);
  EXPECT_EQ(plan->load.client.retry, Retry::none);
  EXPECT_FALSE(plan->load.mix[0].idempotent) << "of a tool only its user knows";
}

TEST(SuiteClient, MistakesAreOneLine) {
  for (const auto& [client, message] :
       {std::pair{"heartbeat = \"1ms\"", "s.toml:6: `heartbeat` in [client]: has to be from"},
        {"heartbeat_timeout = \"1s\"", "s.toml:6: `heartbeat_timeout` in [client]: needs a"},
        {"retries = 2", "s.toml:6: `retries` in [client]: needs retry"},
        {"retry = \"storms\"", "s.toml:6: "},
        {"attempt_timeout = \"6s\"", "s.toml:6: `attempt_timeout` in [client]: is longer"},
        {"hartbeat = \"1s\"", "s.toml:6: unknown key `hartbeat`"}}) {
    const auto text = problem(suite(client, "kind = \"disconnect\""));
    EXPECT_TRUE(text.starts_with(message)) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos);
  }
  const auto nothing = problem(suite("retry = \"storm\"", "kind = \"disconnect\"", "", ""));
  EXPECT_NE(nothing.find("idempotent"), std::string::npos) << nothing;
}

TEST(SuiteFault, RepeatsUntilItsPhaseEnds) {
  const auto plan = parse(suite("", "kind = \"disconnect\"\nat = \"5s\"\nevery = \"10s\""));
  ASSERT_TRUE(plan) << plan.error().text;
  EXPECT_EQ(plan->faults[0].times, 3U) << "at 5, 15 and 25 of 30 s";
  const auto starts = fault_starts(*plan, plan->faults[0]);
  ASSERT_EQ(starts.size(), 3U);
  EXPECT_EQ(starts[0], 15 * core::kSecond);
  EXPECT_EQ(starts[2], 35 * core::kSecond);
}

TEST(SuiteFault, TakesWhatItsKindTakes) {
  const auto plan = parse(suite("",
                                "kind = \"exec\"\nfor = \"10s\"\n"
                                "with = { start = \"a\", evidence = \"b\", stop = 0.5 }"));
  ASSERT_TRUE(plan) << plan.error().text;
  const auto& fault = plan->faults[0];
  EXPECT_EQ(fault.kind, "exec");
  EXPECT_EQ(fault.length, 10 * core::kSecond);
  EXPECT_EQ(fault.with, (Parameters{{"evidence", "b"}, {"start", "a"}, {"stop", "0.5"}}));
}

TEST(SuiteFault, OfPacketsMayBeForAGroupOfClients) {
  const auto plan = parse(suite("",
                                "kind = \"delay\"\nfor = \"10s\"\n"
                                "with = { amount = \"50ms\", jitter = \"5ms\", only_group = 2 }"));
  ASSERT_TRUE(plan) << plan.error().text;
  EXPECT_EQ(only_group(plan->faults[0]), 1U) << "the second";
  const auto all = parse(suite("", "kind = \"partition\"\nfor = \"10s\""));
  ASSERT_TRUE(all) << all.error().text;
  EXPECT_EQ(only_group(all->faults[0]), std::nullopt);
}

TEST(SuiteFault, HasTheFirstHowOfItsKind) {
  EXPECT_EQ(parse(suite("", "kind = \"crash\""))->faults[0].how, "worker");
  EXPECT_EQ(parse(suite("", "kind = \"crash\"\nhow = \"tree\""))->faults[0].how, "tree");
  EXPECT_EQ(parse(suite("", "kind = \"disconnect\""))->faults[0].how, "mixed");
}

TEST(SuiteFault, AmountsAreChecked) {
  for (const auto& [fault, message] :
       {std::pair{"kind = \"loss\"\nfor = \"1s\"", "`loss` needs `amount`"},
        {"kind = \"loss\"\nfor = \"1s\"\nwith = { amount = \"2ms\" }", "`amount`: "},
        {"kind = \"delay\"\nfor = \"1s\"\nwith = { amount = \"2%\" }", "`amount`: "},
        {"kind = \"one-way\"\nfor = \"1s\"", "`one-way` needs `toward`"},
        {"kind = \"one-way\"\nfor = \"1s\"\nwith = { toward = \"home\" }",
         "neither server nor load"},
        {"kind = \"reset\"\nfor = \"1s\"\nwith = { only_group = 5 }", "from 1 to 4"},
        {"kind = \"reset\"\nfor = \"1s\"\nwith = { only_group = 0 }", "from 1 to 4"},
        {"kind = \"failpoint\"\nfor = \"1s\"", "`failpoint` needs `order`"}}) {
    const auto text = problem(suite("", fault));
    EXPECT_TRUE(text.starts_with("s.toml:")) << fault;
    EXPECT_NE(text.find(message), std::string::npos) << text;
  }
}

TEST(SuiteFault, UnknownKindsAreRefusedWithThoseThatThereAre) {
  const auto text = problem(suite("", "kind = \"earthquake\""));
  EXPECT_TRUE(text.starts_with("s.toml:")) << text;
  EXPECT_EQ(text.find('\n'), std::string::npos);
  for (const auto& kind : fault_kinds())
    EXPECT_NE(text.find(kind.name), std::string::npos) << kind.name;
}

TEST(SuiteFault, MistakesAreOneLine) {
  for (const auto& [fault, message] :
       {std::pair{"kind = \"disconnect\"\nfor = \"1s\"", "is over as soon as it happened"},
        {"kind = \"pause\"", "`for`"},
        {"kind = \"pause\"\nfor = \"5s\"\nevery = \"5s\"", "before it has ended"},
        {"kind = \"disconnect\"\ntimes = 2", "needs `every`"},
        {"kind = \"disconnect\"\nevery = \"10s\"\ntimes = 4", "only 3 of them"},
        {"kind = \"disconnect\"\nat = \"30s\"", "has ended by then"},
        {"kind = \"disconnect\"\nhow = \"gently\"", "half_close"},
        {"kind = \"kill_worker\"\nhow = \"fin\"", "has no `how`"},
        {"kind = \"kill_worker\"\nwith = { delay = 1 }", "it takes nothing"},
        {"kind = \"exec\"\nfor = \"1s\"\nwith = { strat = \"1s\" }", "it takes start"},
        {"kind = \"exec\"\nfor = \"1s\"\nwith = { start = [1] }", "a text or a number"},
        {"kind = \"exec\"\nfor = \"1s\"\nwith = 3", "has to be a table"}}) {
    const auto text = problem(suite("", fault));
    EXPECT_TRUE(text.starts_with("s.toml:")) << fault;
    EXPECT_NE(text.find(message), std::string::npos) << text;
  }
}

TEST(SuitePhase, MayHaveLessLoad) {
  const auto plan = parse(suite("", "kind = \"disconnect\"", "rate_factor = 0.5"));
  ASSERT_TRUE(plan) << plan.error().text;
  EXPECT_DOUBLE_EQ(plan->phases[0].rate_factor, 1);
  EXPECT_DOUBLE_EQ(plan->phases[1].rate_factor, 0.5);
  auto measured = suite("", "kind = \"disconnect\"");
  measured.insert(measured.find("measured = true"), "rate_factor = 2\n");
  EXPECT_NE(problem(measured).find("rate_factor"), std::string::npos);
}

}  // namespace
}  // namespace gauntlet::run
