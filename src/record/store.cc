#include "record/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "record/row_table.h"
#include "record/tables.h"

namespace gauntlet::record {

namespace {

constexpr std::string_view kVerdict = "verdict";
constexpr std::string_view kExitCode = "exit_code";

// Those of a series that ended after t.
template <typename T>
std::span<const T> after(std::span<const T> series, double t) {
  const auto first = std::ranges::upper_bound(series, t, {}, &T::t);
  return series.subspan(static_cast<std::size_t>(first - series.begin()));
}

template <typename T>
core::Result<void> append(Database& database, std::string_view table, std::int64_t level,
                          std::span<const T> series, double& written) {
  const auto fresh = after(series, written);
  if (!fresh.empty()) written = fresh.back().t;
  return insert_rows(database, table, level, fresh);
}

core::Result<void> erase_between(Database& database, std::string_view table, std::int64_t level,
                                 double from, double to) {
  Statement statement(database,
                      fmt::format("DELETE FROM {} WHERE level = ? AND t > ? AND t <= ?", table));
  statement.bind(1, level);
  statement.bind(2, from);
  statement.bind(3, to);
  return statement.run();
}

core::Result<void> put_minute(Database& database, std::int64_t level,
                              const RollUp::Minute& minute) {
  const double to = minute.histograms.t;
  auto done = erase_between(database, kHistograms, level, minute.from_s, to);
  if (done) done = insert_rows(database, kHistograms, level, std::span(&minute.histograms, 1));
  if (!done || minute.second.empty()) return done;
  done = erase_between(database, kSeconds, level, minute.from_s, to);
  if (done) done = insert_rows(database, kSeconds, level, std::span(minute.second));
  return done;
}

}  // namespace

core::Result<void> Store::open(const std::string& run_id) {
  if (database_) return {};
  const auto folder = results_ / run_id;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return core::internal_error(fmt::format("{}: {}", folder.string(), error.message()));
  auto database = Database::create(folder / kStoreName);
  if (!database) return std::unexpected(database.error());
  run_id_ = run_id;
  database_.emplace(std::move(*database));
  return database_->transaction([&] { return create_tables(*database_); });
}

core::Result<void> Store::begin(std::int64_t level, const run::Record& record,
                                const run::Plan* whole) {
  const bool first = !database_;
  if (auto opened = open(record.run.id); !opened) return opened;
  return database_->transaction([&] {
    auto done = put_environment(*database_, level, record);
    if (done) done = put_phases(*database_, level, record);
    if (!done || !first || whole == nullptr) return done;
    run::Record all;
    all.plan = *whole;
    all.run = record.run;
    all.host = record.host;
    all.target = record.target;
    return put_environment(*database_, 0, all);
  });
}

core::Result<void> Store::add(std::int64_t level, const News& news) {
  if (!database_) return {};
  Written& written = written_[level];
  Database& database = *database_;
  return database.transaction([&] {
    auto done = append(database, kSeconds, level, news.seconds, written.second);
    if (done) done = append(database, kHistograms, level, news.histograms, written.histogram);
    if (done) done = append(database, kMemory, level, news.memory, written.memory);
    if (done) done = append(database, kHoldings, level, news.holdings, written.holding);
    if (done) done = append(database, kCores, level, news.cores, written.core);
    for (const auto& minute : news.minutes)
      if (done) done = put_minute(database, level, minute);
    if (done && news.faults.size() != written.faults)
      done = put_faults(database, level, news.faults);
    written.faults = news.faults.size();
    if (done && news.self_check != nullptr)
      done = put_self_check(database, level, *news.self_check);
    return done;
  });
}

core::Result<void> Store::write_level(std::int64_t level, const run::Record& record) {
  Database& database = *database_;
  auto done = erase_level(database, level);
  if (done) done = put_environment(database, level, record);
  if (done) done = put_self_check(database, level, record.self_check);
  if (done) done = put_phases(database, level, record);
  if (done) done = put_faults(database, level, record.faults);
  if (done) done = insert_rows(database, kSeconds, level, std::span(record.seconds));
  if (done) done = insert_rows(database, kHistograms, level, std::span(record.histograms));
  if (done) done = insert_rows(database, kMemory, level, std::span(record.memory));
  if (done) done = insert_rows(database, kHoldings, level, std::span(record.holdings));
  if (done) done = insert_rows(database, kCores, level, std::span(record.cores));
  if (done) done = insert_rows(database, kClients, level, std::span(record.clients));
  if (done) done = insert_rows(database, kOutages, level, std::span(record.outages));
  return done;
}

core::Result<void> Store::end_level(std::int64_t level, const run::Record& record) {
  if (!database_) return {};
  return database_->transaction([&] { return write_level(level, record); });
}

core::Result<void> Store::finish(const run::Record& record, const run::Verdict& verdict,
                                 int exit_code) {
  if (auto opened = open(record.run.id); !opened) return opened;
  return database_->transaction([&] {
    auto done = write_level(0, record);
    for (std::size_t i = 0; i < record.level_records.size(); ++i)
      if (done) done = write_level(static_cast<std::int64_t>(i) + 1, record.level_records[i]);
    if (done) done = put_value(*database_, 0, kVerdict, to_json(verdict));
    if (done) done = put_value(*database_, 0, kExitCode, to_json(exit_code));
    return done;
  });
}

}  // namespace gauntlet::record
