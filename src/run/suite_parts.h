// The parts of a suite, one reader each; private to run/suite.cc.
// Each fills its part of the plan and reports what is wrong through the table's TomlProblems.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "run/nearest.h"
#include "run/plan.h"
#include "run/toml_table.h"

namespace gauntlet::run {

inline constexpr std::string_view kNameRule =
    "a name has 1 to 64 of the characters a-z, A-Z, 0-9, `_`, `-` and `.`, no `.` at its start";
bool is_name(std::string_view text);

// Calls `read` for each table of an array of tables, `[[key]]`.
void for_each_table(TomlTable& top, std::string_view key,
                    const std::function<void(const toml::table&)>& read);

// Reads the name under `key`, which must be there, be a name, and be new among `others`.
template <typename Container, typename Member>
std::string read_new_name(TomlTable& table, std::string_view key, const Container& others,
                          Member member) {
  table.require(key);
  auto name = table.text(key, "unnamed");
  if (!is_name(name)) table.complain(key, kNameRule);
  if (std::ranges::find(others, name, member) != others.end())
    table.complain(key, fmt::format("`{}` is taken already", name));
  return name;
}

// Reads a reference to something named before.
template <typename Container, typename Member>
std::string read_reference(TomlTable& table, std::string_view key, const Container& all,
                           Member member) {
  auto name = table.text(key, "");
  if (std::ranges::find(all, name, member) != all.end()) return name;
  std::vector<std::string> names;
  for (const auto& each : all) names.push_back(std::invoke(member, each));
  table.complain(key, fmt::format("there is no {} `{}`{}", key, name, did_you_mean(name, names)));
  return name;
}

void read_load(TomlTable& top, Plan& plan);
void read_client(TomlTable& top, Plan& plan);  // suite_faults.cc
void read_lab(TomlTable& top, Plan& plan);
void read_levels(TomlTable& top, Plan& plan);
void read_mix(TomlTable& top, Plan& plan);
void read_phases(TomlTable& top, Plan& plan);  // after read_levels
void read_faults(TomlTable& top, Plan& plan);  // after read_phases; suite_faults.cc
void read_tests(TomlTable& top, Plan& plan);   // after read_faults

}  // namespace gauntlet::run
