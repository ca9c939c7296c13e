// Tables of a run.db, written and read; private to the store. Everything of a record is in a table
// of its own where it is long, else a row of `environment`: its name, and its value as JSON.
#pragma once

#include <span>
#include <string_view>

#include "core/result.h"
#include "record/database.h"
#include "run/record.h"

namespace gauntlet::record {

inline constexpr std::string_view kSeconds = "seconds";
inline constexpr std::string_view kHistograms = "histograms";
inline constexpr std::string_view kOperations = "operations";
inline constexpr std::string_view kMemory = "memory";
inline constexpr std::string_view kHoldings = "holdings";
inline constexpr std::string_view kGauges = "gauges";
inline constexpr std::string_view kCores = "cores";
inline constexpr std::string_view kClients = "clients";
inline constexpr std::string_view kOutages = "outages";

core::Result<void> create_tables(Database& database);

// One row of `environment`; it replaces the one of that name.
core::Result<void> put_value(Database& database, std::int64_t level, std::string_view name,
                             std::string_view json);
// The record's rows of `environment`.
core::Result<void> put_environment(Database& database, std::int64_t level,
                                   const run::Record& record);
core::Result<void> put_self_check(Database& database, std::int64_t level,
                                  const run::SelfCheck& self_check);
core::Result<void> put_phases(Database& database, std::int64_t level, const run::Record& record);
core::Result<void> put_faults(Database& database, std::int64_t level,
                              std::span<const run::FaultRecord> faults);
core::Result<void> put_gaps(Database& database, std::int64_t level, const run::Record& record);
core::Result<void> erase_level(Database& database, std::int64_t level);
// The run that was over goes on: what its end wrote is no longer so.
core::Result<void> erase_end(Database& database);
inline constexpr std::string_view kVerdict = "verdict";
inline constexpr std::string_view kExitCode = "exit_code";

// A level's record from all tables; what a table does not hold keeps its default.
core::Result<run::Record> read_level(Database& database, std::int64_t level);
// One row of `environment`; nothing where it is not there.
core::Result<std::optional<std::string>> read_value(Database& database, std::int64_t level,
                                                    std::string_view name);
// The highest level that there is anything of.
core::Result<std::int64_t> highest_level(Database& database);

core::Error damaged(const Database& database, std::string_view what);

}  // namespace gauntlet::record
