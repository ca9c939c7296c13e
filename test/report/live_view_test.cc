#include "report/live_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <bit>
#include <string_view>

#include "report/made_run.h"
#include "report/utf8.h"

namespace gauntlet::report {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + '\n';
  return text;
}

// So that a frame stands in the test from the left edge on.
std::string golden(std::string_view text) { return std::string(text.substr(1)); }

std::string times(std::size_t count, std::string_view cell) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += cell;
  return text;
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string without_inks(std::string text) {
  for (std::size_t at = 0; (at = text.find("\x1b[")) != std::string::npos;)
    text.erase(at, text.find('m', at) - at + 1);
  return text;
}

// 30 seconds of 40 of a level whose target stumbled at the twentieth.
class LiveViewTest : public testing::Test {
 protected:
  LiveViewTest() {
    plan_ = test::report_plan();
    plan_.phases = {{"warmup", 10 * core::kSecond, false}, {"steady", 30 * core::kSecond, true}};
    plan_.faults = {{.id = "cut", .kind = "disconnect", .phase = "steady", .at = core::kSecond}};
    for (int t = 1; t <= 30; ++t) {
      auto& second = seconds_.emplace_back();
      second.t = t;
      second.phase = t <= 10 ? 0 : 1;
      second.counts.scheduled = second.counts.dispatched = 5000;
      second.counts.completed = t == 20 ? 2500 : 4990;
      second.response_p50_ms = t == 20 ? 8 : 1;
      second.response_p95_ms = t == 20 ? 40 : 2.5;
      second.response_p99_ms = t == 20 ? 80 : 3.25;
      second.send_lag_p99_ms = 0.05;
      second.generator_cpu = 0.21;
      second.connections_ready = 150;
      second.outstanding = 3;
      counts_.add(second.counts);
    }
    counts_.errors[0] = 2000;
    counts_.errors[8] = 500;
  }

  LiveView view() const {
    return {.plan = plan_,
            .seconds = seconds_,
            .counts = counts_,
            .level = "level 2 of 6: high",
            .target = "http://127.0.0.1:3000/mcp",
            .page = "http://127.0.0.1:9090/",
            .lag_allowed_ms = 8.5};
  }
  std::string frame(const LiveView& of, const FrameStyle& style = {}) const {
    return joined(live_frame(of, messages_, style));
  }

  run::Plan plan_;
  std::vector<run::Second> seconds_;
  run::Counts counts_;
  std::vector<std::string> messages_;
};

TEST_F(LiveViewTest, FillsTheUsualWindow) {
  messages_ = {"gauntlet serve: worker 1 was killed by signal 9"};
  EXPECT_EQ(frame(view(), {.columns = 80, .rows = 24}), golden(R"(
baseline (demo)                                               level 2 of 6: high
target      http://127.0.0.1:3000/mcp
live page   http://127.0.0.1:9090/

phase       steady, measured  0:20 of 0:30
progress    #####################################.............   75 %  0:10 left

rate        4,990/s of 5,000/s      @@@@@@@@@@@@@@@=@@@@@@@@@@      peak 4,990/s
p50         1 ms                    ...............@..........         peak 8 ms
p95         2.5 ms                  ...............@..........        peak 40 ms
p99         3.25 ms                 ...............@..........        peak 80 ms
clients     150 of 150 ready, 3 calls under way

errors      0, 2,500 so far (1.67 %): timeout 2,000, unsent 500
faults      none active, of 1
self-check  punctual: lag p99 0.05 ms of 8.5 ms, 0.21 cores

gauntlet serve: worker 1 was killed by signal 9
)"));
}

TEST_F(LiveViewTest, ASmallWindowHasAllOfItToo) {
  messages_ = {"the first", "the last"};
  EXPECT_EQ(frame(view(), {.columns = 60, .rows = 15}), golden(R"(
baseline (demo)                           level 2 of 6: high
target      http://127.0.0.1:3000/mcp
live page   http://127.0.0.1:9090/
phase       steady, measured  0:20 of 0:30
progress    ######################........   75 %  0:10 left
rate        4,990/s of 5,000/s      @@@@@@@@@@@@@=@@@@@@@@@@
p50         1 ms                    .............@..........
p95         2.5 ms                  .............@..........
p99         3.25 ms                 .............@..........
clients     150 of 150 ready, 3 calls under way
errors      0, 2,500 so far (1.67 %): timeout 2,000, unsent
faults      none active, of 1
self-check  punctual: lag p99 0.05 ms of 8.5 ms, 0.21 cores
the first
the last
)"));
}

TEST_F(LiveViewTest, AWideWindowHasLongerCurves) {
  auto wide = view();
  wide.level = "";
  const auto lines = live_frame(wide, {}, {.columns = 120, .rows = 40, .unicode = true});
  ASSERT_EQ(lines.size(), 16U);
  EXPECT_EQ(lines[0], "baseline (demo)");
  EXPECT_EQ(lines[5], "progress    " + times(67, "█") + times(23, "░") + "   75 %  0:10 left");
  EXPECT_EQ(lines[7], "rate        4,990/s of 5,000/s      " + times(19, "█") + "▄" +
                          times(10, "█") + times(42, " ") + "peak 4,990/s");
  EXPECT_EQ(lines[10], "p99         3.25 ms                 " + times(19, "▁") + "█" +
                           times(10, "▁") + times(44, " ") + "peak 80 ms");
  EXPECT_EQ(lines[15], "self-check  punctual: lag p99 0.05 ms of 8.5 ms, 0.21 cores");
}

TEST_F(LiveViewTest, InksChangeNothingElse) {
  const FrameStyle inked{.columns = 80, .rows = 24, .color = true, .unicode = false};
  const auto text = frame(view(), inked);
  EXPECT_THAT(text, StartsWith("\x1b[1mbaseline\x1b[0m"));
  EXPECT_EQ(without_inks(text), frame(view()));
}

TEST_F(LiveViewTest, SaysWhatIsWrong) {
  const std::vector<std::string> faults = {"cut", "loss"};
  auto& latest = seconds_.back();
  latest.counts.errors[8] = 7;
  latest.connections_ready = 75;
  latest.send_lag_p99_ms = 9;
  counts_.dispatched -= 1500;
  auto worse = view();
  worse.faults = faults;
  const auto text = frame(worse, {.columns = 80, .rows = 24, .color = true});
  EXPECT_THAT(text, HasSubstr("\x1b[33mcut, loss\x1b[0m"));
  EXPECT_THAT(text,
              HasSubstr("\x1b[31m7\x1b[0m, 2,500 so far (1.67 %): timeout 2,000, unsent 500"));
  EXPECT_THAT(text, HasSubstr("\x1b[33m75 of 150 ready\x1b[0m, 3 calls under way"));
  EXPECT_THAT(text, HasSubstr("\x1b[33mlate\x1b[0m: lag p99 9 ms of 8.5 ms"));
  EXPECT_THAT(text, HasSubstr("got to 99 % so far"));
}

TEST_F(LiveViewTest, BeforeTheLoadAndAfterIt) {
  seconds_ = {seconds_.front()};
  seconds_.front().t = -0.5;
  EXPECT_THAT(frame(view()), AllOf(HasSubstr("connecting"), HasSubstr("0 %  0:40 left")));
  seconds_.front().t = 41;
  EXPECT_THAT(frame(view()), HasSubstr("100 %  waiting for the last answers"));
  seconds_.clear();
  EXPECT_THAT(frame(view()), HasSubstr("connecting"));
}

// A run that was resumed: the time without Gauntlet is no progress.
TEST_F(LiveViewTest, GapsAreNoProgress) {
  const auto unbroken = frame(view());
  seconds_.back().t += 1000;
  auto resumed = view();
  resumed.gaps_s = 1000;
  EXPECT_EQ(frame(resumed), unbroken);
}

TEST_F(LiveViewTest, ClosedLoopsHaveNoRateToHoldItAgainst) {
  plan_.load.arrivals = run::Arrivals::closed;
  EXPECT_THAT(frame(view()), AllOf(HasSubstr("4,990/s"), Not(HasSubstr("5,000/s"))));
}

TEST_F(LiveViewTest, WhatOthersWroteMovesNothing) {
  plan_.suite = "a\x1b[2Jb\n\r\tc\xff";
  messages_ = {"\x1b]0;title\x07 \xE2\x80\xAE tupni", "\xD0\x9F\xD1\x80 \xE4\xB8\xAD"};
  const auto ascii = frame(view());
  EXPECT_THAT(ascii, HasSubstr("a?[2Jb???c? (demo)"));
  EXPECT_THAT(ascii, HasSubstr("?]0;title? ? tupni\n?? ?\n"));
  EXPECT_THAT(frame(view(), {.columns = 80, .rows = 24, .color = false, .unicode = true}),
              HasSubstr("\xD0\x9F\xD1\x80 ?\n"));
}

TEST(ClockText, CountsMinutesAndHours) {
  EXPECT_EQ(clock_text(0), "0:00");
  EXPECT_EQ(clock_text(17.6), "0:18");
  EXPECT_EQ(clock_text(3723), "1:02:03");
  EXPECT_EQ(clock_text(-4), "0:00");
  EXPECT_EQ(clock_text(INFINITY), "0:00");
}

// Any bits at all as a double: infinities, NaNs and subnormals among them.
rc::Gen<double> any_double() {
  return rc::gen::map(rc::gen::arbitrary<std::uint64_t>(),
                      [](std::uint64_t bits) { return std::bit_cast<double>(bits); });
}

run::Second any_second() {
  run::Second second;
  for (double* value : {&second.t, &second.length, &second.response_p50_ms, &second.response_p95_ms,
                        &second.response_p99_ms, &second.send_lag_p99_ms, &second.generator_cpu})
    *value = *rc::gen::oneOf(any_double(), rc::gen::map(rc::gen::inRange(-5, 100), [](int whole) {
                               return static_cast<double>(whole);
                             }));
  second.phase = *rc::gen::inRange<std::uint32_t>(0, 4);
  second.counts.completed = *rc::gen::arbitrary<std::uint64_t>();
  second.connections_ready = *rc::gen::arbitrary<std::uint64_t>();
  second.outstanding = *rc::gen::arbitrary<std::uint64_t>();
  second.counts.errors[0] = *rc::gen::arbitrary<std::uint64_t>();
  return second;
}

void check_lines(const std::vector<std::string>& lines, const FrameStyle& style) {
  RC_ASSERT(lines.size() <= static_cast<std::size_t>(std::max(style.rows, 0)));
  for (const auto& line : lines) {
    if (!style.color) RC_ASSERT(line.find('\x1b') == std::string::npos);
    const auto plain = without_inks(line);
    RC_ASSERT(code_points(plain) <= static_cast<std::size_t>(std::max(style.columns, 0)));
    RC_ASSERT(valid_utf8(plain) == plain);
    for (const char c : plain) RC_ASSERT(static_cast<unsigned char>(c) >= ' ' && c != '\x7f');
    if (!style.unicode)
      RC_ASSERT(std::ranges::all_of(plain, [](char c) { return static_cast<signed char>(c) > 0; }));
  }
}

RC_GTEST_PROP(LiveViewProperty, NoValuesBreakTheFrame, ()) {
  run::Plan plan;
  plan.suite = *rc::gen::arbitrary<std::string>();
  plan.load.rate = *any_double();
  plan.load.connections = *rc::gen::arbitrary<std::uint32_t>();
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i)
    plan.phases.push_back({*rc::gen::arbitrary<std::string>(),
                           *rc::gen::inRange<core::Nanos>(0, INT64_MAX),
                           *rc::gen::arbitrary<bool>()});
  std::vector<run::Second> seconds;
  for (int i = *rc::gen::inRange(0, 40); i > 0; --i) seconds.push_back(any_second());
  run::Counts counts;
  counts.scheduled = *rc::gen::arbitrary<std::uint64_t>();
  counts.dispatched = *rc::gen::arbitrary<std::uint64_t>();
  for (auto& errors : counts.errors) errors = *rc::gen::arbitrary<std::uint64_t>();
  const auto faults = *rc::gen::arbitrary<std::vector<std::string>>();
  const auto messages = *rc::gen::arbitrary<std::vector<std::string>>();
  const LiveView view{.plan = plan,
                      .seconds = seconds,
                      .counts = counts,
                      .faults = faults,
                      .level = *rc::gen::arbitrary<std::string>(),
                      .target = *rc::gen::arbitrary<std::string>(),
                      .page = *rc::gen::arbitrary<std::string>(),
                      .lag_allowed_ms = *any_double()};
  const FrameStyle style{.columns = *rc::gen::inRange(-1, 200),
                         .rows = *rc::gen::inRange(-1, 60),
                         .color = *rc::gen::arbitrary<bool>(),
                         .unicode = *rc::gen::arbitrary<bool>()};
  check_lines(live_frame(view, messages, style), style);
}

}  // namespace
}  // namespace gauntlet::report
