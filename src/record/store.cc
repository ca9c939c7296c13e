#include "record/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "record/row_table.h"
#include "record/tables.h"

namespace gauntlet::record {

namespace {

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
  if (done) done = erase_between(database, kOperations, level, minute.from_s, to);
  if (done) done = insert_rows(database, kOperations, level, std::span(minute.operations));
  if (!done || minute.second.empty()) return done;
  done = erase_between(database, kSeconds, level, minute.from_s, to);
  if (done) done = insert_rows(database, kSeconds, level, std::span(minute.second));
  return done;
}

core::Result<void> write_level(Database& database, std::int64_t level, const run::Record& record) {
  auto done = erase_level(database, level);
  if (done) done = put_environment(database, level, record);
  if (done) done = put_self_check(database, level, record.self_check);
  if (done) done = put_phases(database, level, record);
  if (done) done = put_gaps(database, level, record);
  if (done) done = put_faults(database, level, record.faults);
  if (done) done = insert_rows(database, kSeconds, level, std::span(record.seconds));
  if (done) done = insert_rows(database, kHistograms, level, std::span(record.histograms));
  if (done) done = insert_rows(database, kOperations, level, std::span(record.operations));
  if (done) done = insert_rows(database, kMemory, level, std::span(record.memory));
  if (done) done = insert_rows(database, kHoldings, level, std::span(record.holdings));
  if (done) done = insert_rows(database, kGauges, level, std::span(record.gauges));
  if (done) done = insert_rows(database, kCores, level, std::span(record.cores));
  if (done) done = insert_rows(database, kClients, level, std::span(record.clients));
  if (done) done = insert_rows(database, kOutages, level, std::span(record.outages));
  return done;
}

// Closed when it is done, so that all of it is in this one file.
core::Result<void> write_new(const std::filesystem::path& path,
                             const std::function<core::Result<void>(Database&)>& first) {
  auto database = Database::create(path);
  if (!database) return std::unexpected(database.error());
  return database->transaction([&] {
    auto done = create_tables(*database);
    return done ? first(*database) : done;
  });
}

}  // namespace

core::Result<void> Store::write(const std::string& run_id, const Work& work) {
  if (!database_) return begin_new(run_id, work);
  return database_->transaction([&] { return work(*database_); });
}

core::Result<void> Store::begin_new(const std::string& run_id, const Work& first) {
  const auto folder = results_ / run_id;
  const auto named = folder / kStoreName;
  const auto unnamed = folder / (std::string(kStoreName) + ".new");
  std::error_code error;
  if (std::filesystem::exists(named, error))
    return core::usage_error(fmt::format("{}: is there already", named.string()));
  std::filesystem::create_directories(folder, error);
  if (error) return core::internal_error(fmt::format("{}: {}", folder.string(), error.message()));
  if (auto written = write_new(unnamed, first); !written) return written;
  std::filesystem::rename(unnamed, named, error);
  if (error) return core::internal_error(fmt::format("{}: {}", unnamed.string(), error.message()));
  return attach(run_id);
}

core::Result<void> Store::attach(const std::string& run_id) {
  auto database = Database::open(results_ / run_id / kStoreName);
  if (!database) return std::unexpected(database.error());
  if (auto ready = database->prepare_to_write(); !ready) return ready;
  run_id_ = run_id;
  database_.emplace(std::move(*database));
  return {};
}

core::Result<void> Store::go_on(const run::Record& record) {
  const auto last = [](const auto& series) { return series.empty() ? -1e9 : series.back().t; };
  if (auto attached = attach(record.run.id); !attached) return attached;
  written_[0] = {.second = last(record.seconds),
                 .histogram = last(record.histograms),
                 .operation = last(record.operations),
                 .memory = last(record.memory),
                 .holding = last(record.holdings),
                 .gauge = last(record.gauges),
                 .core = last(record.cores),
                 .faults = 0};
  return {};
}

core::Result<void> Store::begin(std::int64_t level, const run::Record& record,
                                const run::Plan* whole) {
  const bool first = !database_;
  return write(record.run.id, [&](Database& database) {
    auto done = put_environment(database, level, record);
    if (done) done = put_phases(database, level, record);
    if (done) done = put_gaps(database, level, record);
    if (done) done = erase_end(database);
    if (!done || !first || whole == nullptr) return done;
    run::Record all;
    all.plan = *whole;
    all.run = record.run;
    all.host = record.host;
    all.target = record.target;
    return put_environment(database, 0, all);
  });
}

core::Result<void> Store::add(std::int64_t level, const News& news) {
  if (!database_) return {};
  Written& written = written_[level];
  Database& database = *database_;
  return database.transaction([&] {
    auto done = append(database, kSeconds, level, news.seconds, written.second);
    if (done) done = append(database, kHistograms, level, news.histograms, written.histogram);
    if (done) done = append(database, kOperations, level, news.operations, written.operation);
    if (done) done = append(database, kMemory, level, news.memory, written.memory);
    if (done) done = append(database, kHoldings, level, news.holdings, written.holding);
    if (done) done = append(database, kGauges, level, news.gauges, written.gauge);
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

core::Result<void> Store::end_level(std::int64_t level, const run::Record& record) {
  if (!database_) return {};
  return database_->transaction([&] { return write_level(*database_, level, record); });
}

core::Result<void> Store::finish(const run::Record& record, const run::Verdict& verdict,
                                 int exit_code) {
  return write(record.run.id, [&](Database& database) {
    auto done = write_level(database, 0, record);
    for (std::size_t i = 0; i < record.level_records.size(); ++i)
      if (done)
        done = write_level(database, static_cast<std::int64_t>(i) + 1, record.level_records[i]);
    if (done) done = put_value(database, 0, kVerdict, to_json(verdict));
    if (done) done = put_value(database, 0, kExitCode, to_json(exit_code));
    return done;
  });
}

}  // namespace gauntlet::record
