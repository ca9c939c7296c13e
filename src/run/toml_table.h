// TomlTable: reads one table of a suite with types and ranges checked.
// The first thing wrong is kept in TomlProblems as one line, "file:line: what"; readers then give
// their fallback, so that a caller reads everything and asks once. One thread.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "run/plan.h"

namespace gauntlet::run {

class TomlProblems {
 public:
  explicit TomlProblems(std::string_view file) : file_(file) {}

  void report(const toml::node& where, std::string_view what);
  const std::optional<core::Error>& first() const { return first_; }

 private:
  std::string file_;
  std::optional<core::Error> first_;
};

template <typename T>
struct Range {
  T low;
  T high;
};

class TomlTable {
 public:
  // `label` is how messages call the table: "[load]". Keys that are not `known` are reported.
  TomlTable(const toml::table& table, std::string label, std::vector<std::string> known,
            TomlProblems& problems);

  bool has(std::string_view key) const { return table_.contains(key); }

  std::string text(std::string_view key, std::string_view fallback);
  // A text that has to be one of `allowed`.
  std::string choice(std::string_view key, std::string_view fallback,
                     std::initializer_list<std::string_view> allowed);
  bool flag(std::string_view key, bool fallback);
  std::uint64_t count(std::string_view key, std::uint64_t fallback, Range<std::uint64_t> range);
  double number(std::string_view key, double fallback, Range<double> range);  // low is excluded
  double rate(std::string_view key, Range<double> range);                     // low is excluded
  double ratio(std::string_view key, double fallback);                        // above 0, up to 1
  core::Nanos duration(std::string_view key, core::Nanos fallback, Range<core::Nanos> range);
  // "30s", or { demo = "5s", short = "20s", extended = "60s" }.
  core::Nanos duration_of(Mode mode, std::string_view key, core::Nanos fallback,
                          Range<core::Nanos> range);

  // Reports a missing key.
  void require(std::string_view key);
  // Reports at the key's value, or at the table where the key is missing.
  void complain(std::string_view key, std::string_view what);

  const toml::node* find(std::string_view key) const { return table_.get(key); }
  const toml::table& table() const { return table_; }
  const std::string& label() const { return label_; }
  TomlProblems& problems() { return problems_; }

 private:
  core::Nanos checked_duration(const toml::node& node, std::string_view key, core::Nanos fallback,
                               Range<core::Nanos> range);
  double checked(std::string_view key, core::Result<double> value, double fallback,
                 Range<double> range);

  const toml::table& table_;
  std::string label_;
  TomlProblems& problems_;
};

}  // namespace gauntlet::run
