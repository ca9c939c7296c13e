#include "record/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/random.h"
#include "record/fields.h"
#include "record/json_codec.h"
#include "record/kept_run.h"

namespace gauntlet::record {
namespace {

namespace fs = std::filesystem;

// All of a record as text: equal where every member of it is.
std::string text_of(const run::Record& record) { return to_json(record); }

fs::path path_in(const test::Folder& folder) {
  return folder.path() / "20261126-kept" / kStoreName;
}

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_bytes(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

void finish_in(const test::Folder& folder, const run::Record& record) {
  Store store(folder.path());
  const auto done = store.finish(record, test::kept_verdict(), 4);
  ASSERT_TRUE(done) << done.error().text;
}

// Begins a run and adds what it knows after so many seconds.
void add_until(Store& store, const run::Record& record, int seconds) {
  const auto first = [&](const auto& all) {
    return std::span(all).first(static_cast<std::size_t>(seconds));
  };
  const auto done = store.add(0, {.seconds = first(record.seconds),
                                  .histograms = first(record.histograms),
                                  .operations = first(record.operations),
                                  .memory = first(record.memory),
                                  .holdings = {},
                                  .gauges = {},
                                  .cores = first(record.cores),
                                  .faults = {},
                                  .minutes = {},
                                  .self_check = &record.self_check});
  ASSERT_TRUE(done) << done.error().text;
}

// What a session knows when its load begins.
run::Record head_of(const run::Record& record) {
  run::Record head;
  head.plan = record.plan;
  head.run = record.run;
  head.run.duration_s = 0;
  head.target = record.target;
  head.phase_start_s = record.phase_start_s;
  head.opened_s = record.opened_s;
  return head;
}

TEST(Store, GivesBackAFinishedRunAsItWas) {
  const test::Folder folder;
  const auto record = test::kept_run();
  finish_in(folder, record);
  const auto run = read_store(path_in(folder));
  ASSERT_TRUE(run) << run.error().text;
  EXPECT_TRUE(run->finished);
  EXPECT_EQ(run->exit_code, 4);
  EXPECT_EQ(to_json(run->verdict), to_json(test::kept_verdict()));
  EXPECT_EQ(text_of(run->record), text_of(record));
  EXPECT_EQ(run->record.run.argv[2], "bad \xff byte");
}

TEST(Store, KeepsEveryLevelOfAClimb) {
  const test::Folder folder;
  auto record = test::kept_run();
  record.level_records = {test::kept_run(70), test::kept_run(90)};
  finish_in(folder, record);
  const auto run = read_store(path_in(folder));
  ASSERT_TRUE(run) << run.error().text;
  ASSERT_EQ(run->record.level_records.size(), 2U);
  EXPECT_EQ(run->record.level_records[0].seconds.size(), 70U);
  EXPECT_EQ(text_of(run->record), text_of(record));
}

TEST(Store, OfARunThatDiedHoldsAllButItsEnd) {
  const test::Folder folder;
  const auto record = test::kept_run();
  {
    Store store(folder.path());
    ASSERT_TRUE(store.begin(0, head_of(record)));
    add_until(store, record, 60);
    add_until(store, record, 119);
  }
  const auto run = read_store(path_in(folder));
  ASSERT_TRUE(run) << run.error().text;
  EXPECT_FALSE(run->finished);
  EXPECT_TRUE(run->record.died);
  EXPECT_TRUE(run->record.interrupted);
  EXPECT_EQ(run->record.seconds.size(), 119U);
  EXPECT_EQ(run->record.histograms.size(), 119U);
  EXPECT_EQ(run->record.memory.size(), 119U);
  EXPECT_EQ(run->record.phases[0].counts.completed, 60U * 49);
  EXPECT_EQ(run->record.phases[1].counts.completed, 59U * 49);
  EXPECT_EQ(run->record.phases[0].latencies.response.encode_v2(),
            record.phases[0].latencies.response.encode_v2());
  EXPECT_EQ(run->record.self_check.threads.size(), 1U);
  EXPECT_NEAR(run->record.run.duration_s, 119.4, 1e-9);
  EXPECT_EQ(run->record.plan.load.rate, 1000.1);
}

TEST(Store, MinutesTakeThePlaceOfTheirSeconds) {
  const test::Folder folder;
  auto record = test::kept_run();
  Store store(folder.path());
  ASSERT_TRUE(store.begin(0, head_of(record)));
  add_until(store, record, 180);
  RollUp roll_up(true);
  std::vector<RollUp::Minute> minutes;
  while (auto minute = roll_up.step(record.seconds, record.histograms, record.operations, 1e6))
    minutes.push_back(std::move(*minute));
  ASSERT_EQ(minutes.size(), 2U);
  ASSERT_TRUE(store.add(0, {.seconds = record.seconds,
                            .histograms = record.histograms,
                            .operations = record.operations,
                            .memory = record.memory,
                            .holdings = record.holdings,
                            .gauges = record.gauges,
                            .cores = record.cores,
                            .faults = record.faults,
                            .minutes = minutes}));
  store = Store(folder.path());
  const auto run = read_store(path_in(folder));
  ASSERT_TRUE(run) << run.error().text;
  EXPECT_EQ(to_json(run->record.seconds), to_json(record.seconds));
  EXPECT_EQ(to_json(run->record.histograms), to_json(record.histograms));
  EXPECT_EQ(to_json(run->record.operations), to_json(record.operations));
  EXPECT_EQ(to_json(run->record.faults), to_json(record.faults));
}

TEST(Store, IsNotReadWhileTheRunGoesOn) {
  const test::Folder folder;
  const auto record = test::kept_run();
  Store store(folder.path());
  ASSERT_TRUE(store.begin(0, head_of(record)));
  const auto run = read_store(path_in(folder));
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().kind, core::ErrorKind::usage);
  EXPECT_THAT(run.error().text, testing::HasSubstr("in use"));
}

TEST(Store, NeverOverwritesAnotherRun) {
  const test::Folder folder;
  finish_in(folder, test::kept_run());
  Store store(folder.path());
  const auto done = store.finish(test::kept_run(), test::kept_verdict(), 0);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().text, testing::HasSubstr("is there already"));
}

TEST(Store, ForeignFilesAreOneClearLine) {
  const test::Folder folder;
  const fs::path path = folder.path() / "run.db";
  EXPECT_THAT(read_store(path).error().text, testing::HasSubstr("there is no such file"));
  write_bytes(path, "");
  EXPECT_THAT(read_store(path).error().text, testing::HasSubstr("not a store of Gauntlet's"));
  write_bytes(path, std::string(5000, 'x'));
  EXPECT_THAT(read_store(path).error().text, testing::HasSubstr("not a store of Gauntlet's"));
  write_bytes(path, "SQLite format 3");
  EXPECT_THAT(read_store(path).error().text, testing::HasSubstr("not a store of Gauntlet's"));
}

TEST(Store, AnotherFormatIsRefusedByItsNumber) {
  const test::Folder folder;
  finish_in(folder, test::kept_run());
  {
    auto database = Database::open(path_in(folder));
    ASSERT_TRUE(database);
    ASSERT_TRUE(database->run("PRAGMA user_version = 77"));
  }
  EXPECT_THAT(read_store(path_in(folder)).error().text, testing::HasSubstr("format 77"));
}

TEST(Store, WhatNoRunCanHaveIsDamage) {
  const auto after = [](std::string_view sql) {
    const test::Folder folder;
    finish_in(folder, test::kept_run());
    {
      auto database = Database::open(path_in(folder));
      EXPECT_TRUE(database->run(sql)) << sql;
    }
    const auto run = read_store(path_in(folder));
    if (run) return std::string();
    EXPECT_EQ(run.error().kind, core::ErrorKind::usage);
    EXPECT_EQ(std::ranges::count(run.error().text, '\n'), 0);
    return run.error().text;
  };
  EXPECT_THAT(after("UPDATE seconds SET phase = 7 WHERE rowid = 3"), testing::HasSubstr("seconds"));
  EXPECT_THAT(after("UPDATE seconds SET t = 'noon'"), testing::HasSubstr("seconds"));
  EXPECT_THAT(after("UPDATE seconds SET t = 9e999"), testing::HasSubstr("seconds"));
  EXPECT_THAT(after("UPDATE seconds SET completed = -1"), testing::HasSubstr("seconds"));
  EXPECT_THAT(after("UPDATE histograms SET response = x'00' WHERE t > 100"),
              testing::HasSubstr("histograms"));
  EXPECT_THAT(after("UPDATE environment SET value = '{' WHERE name = 'plan'"),
              testing::HasSubstr("plan"));
  EXPECT_THAT(after("DELETE FROM environment WHERE name = 'plan'"), testing::HasSubstr("phases"));
  EXPECT_THAT(after("UPDATE environment SET value = replace(value, 'error_rate', 'terror') "
                    "WHERE name = 'plan'"),
              testing::HasSubstr("terror"));
  EXPECT_THAT(after("UPDATE environment SET level = 100000 WHERE name = 'floor'"),
              testing::HasSubstr("levels"));
  EXPECT_THAT(after("DROP TABLE clients"), testing::HasSubstr("clients"));
  EXPECT_THAT(after("DELETE FROM environment WHERE name = 'exit_code'"),
              testing::HasSubstr("verdict"));
  EXPECT_EQ(after("UPDATE environment SET value = '{\"new\": 1}' WHERE name = 'host'"), "")
      << "members that a later version adds are left alone";
}

// A damaged file is refused in one line, or read: never a crash, never anything in between.
void expect_refused_or_read(const fs::path& path) {
  const auto run = read_store(path);
  if (run) return;
  EXPECT_EQ(std::ranges::count(run.error().text, '\n'), 0) << run.error().text;
  EXPECT_THAT(run.error().text, testing::StartsWith(path.string())) << run.error().text;
}

TEST(Store, TruncatedAnywhereItIsRefused) {
  const test::Folder folder;
  finish_in(folder, test::kept_run());
  const std::string whole = bytes_of(path_in(folder));
  ASSERT_GT(whole.size(), 10'000U);
  const fs::path path = folder.path() / "cut.db";
  for (std::size_t size = 0; size < whole.size(); size += 1 + whole.size() / 97) {
    write_bytes(path, std::string_view(whole).substr(0, size));
    EXPECT_FALSE(read_store(path)) << size << " of " << whole.size();
    expect_refused_or_read(path);
  }
}

TEST(Store, WithDamagedBytesItIsRefusedOrRead) {
  const test::Folder folder;
  finish_in(folder, test::kept_run(40));
  const std::string whole = bytes_of(path_in(folder));
  const fs::path path = folder.path() / "bad.db";
  core::Random random(20261126);
  int refused = 0;
  for (int round = 0; round < 300; ++round) {
    std::string bytes = whole;
    for (int i = 0; i < 1 + round % 20; ++i) {
      const auto at =
          static_cast<std::size_t>(random.uniform() * static_cast<double>(bytes.size()));
      bytes[at] = static_cast<char>(random.next());
    }
    write_bytes(path, bytes);
    expect_refused_or_read(path);
    refused += read_store(path) ? 0 : 1;
  }
  EXPECT_GT(refused, 50);
}

TEST(Store, WithoutAFolderToBeInIsAnError) {
  const test::Folder folder;
  write_bytes(folder.path() / "taken", "");
  Store blocked(folder.path() / "taken");
  EXPECT_FALSE(blocked.begin(0, head_of(test::kept_run()))) << "a file is where its folder goes";
  EXPECT_TRUE(blocked.add(0, {})) << "without a store there is nothing to add to";
}

// A run that was interrupted after two minutes, as a store that goes on with it finds it.
run::Record interrupted_run(const test::Folder& folder) {
  auto record = test::kept_run(120);
  record.interrupted = true;
  record.gaps.clear();
  Store store(folder.path());
  EXPECT_TRUE(store.finish(record, test::kept_verdict(), 130));
  return record;
}

TEST(Store, OfARunThatGoesOnIsAddedToAndNoLongerFinished) {
  const test::Folder folder;
  auto record = interrupted_run(folder);
  const auto whole = test::kept_run(180);
  {
    Store store(folder.path());
    ASSERT_TRUE(store.go_on(record));
    record.interrupted = false;
    record.gaps = {{.start_s = 120.1, .end_s = 130, .phase = 1, .undecided = 2, .how = "died"}};
    ASSERT_TRUE(store.begin(0, record));
    add_until(store, whole, 180);
  }
  const auto run = read_store(path_in(folder));
  ASSERT_TRUE(run) << run.error().text;
  EXPECT_FALSE(run->finished);
  EXPECT_TRUE(run->record.died);
  EXPECT_EQ(to_json(run->record.seconds), to_json(whole.seconds));
  EXPECT_EQ(to_json(run->record.gaps), to_json(record.gaps));
  EXPECT_EQ(run->record.phase_start_s.size(), 2U);
  EXPECT_EQ(run->record.phases[1].counts.completed, 120U * 49);
}

TEST(Store, GoesOnWithNothingThatAnotherOneHasOpen) {
  const test::Folder folder;
  const auto record = interrupted_run(folder);
  Store first(folder.path()), second(folder.path());
  ASSERT_TRUE(first.go_on(record));
  const auto done = second.go_on(record);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().text, testing::HasSubstr("in use"));
}

TEST(Store, GapsThatNoRunCanHaveHadAreDamage) {
  const test::Folder folder;
  auto record = test::kept_run();
  record.gaps.front().end_s = record.gaps.front().start_s - 1;
  finish_in(folder, record);
  const auto run = read_store(path_in(folder));
  ASSERT_FALSE(run);
  EXPECT_THAT(run.error().text, testing::HasSubstr("its gaps cannot be those of a run"));
}

}  // namespace
}  // namespace gauntlet::record
