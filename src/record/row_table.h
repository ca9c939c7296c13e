// Row table: values of one type as rows of a table: a column for each number in them, in a nested
// value too, and one that says to which level of a climb the row belongs (0: the run itself).
// Columns are found by name when reading: one that a file lacks keeps its value.
#pragma once

#include <fmt/format.h>
#include <boost/mp11.hpp>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "record/database.h"
#include "record/fields.h"
#include "record/json_codec.h"
#include "run/error_class.h"
#include "run/snapshot.h"

namespace gauntlet::record {

namespace rows {

// Bytes of a histogram are the only text that a row holds.
template <typename T>
constexpr std::string_view sql_type() {
  if constexpr (std::is_same_v<T, std::string>) return "BLOB NOT NULL";
  if constexpr (codec::kIsOptional<T>) return "REAL";
  return std::is_floating_point_v<T> ? "REAL NOT NULL" : "INTEGER NOT NULL";
}

inline std::string array_name(std::string_view name, const run::ErrorCounts&, std::size_t i) {
  return fmt::format("{}_{}", name, run::kErrorClassNames[i]);
}
inline std::string array_name(std::string_view name,
                              const std::array<std::uint64_t, run::kBreachCount>&, std::size_t i) {
  return fmt::format("{}_{}", name, run::kBreachNames[i]);
}

inline std::string array_name(std::string_view name, const run::GroupCounts&, std::size_t i) {
  return fmt::format("{}_{}", name, i);
}

// Calls `each(name, value)` for every column of the value.
template <typename T, typename Each>
void for_each_column(T& value, const Each& each) {
  boost::mp11::mp_for_each<MembersOf<std::remove_const_t<T>>>([&](auto member) {
    auto& part = value.*member.pointer;
    using Part = std::remove_cvref_t<decltype(part)>;
    if constexpr (Described<Part>) {
      for_each_column(part, each);
    } else if constexpr (requires { part.max_size(), array_name("", part, 0); }) {
      for (std::size_t i = 0; i < part.size(); ++i) each(array_name(member.name, part, i), part[i]);
    } else {
      each(std::string(member.name), part);
    }
  });
}

inline void bind_value(Statement& statement, int at, double value) { statement.bind(at, value); }
inline void bind_value(Statement& statement, int at, const std::optional<double>& value) {
  if (value)
    statement.bind(at, *value);
  else
    statement.bind_null(at);
}
inline void bind_value(Statement& statement, int at, const std::string& bytes) {
  statement.bind_bytes(at, bytes);
}
template <std::unsigned_integral Integer>
void bind_value(Statement& statement, int at, Integer value) {
  statement.bind(at, static_cast<std::int64_t>(value));
}

inline bool read_value(const Statement& row, int column, double& value) {
  const auto number = row.number(column);
  if (number) value = *number;
  return number && std::isfinite(value);
}
inline bool read_value(const Statement& row, int column, std::optional<double>& value) {
  value.reset();
  return row.is_null(column) || read_value(row, column, value.emplace());
}
inline bool read_value(const Statement& row, int column, std::string& bytes) {
  const auto read = row.bytes(column);
  if (read) bytes = *read;
  return read.has_value();
}
template <std::unsigned_integral Integer>
bool read_value(const Statement& row, int column, Integer& value) {
  const auto integer = row.integer(column);
  if (!integer || !std::in_range<Integer>(*integer)) return false;
  value = static_cast<Integer>(*integer);
  return true;
}

}  // namespace rows

template <typename T>
core::Result<void> create_table(Database& database, std::string_view table) {
  std::string columns = "level INTEGER NOT NULL";
  T value{};
  rows::for_each_column(value, [&](const std::string& name, const auto& part) {
    columns += fmt::format(", {} {}", name, rows::sql_type<std::remove_cvref_t<decltype(part)>>());
  });
  return database.run(fmt::format("CREATE TABLE {} ({})", table, columns));
}

template <typename T>
core::Result<void> insert_rows(Database& database, std::string_view table, std::int64_t level,
                               std::span<const T> values) {
  if (values.empty()) return {};
  std::string places = "?";
  rows::for_each_column(values.front(), [&](const auto&, const auto&) { places += ", ?"; });
  Statement statement(database, fmt::format("INSERT INTO {} VALUES ({})", table, places));
  for (const T& value : values) {
    int at = 1;
    statement.bind(at, level);
    rows::for_each_column(
        value, [&](const auto&, const auto& part) { rows::bind_value(statement, ++at, part); });
    if (auto done = statement.run(); !done) return done;
  }
  return {};
}

// The rows of a level in the order in which they were written. A value that is out of its range, or
// not finite, is damage.
template <typename T>
core::Result<std::vector<T>> read_rows(Database& database, std::string_view table,
                                       std::int64_t level, std::string_view order = "rowid") {
  Statement statement(database,
                      fmt::format("SELECT * FROM {} WHERE level = ? ORDER BY {}", table, order));
  statement.bind(1, level);
  std::map<std::string, int, std::less<>> columns;
  std::vector<T> all;
  for (auto row = statement.step();; row = statement.step()) {
    if (!row) return std::unexpected(row.error());
    if (!*row) return all;
    for (int i = all.empty() ? 0 : statement.columns(); i < statement.columns(); ++i)
      columns.emplace(statement.name(i), i);
    all.emplace_back();
    bool good = true;
    rows::for_each_column(all.back(), [&](const std::string& name, auto& part) {
      const auto column = columns.find(name);
      if (column != columns.end()) good = good && rows::read_value(statement, column->second, part);
    });
    if (!good)
      return core::usage_error(
          fmt::format("{}: damaged: row {} of `{}` holds a value that no run "
                      "has",
                      database.path().string(), all.size(), table));
  }
}

}  // namespace gauntlet::record
