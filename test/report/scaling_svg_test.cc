#include "report/scaling_svg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include "report/scaling_text.h"

namespace gauntlet::report {
namespace {

using testing::HasSubstr;
using testing::Not;

run::LevelResult level(std::uint32_t connections, double rate, std::uint32_t burst,
                       double achieved) {
  run::LevelResult result;
  result.level = {"n_" + std::to_string(connections), connections, rate, burst};
  result.judged = rate > 0;
  result.trusted = true;
  result.achieved_per_s = achieved;
  return result;
}

std::vector<run::LevelResult> climb() {
  return {level(150, 5000, 16, 5001),          level(500, 15'000, 16, 15'003),
          level(1000, 30'000, 16, 29'500),     level(5000, 150'000, 16, 128'000),
          level(15'000, 500'000, 16, 260'000), level(150, 0, 1, 61'000),
          level(1000, 0, 1, 64'000.5)};
}

bool well_formed(const std::string& xml) {
  const std::string path = testing::TempDir() + "gauntlet_svg_" + std::to_string(getpid());
  std::ofstream(path) << xml;
  return std::system(("xmllint --noout " + path + " 2> /dev/null").c_str()) == 0;
}

std::vector<std::vector<std::string>> all(const std::string& text, const std::string& pattern) {
  std::vector<std::vector<std::string>> found;
  const std::regex regex(pattern);
  for (std::sregex_iterator it(text.begin(), text.end(), regex), end; it != end; ++it)
    found.emplace_back(it->begin(), it->end());
  return found;
}

std::size_t times(const std::string& text, const std::string& pattern) {
  return all(text, pattern).size();
}

struct Point {
  double cx, cy, connections, achieved;
};

std::vector<Point> points(const std::string& svg) {
  std::vector<Point> result;
  for (const auto& m : all(svg,
                           "cx=\"([0-9.]+)\" cy=\"([0-9.]+)\" r=\"4.5\" "
                           "data-connections=\"([0-9]+)\" data-achieved-per-s=\"([0-9.]+)\""))
    result.push_back({std::stod(m[1]), std::stod(m[2]), std::stod(m[3]), std::stod(m[4])});
  return result;
}

TEST(ScalingSvg, IsWellFormedWhateverTheNames) {
  auto levels = climb();
  levels[0].level.name = "<\"&\x01";
  EXPECT_TRUE(well_formed(scaling_svg("<&>\xff", levels)));
}

TEST(ScalingSvg, HasEachLevelsNumbers) {
  const auto svg = scaling_svg("scale", climb());
  const auto seen = points(svg);
  ASSERT_EQ(seen.size(), climb().size());
  for (std::size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].connections, climb()[i].level.connections);
    EXPECT_EQ(seen[i].achieved, climb()[i].achieved_per_s);
  }
  EXPECT_THAT(svg, HasSubstr("<title>n_5000: 5,000 connections, 128,000/s</title>"));
}

TEST(ScalingSvg, PointsStandWhereTheAxesSay) {
  const auto svg = scaling_svg("scale", climb());
  const auto across = all(svg, "text-anchor=\"middle\" x=\"([0-9.]+)\" y=\"[0-9.]+\">([0-9,]+)<");
  const auto up = all(svg, "text-anchor=\"end\" x=\"[0-9.]+\" y=\"([0-9.]+)\">([0-9,]+)<");
  ASSERT_GE(across.size(), 2U);
  ASSERT_GE(up.size(), 2U);
  ASSERT_EQ(across[1][2], "5,000");
  ASSERT_EQ(up[1][2], "100,000");
  const double x0 = std::stod(across[0][1]), x5000 = std::stod(across[1][1]);
  const double y0 = std::stod(up[0][1]) - 4, y100k = std::stod(up[1][1]) - 4;  // text's baseline
  for (std::size_t i = 0; i < 5; ++i) {
    const Point point = points(svg)[i];
    EXPECT_NEAR(point.cx, x0 + (x5000 - x0) * point.connections / 5000, 0.5);
    EXPECT_NEAR(point.cy, y0 + (y100k - y0) * point.achieved / 100'000, 0.5);
  }
}

TEST(ScalingSvg, TheLawRunsAlongThePointsAndStopsInTime) {
  std::vector<run::LevelResult> levels;
  for (const std::uint32_t n : {100U, 200U, 400U, 1000U}) levels.push_back(level(n, n, 1, n));
  const auto svg = scaling_svg("linear", levels);
  const auto seen = points(svg);
  const auto end = all(svg, "class=\"law\" d=\"M[^\"]* L([0-9.]+) ([0-9.]+)\"");
  ASSERT_EQ(end.size(), 1U);
  EXPECT_NEAR(std::stod(end[0][1]), seen.back().cx, 0.2);
  EXPECT_NEAR(std::stod(end[0][2]), seen.back().cy, 0.2);
  const auto beyond = all(svg, "class=\"law beyond\" d=\"M[^\"]* L([0-9.]+) ([0-9.]+)\"");
  ASSERT_EQ(beyond.size(), 1U);
  const double per_connection = (seen[3].cx - seen[0].cx) / 900;
  EXPECT_NEAR(std::stod(beyond[0][1]), seen[3].cx + 500 * per_connection, 0.5) << "1,500";
  EXPECT_EQ(times(svg, "class=\"band\""), 1U);
}

TEST(ScalingSvg, BurstsAndSingleCallsStandApart) {
  const auto svg = scaling_svg("scale", climb());
  EXPECT_EQ(times(svg, "<g class=\"panel\">"), 2U);
  EXPECT_THAT(svg, HasSubstr(">bursts of 16, at a rate<"));
  EXPECT_THAT(svg, HasSubstr(">single calls, as fast as answers come<"));
  EXPECT_EQ(times(svg, "class=\"law\""), 1U) << "two levels have none";
  EXPECT_THAT(svg, HasSubstr("no law: it needs four levels"));
}

TEST(ScalingSvg, WhatIsNotTrustedIsHollow) {
  auto levels = climb();
  EXPECT_THAT(scaling_svg("scale", levels), Not(HasSubstr("point untrusted")));
  levels[4].trusted = false;
  const auto svg = scaling_svg("scale", levels);
  EXPECT_EQ(times(svg, "class=\"point untrusted\""), 1U);
  EXPECT_THAT(svg, HasSubstr("hollow: not trusted"));
}

TEST(ScalingSvg, OfNothingAchievedIsStillAPicture) {
  EXPECT_TRUE(well_formed(scaling_svg("idle", {level(1, 1, 1, 0)})));
  EXPECT_TRUE(well_formed(scaling_svg("empty", {})));
}

TEST(ScalingText, ShowsBarsWithTheLawAndItsBand) {
  const auto text = scaling_text(climb());
  EXPECT_THAT(text, HasSubstr("scaling law, bursts of 16, at a rate: "));
  EXPECT_THAT(text, HasSubstr("15,000    260,000/s  ###############################|"));
  EXPECT_THAT(text, HasSubstr("    150      5,001/s  #|       "));
  EXPECT_THAT(text, Not(HasSubstr("single calls"))) << "two levels have no law";
  EXPECT_EQ(scaling_text({}), "");
}

}  // namespace
}  // namespace gauntlet::report
