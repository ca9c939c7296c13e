#include "report/page_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace gauntlet::report {
namespace {

namespace json = boost::json;

PageTable rising(std::size_t rows) {
  PageTable table;
  table.columns = {{.name = "y", .values = {}}};
  for (std::size_t i = 0; i < rows; ++i) {
    table.t.push_back(static_cast<double>(i + 1));
    table.columns[0].values.push_back(5);
  }
  return table;
}

std::vector<double> numbers(const json::value& array) {
  std::vector<double> all;
  for (const auto& value : array.as_array())
    all.push_back(value.is_null() ? NAN : value.to_number<double>());
  return all;
}

std::vector<double> column(const json::object& table) {
  return numbers(table.at("columns").at("y"));
}

TEST(PageTable, WhatFitsIsShownAsItIs) {
  auto table = rising(3);
  table.columns[0].values[1] = NAN;
  const auto shown = table_json(table, 3);
  EXPECT_EQ(shown.at("merged"), 1);
  EXPECT_EQ(numbers(shown.at("t")), (std::vector<double>{1, 2, 3}));
  EXPECT_TRUE(shown.at("columns").at("y").as_array()[1].is_null());
}

TEST(PageTable, ThinnedItKeepsTheLeastAndTheMostInTheirOrder) {
  auto table = rising(100);
  table.columns[0].values[43] = 900;
  table.columns[0].values[47] = 0.5;
  const auto shown = table_json(table, 20);
  EXPECT_EQ(shown.at("merged"), 10);
  const auto y = column(shown);
  ASSERT_EQ(y.size(), 20U);
  EXPECT_EQ(y[8], 900) << "the most came first";
  EXPECT_EQ(y[9], 0.5);
  const auto t = numbers(shown.at("t"));
  EXPECT_TRUE(std::ranges::is_sorted(t));
  EXPECT_GT(t[8], 40);
  EXPECT_LT(t[9], 51);
}

TEST(PageTable, AnyNumberOfRowsStaysBelowTheMost) {
  for (const std::size_t rows : {0U, 1U, 19U, 20U, 21U, 39U, 41U, 86'400U}) {
    const auto shown = table_json(rising(rows), 20);
    EXPECT_LE(column(shown).size(), 20U) << rows;
    EXPECT_EQ(column(shown).size(), numbers(shown.at("t")).size()) << rows;
    EXPECT_GE(column(shown).size(), std::min<std::size_t>(rows, 10)) << rows;
  }
}

TEST(PageTable, NumbersAreRoundedToFiveDigits) {
  EXPECT_EQ(rounded(0), 0);
  EXPECT_EQ(rounded(123456.7), 123457);
  EXPECT_EQ(rounded(5000), 5000);
  EXPECT_DOUBLE_EQ(rounded(0.012345678).as_double(), 0.012346);
  EXPECT_DOUBLE_EQ(rounded(-3.14159265).as_double(), -3.1416);
  EXPECT_TRUE(rounded(NAN).is_null());
  EXPECT_TRUE(rounded(INFINITY).is_null());
}

}  // namespace
}  // namespace gauntlet::report
