#include "record/tables.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "record/row_table.h"

namespace gauntlet::record {

namespace {

constexpr std::string_view kOwnTables =
    "CREATE TABLE environment (level INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, "
    "PRIMARY KEY (level, name)) WITHOUT ROWID;"
    "CREATE TABLE self_check (level INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, "
    "PRIMARY KEY (level, name)) WITHOUT ROWID;"
    "CREATE TABLE events (level INTEGER NOT NULL, t REAL, kind TEXT NOT NULL, name TEXT NOT NULL, "
    "value TEXT NOT NULL)";
constexpr std::array<std::string_view, 12> kAllTables = {
    "environment", "self_check", "events", kSeconds, kHistograms, kOperations,
    kMemory,       kHoldings,    kGauges,  kCores,   kClients,    kOutages};

// Whether a member of the record has a table of its own.
bool has_table(std::string_view member) {
  constexpr std::array<std::string_view, 13> kNames = {
      kSeconds, kHistograms, kOperations, kMemory,      kHoldings,       kGauges, kCores,
      kClients, kOutages,    "faults",    "self_check", "level_records", "gaps"};
  return std::ranges::find(kNames, member) != kNames.end();
}

core::Result<void> put_row(Database& database, std::string_view table, std::int64_t level,
                           std::string_view name, std::string_view json) {
  Statement statement(database, fmt::format("INSERT OR REPLACE INTO {} VALUES (?, ?, ?)", table));
  statement.bind(1, level);
  statement.bind(2, name);
  statement.bind(3, json);
  return statement.run();
}

// A row for each member of the value that is wanted.
template <typename T, typename Wanted>
core::Result<void> put_members(Database& database, std::string_view table, std::int64_t level,
                               const T& value, Wanted wanted) {
  core::Result<void> done;
  boost::mp11::mp_for_each<MembersOf<T>>([&](auto member) {
    if (!done || !wanted(member.name)) return;
    done = put_row(database, table, level, member.name, to_json(value.*member.pointer));
  });
  return done;
}

template <typename T>
bool read_member(T& value, std::string_view name, std::string_view json) {
  bool good = true;
  boost::mp11::mp_for_each<MembersOf<T>>([&](auto member) {
    if (name == member.name) good = from_json(json, value.*member.pointer);
  });
  return good;
}

// Rows of names that this version does not know are left alone.
template <typename T>
core::Result<void> read_members_from(Database& database, std::string_view table, std::int64_t level,
                                     T& value) {
  Statement row(database, fmt::format("SELECT name, value FROM {} WHERE level = ?", table));
  row.bind(1, level);
  for (auto found = row.step();; found = row.step()) {
    if (!found) return std::unexpected(found.error());
    if (!*found) return {};
    const auto name = row.text(0);
    const auto json = row.text(1);
    if (!name || !json || !read_member(value, *name, *json))
      return std::unexpected(damaged(database, fmt::format("`{}` of `{}` is not what it should be",
                                                           name.value_or("a row"), table)));
  }
}

// The events of a kind, in the order in which they were written.
template <typename Event>
core::Result<void> read_events(Database& database, std::int64_t level, std::string_view kind,
                               std::vector<Event>& all) {
  Statement row(database, "SELECT value FROM events WHERE level = ? AND kind = ? ORDER BY rowid");
  row.bind(1, level);
  row.bind(2, kind);
  for (auto found = row.step();; found = row.step()) {
    if (!found) return std::unexpected(found.error());
    if (!*found) return {};
    const auto json = row.text(0);
    if (!json || !from_json(*json, all.emplace_back()))
      return std::unexpected(
          damaged(database, fmt::format("a {} among the `events` is none", kind)));
  }
}

core::Result<void> erase_events(Database& database, std::int64_t level, std::string_view kind) {
  Statement erase(database, "DELETE FROM events WHERE level = ? AND kind = ?");
  erase.bind(1, level);
  erase.bind(2, kind);
  return erase.run();
}

template <typename Event>
core::Result<void> put_event(Database& database, std::int64_t level, double t,
                             std::string_view kind, std::string_view name, const Event& event) {
  Statement statement(database, "INSERT INTO events VALUES (?, ?, ?, ?, ?)");
  const std::string json = to_json(event);
  statement.bind(1, level);
  statement.bind(2, t);
  statement.bind(3, kind);
  statement.bind(4, name);
  statement.bind(5, json);
  return statement.run();
}

template <typename T>
core::Result<void> read_into(Database& database, std::string_view table, std::int64_t level,
                             std::vector<T>& all, std::string_view order) {
  auto rows = read_rows<T>(database, table, level, order);
  if (!rows) return std::unexpected(rows.error());
  all = std::move(*rows);
  return {};
}

// A table that came later than the format: a store of an earlier version has none.
template <typename T>
core::Result<void> read_later(Database& database, std::string_view table, std::int64_t level,
                              std::vector<T>& all, std::string_view order) {
  Statement there(database, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?");
  there.bind(1, table);
  const auto found = there.step();
  if (!found) return std::unexpected(found.error());
  return *found ? read_into(database, table, level, all, order) : core::Result<void>();
}

}  // namespace

core::Error damaged(const Database& database, std::string_view what) {
  return {core::ErrorKind::usage, fmt::format("{}: damaged: {}", database.path().string(), what)};
}

core::Result<void> create_tables(Database& database) {
  auto done = database.run(kOwnTables);
  if (done) done = create_table<run::Second>(database, kSeconds);
  if (done) done = create_table<run::TimedHistograms>(database, kHistograms);
  if (done) done = create_table<run::TimedOperation>(database, kOperations);
  if (done) done = create_table<run::MemorySample>(database, kMemory);
  if (done) done = create_table<run::HoldingsSample>(database, kHoldings);
  if (done) done = create_table<run::GaugeSample>(database, kGauges);
  if (done) done = create_table<run::CoreSample>(database, kCores);
  if (done) done = create_table<run::ClientOutcome>(database, kClients);
  if (done) done = create_table<run::Outage>(database, kOutages);
  return done;
}

core::Result<void> put_value(Database& database, std::int64_t level, std::string_view name,
                             std::string_view json) {
  return put_row(database, "environment", level, name, json);
}

core::Result<void> put_environment(Database& database, std::int64_t level,
                                   const run::Record& record) {
  return put_members(database, "environment", level, record,
                     [](std::string_view name) { return !has_table(name); });
}

core::Result<void> put_self_check(Database& database, std::int64_t level,
                                  const run::SelfCheck& self_check) {
  return put_members(database, "self_check", level, self_check,
                     [](std::string_view) { return true; });
}

core::Result<void> put_phases(Database& database, std::int64_t level, const run::Record& record) {
  auto done = erase_events(database, level, "phase");
  const auto& starts = record.phase_start_s;
  for (std::size_t i = 0; i < record.plan.phases.size() && i < starts.size(); ++i) {
    const auto& phase = record.plan.phases[i];
    if (done) done = put_event(database, level, starts[i], "phase", phase.name, phase);
  }
  return done;
}

core::Result<void> put_gaps(Database& database, std::int64_t level, const run::Record& record) {
  auto done = erase_events(database, level, "gap");
  for (const auto& gap : record.gaps)
    if (done) done = put_event(database, level, gap.start_s, "gap", gap.how, gap);
  return done;
}

core::Result<void> put_faults(Database& database, std::int64_t level,
                              std::span<const run::FaultRecord> faults) {
  auto done = erase_events(database, level, "fault");
  for (const auto& fault : faults)
    if (done) done = put_event(database, level, fault.start_s, "fault", fault.id, fault);
  return done;
}

core::Result<void> erase_end(Database& database) {
  Statement statement(database, "DELETE FROM environment WHERE name IN (?, ?)");
  statement.bind(1, kVerdict);
  statement.bind(2, kExitCode);
  return statement.run();
}

core::Result<void> erase_level(Database& database, std::int64_t level) {
  for (const auto table : kAllTables) {
    Statement statement(database, fmt::format("DELETE FROM {} WHERE level = ?", table));
    statement.bind(1, level);
    if (auto done = statement.run(); !done) return done;
  }
  return {};
}

core::Result<run::Record> read_level(Database& database, std::int64_t level) {
  run::Record record;
  auto done = read_members_from(database, "environment", level, record);
  if (done) done = read_members_from(database, "self_check", level, record.self_check);
  if (done) done = read_events(database, level, "fault", record.faults);
  if (done) done = read_events(database, level, "gap", record.gaps);
  if (done) done = read_into(database, kSeconds, level, record.seconds, "t");
  if (done) done = read_into(database, kHistograms, level, record.histograms, "t");
  if (done) done = read_later(database, kOperations, level, record.operations, "t, operation");
  if (done) done = read_into(database, kMemory, level, record.memory, "t");
  if (done) done = read_into(database, kHoldings, level, record.holdings, "t");
  if (done) done = read_later(database, kGauges, level, record.gauges, "t");
  if (done) done = read_into(database, kCores, level, record.cores, "t");
  if (done) done = read_into(database, kClients, level, record.clients, "rowid");
  if (done) done = read_into(database, kOutages, level, record.outages, "rowid");
  if (!done) return std::unexpected(done.error());
  return record;
}

core::Result<std::optional<std::string>> read_value(Database& database, std::int64_t level,
                                                    std::string_view name) {
  Statement row(database, "SELECT value FROM environment WHERE level = ? AND name = ?");
  row.bind(1, level);
  row.bind(2, name);
  const auto found = row.step();
  if (!found) return std::unexpected(found.error());
  if (!*found) return std::nullopt;
  const auto text = row.text(0);
  if (!text) return std::unexpected(damaged(database, fmt::format("`{}` is not text", name)));
  return std::string(*text);
}

core::Result<std::int64_t> highest_level(Database& database) {
  Statement row(database, "SELECT max(level) FROM environment");
  const auto found = row.step();
  if (!found) return std::unexpected(found.error());
  return *found ? row.integer(0).value_or(0) : 0;
}

}  // namespace gauntlet::record
