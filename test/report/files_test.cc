#include "report/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "report/made_run.h"

namespace gauntlet::report {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Files : public testing::Test {
 protected:
  void SetUp() override { fs::remove_all(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  std::vector<std::string> names_in(const fs::path& folder) const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  fs::path folder_ = fs::path(testing::TempDir()) / ("gauntlet_files_" + std::to_string(getpid()));
};

TEST_F(Files, WholeFileReplacesTheOldOneAndLeavesNothingBeside) {
  fs::create_directories(folder_);
  ASSERT_TRUE(write_whole_file(folder_ / "a.txt", "old and longer"));
  ASSERT_TRUE(write_whole_file(folder_ / "a.txt", "new"));
  EXPECT_EQ(read(folder_ / "a.txt"), "new");
  EXPECT_THAT(names_in(folder_), testing::ElementsAre("a.txt"));
}

TEST_F(Files, FailureIsAnErrorAndLeavesTheOldFile) {
  EXPECT_FALSE(write_whole_file(folder_ / "missing" / "a.txt", "x"));
  fs::create_directories(folder_ / "taken");
  EXPECT_FALSE(write_whole_file(folder_ / "taken", "x")) << "a folder is in the way";
  EXPECT_THAT(names_in(folder_), testing::ElementsAre("taken"));
}

TEST_F(Files, ResultsLieInTheRunsFolder) {
  const auto path =
      write_results(folder_ / "results", test::report_record(), test::report_verdict(), 1);
  ASSERT_TRUE(path) << path.error().text;
  EXPECT_EQ(*path, folder_ / "results" / "20261123-202141-baseline");
  EXPECT_THAT(names_in(*path),
              testing::UnorderedElementsAre("summary.json", "junit.xml", "report.html"));
  EXPECT_THAT(read(*path / "summary.json"), testing::StartsWith("{\"schema\":"));
  EXPECT_THAT(read(*path / "junit.xml"), testing::StartsWith("<?xml"));
  EXPECT_THAT(read(*path / "report.html"), testing::StartsWith("<!doctype html>"));
}

TEST_F(Files, AClimbLeavesItsPicture) {
  auto record = test::report_record();
  record.levels.resize(1);
  record.levels[0].level.name = "low";
  const auto path = write_results(folder_, record, test::report_verdict(), 1);
  ASSERT_TRUE(path) << path.error().text;
  EXPECT_THAT(read(*path / "scaling.svg"), testing::HasSubstr("<title>low: 1 connections, "));
}

}  // namespace
}  // namespace gauntlet::report
