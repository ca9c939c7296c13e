// JobTable: what it keeps, for whom and for how long, and what is left of it when a worker dies.
#include "server/job_table.h"

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <set>
#include <thread>

namespace gauntlet::server {
namespace {

constexpr core::Nanos kTtl = 10 * core::kSecond;
constexpr std::size_t kBodyMax = 4096;
constexpr std::size_t kJobsMax = 8;
const JobOwner kMine{mcp::Era::stateful, {1, 2}, 0};
const JobOwner kTheirs{mcp::Era::stateful, {1, 3}, 0};

class JobTableTest : public testing::Test {
 protected:
  Job open(const JobOwner& owner = kMine) { return table_.open(owner, kTtl, 4, 0).value(); }
  static bool complete(Job& job) {
    end_with(job, text_result("done"));
    return true;
  }

  JobTable table_{kJobsMax, kBodyMax};
};

TEST_F(JobTableTest, KeepsAJob) {
  const Job job = open();
  EXPECT_EQ(job.status, JobStatus::working);
  EXPECT_EQ(text_of_job(job.id).size(), 32U);
  EXPECT_TRUE(table_.change(job.id, 1, complete));
  const auto found = table_.find(job.id, kMine, kTtl - 1);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->status, JobStatus::completed);
  EXPECT_EQ(body_of(*found).at(kResult).at("content").at(0).at("text"), "done");
  EXPECT_EQ(table_.count(), 1U);
}

TEST_F(JobTableTest, IdsAreNotToBeGuessed) {
  std::set<std::string> ids;
  for (int i = 0; i < 4; ++i) ids.insert(text_of_job(open().id));
  EXPECT_EQ(ids.size(), 4U);
  JobId near = open(kTheirs).id;
  ++near.low;
  EXPECT_FALSE(table_.find(near, kTheirs, 1));
}

TEST_F(JobTableTest, AJobIsNobodyElses) {
  const Job job = open();
  EXPECT_FALSE(table_.find(job.id, kTheirs, 1));
  JobOwner stateless = kMine;
  stateless.era = mcp::Era::stateless;
  EXPECT_FALSE(table_.find(job.id, stateless, 1));
  EXPECT_TRUE(table_.list(kTheirs, 0, 10, 1).empty());
}

TEST_F(JobTableTest, OneOwnerHasAShareAndAllHaveALimit) {
  for (int i = 0; i < 4; ++i) open();
  EXPECT_FALSE(table_.open(kMine, kTtl, 4, 0));
  for (int i = 0; i < 4; ++i) open(kTheirs);
  EXPECT_FALSE(table_.open({mcp::Era::stateless, {}, 7}, kTtl, 4, 0));
}

TEST_F(JobTableTest, AJobIsForgottenAfterItsTime) {
  const Job job = open();
  EXPECT_FALSE(table_.find(job.id, kTtl));
  EXPECT_FALSE(table_.change(job.id, kTtl, complete));
  EXPECT_TRUE(table_.list(kMine, 0, 10, kTtl).empty());
  const auto swept = table_.sweep(kTtl);
  ASSERT_EQ(swept.size(), 1U);
  EXPECT_EQ(swept[0].id, job.id);
  EXPECT_EQ(table_.count(), 0U);
  for (int i = 0; i < 4; ++i) open();  // there is room again
}

TEST_F(JobTableTest, ListsInOrderFromAPlace) {
  std::vector<JobId> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(open().id);
  open(kTheirs);
  const auto first = table_.list(kMine, 0, 2, 1);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].id, ids[0]);
  EXPECT_EQ(first[1].id, ids[1]);
  const auto rest = table_.list(kMine, first[1].sequence, 2, 1);
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].id, ids[2]);
}

TEST_F(JobTableTest, WhatIsTooLargeHasFailed) {
  const Job job = open();
  const auto changed = table_.change(job.id, 1, [](Job& one) {
    end_with(one, text_result(std::string(kBodyMax, 'x')));
    return true;
  });
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->status, JobStatus::failed);
  EXPECT_EQ(outcome_of(*changed).error_code, mcp::kInternalError);
}

TEST_F(JobTableTest, TheEndOfASessionForgetsItsJobsOnly) {
  const Job mine = open();
  const Job theirs = open(kTheirs);
  table_.forget(kMine.session);
  EXPECT_FALSE(table_.find(mine.id, 1));
  EXPECT_TRUE(table_.find(theirs.id, 1));
}

TEST_F(JobTableTest, ADeadWorkersJobsHaveFailedAndWhatWasOverStays) {
  const pid_t child = fork();
  if (child == 0) {
    open();
    table_.change(open().id, 1, complete);
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  ASSERT_EQ(table_.count(), 2U);
  bool completed = false;
  for (const JobHead& job : table_.list(kMine, 0, 10, 1))
    completed |= job.status == JobStatus::completed;
  table_.sweep(2);
  for (const JobHead& head : table_.list(kMine, 0, 10, 2)) {
    EXPECT_TRUE(head.is_over());
    const Job job = *table_.find(head.id, 2);
    if (job.status != JobStatus::failed) continue;
    EXPECT_EQ(outcome_of(job).error_message, kWorkerEnded);
  }
  EXPECT_TRUE(completed);
}

TEST_F(JobTableTest, ALivingWorkersJobsGoOn) {
  const Job job = open();
  EXPECT_TRUE(table_.sweep(1).empty());
  EXPECT_EQ(table_.find(job.id, 1)->status, JobStatus::working);
}

// What another process does until it is killed.
template <typename Work>
void run_and_kill(Work work, useconds_t after_us) {
  const pid_t child = fork();
  if (child == 0) {
    work();
    _exit(0);
  }
  usleep(after_us);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

// Changes a job again and again: large bodies of one letter, which a half-written one is not.
[[noreturn]] void write_for_ever(JobTable& table) {
  constexpr std::size_t kBytes = 200'000;
  const Job job = table.open(kMine, kTtl, 4, 0).value();
  for (char letter = 'a';; letter = letter == 'z' ? 'a' : static_cast<char>(letter + 1))
    table.change(job.id, 1, [letter](Job& one) {
      one.status = JobStatus::completed;
      one.body.assign(kBytes, letter);
      return true;
    });
}

bool is_whole(const Job& job) {
  if (job.status == JobStatus::failed) return outcome_of(job).error_message == kWorkerEnded;
  return std::ranges::all_of(job.body, [&](char c) { return c == job.body[0]; });
}

TEST(JobTableMurder, WorkersMayBeKilledAnywhere) {
  constexpr int kKills = 300;
  JobTable table(kJobsMax, std::size_t{256} * 1024);
  int failed = 0;
  for (int i = 0; i < kKills; ++i) {
    run_and_kill([&table] { write_for_ever(table); }, static_cast<useconds_t>(1000 + i * 7));
    table.sweep(2);
    for (const JobHead& head : table.list(kMine, 0, kJobsMax, 2)) {
      const auto job = table.find(head.id, 2);
      ASSERT_TRUE(job);
      EXPECT_TRUE(is_whole(*job)) << "after " << i << " kills";
      failed += job->status == JobStatus::failed;
    }
    table.forget(kMine.session);
    ASSERT_EQ(table.count(), 0U) << "after " << i << " kills";
  }
  EXPECT_GT(failed, 0) << "nobody was killed while it wrote";
}

TEST(Job, IsWrittenAsItsEraHasIt) {
  Job job;
  job.created_ms = 1'785'196'800'123;
  job.updated_ms = job.created_ms;
  job.ttl_ms = 5000;
  job.say("half way");
  const auto task = task_of(job);
  EXPECT_EQ(task.at("createdAt"), "2026-07-28T00:00:00.123Z");
  EXPECT_EQ(task.at("ttl"), 5000);
  EXPECT_TRUE(task.contains("pollInterval"));
  EXPECT_EQ(task.at("statusMessage"), "half way");
  job.owner.era = mcp::Era::stateless;
  const auto flat = task_of(job);
  EXPECT_EQ(flat.at("ttlMs"), 5000);
  EXPECT_TRUE(flat.contains("pollIntervalMs"));
  EXPECT_FALSE(flat.contains("ttl"));
  EXPECT_FALSE(flat.contains("pollInterval"));
}

TEST(Job, AToolsErrorIsAFailureToTheStatefulOnly) {
  Job job;
  end_with(job, tool_error("no"));
  EXPECT_EQ(job.status, JobStatus::failed);
  EXPECT_EQ(outcome_of(job).result.at("isError"), true);
  Job stateless;
  stateless.owner.era = mcp::Era::stateless;
  end_with(stateless, tool_error("no"));
  EXPECT_EQ(stateless.status, JobStatus::completed);
  EXPECT_EQ(detailed_task_of(stateless).at("result").at("isError"), true);
}

TEST(Job, ALongMessageIsCutBetweenCharacters) {
  Job job;
  std::string text = "x";
  while (text.size() < 300) text += "é";
  job.say(text);
  EXPECT_EQ(job.message_size, JobHead::kMessageMax - 1);
}

}  // namespace
}  // namespace gauntlet::server
