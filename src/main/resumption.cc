#include "main/resumption.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <system_error>

#include "main/run_folder.h"
#include "record/store.h"
#include "run/measured.h"

namespace gauntlet::main {
namespace {

namespace fs = std::filesystem;

// These say nothing of what the run does.
constexpr std::array<std::string_view, 7> kMayDiffer = {
    "--resume", "--results", "--io", "--strict", "--quiet", "--metrics-listen", "--metrics-prefix"};

// A `gauntlet run …` taken apart. Throws CLI::ParseError.
struct CommandLine {
  explicit CommandLine(std::vector<std::string> words) {
    constexpr std::ptrdiff_t kProgramAndCommand = 2;
    declare_run_options(app, options);
    words.erase(words.begin(),
                words.begin() + std::min<std::ptrdiff_t>(std::ssize(words), kProgramAndCommand));
    options.command = split_command(words);
    std::ranges::reverse(words);
    app.parse(words);
    sort_out_target(options);
  }
  std::vector<std::string> results(const std::string& option) const {
    const auto* found = app.get_option_no_throw(option);
    return found == nullptr ? std::vector<std::string>() : found->results();
  }

  CLI::App app;
  RunOptions options;
};

std::unique_ptr<CommandLine> begun_with(const run::Record& record) {
  try {
    return std::make_unique<CommandLine>(record.run.argv);
  } catch (const CLI::ParseError&) {
    return nullptr;
  }
}

// Why such a run cannot go on; "" where it can.
std::string why_over(const record::StoredRun& run, const CommandLine* begun) {
  const run::Record& record = run.record;
  if (run.finished && !record.interrupted)
    return "is over; `gauntlet report` makes its reports anew";
  if (loaded_s(record) >=
      core::to_seconds(run::phase_start(record.plan, record.plan.phases.size())))
    return "has had all of its load; `gauntlet report` makes its reports";
  if (record.run.load_began_s <= 0 || begun == nullptr)
    return "was begun by another version of Gauntlet";
  if (!record.plan.levels.empty()) return "has levels, each a run of its own: begin it anew";
  if (!record.plan.faults.empty())
    return "has faults, and what they had done when it ended cannot be gone on with: begin it anew";
  if (record.lab.used) return "took place in a lab, which ended with it: begin it anew";
  if (!begun->options.command.empty())
    return "had a server that it started by a command and that ended with it: begin it anew";
  if (begun->options.repeat > 1 || !begun->options.baseline.empty())
    return "was one of --repeat or --baseline: begin it anew";
  if (record.target.own_server && record.plan.load.keep_server == 0)
    return "had our own server, which ended with it: --keep-server keeps it";
  if (record.seconds.size() != record.histograms.size()) return "lacks seconds or histograms";
  return "";
}

core::Result<void> hold_against(const CommandLine& now, const CommandLine& begun) {
  for (const auto* option : now.app.get_options()) {
    const std::string name = option->get_name();
    const bool may_differ = std::ranges::find(kMayDiffer, name) != kMayDiffer.end();
    if (option->count() == 0 || may_differ || option->results() == begun.results(name)) continue;
    return core::usage_error(fmt::format(
        "--resume: {} differs from what the run was begun with; a run goes on as it was begun: "
        "leave it out",
        name));
  }
  return {};
}

bool is_same_suite(const RunOptions& now, const RunOptions& begun) {
  return (now.suite.empty() || now.suite == begun.suite) &&
         (now.url.empty() || now.url == begun.url);
}

// The newest first: their names begin with when they began.
std::vector<fs::path> folders_in(const std::string& results) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(results, error)) {
    std::error_code ignored;
    if (fs::is_regular_file(entry.path() / record::kStoreName, ignored))
      folders.push_back(entry.path());
  }
  std::ranges::sort(folders, std::greater());
  return folders;
}

core::Result<fs::path> find_latest(const RunOptions& now) {
  for (const auto& folder : folders_in(now.results)) {
    const auto run = record::read_store(folder / record::kStoreName);
    if (!run) continue;  // it goes on, or is damaged: who means it says its name
    const auto begun = begun_with(run->record);
    if (begun && is_same_suite(now, begun->options) && why_over(*run, begun.get()).empty())
      return folder;
  }
  return core::usage_error(fmt::format("--resume: there is no unfinished run{} in {}",
                                       now.suite.empty() ? "" : " of `" + now.suite + "`",
                                       now.results));
}

RunOptions options_of(const CommandLine& now, const CommandLine& begun, const fs::path& folder) {
  RunOptions options = begun.options;
  const auto given = [&](const char* name) { return !now.results(name).empty(); };
  options.results = folder.parent_path();
  options.quiet = now.options.quiet;
  options.strict |= now.options.strict;
  if (given("--io")) options.io = now.options.io;
  if (given("--metrics-listen")) options.metrics_listen = now.options.metrics_listen;
  if (given("--metrics-prefix")) options.metrics_prefix = now.options.metrics_prefix;
  return options;
}

}  // namespace

core::Result<Resumption> find_resumption(const RunOptions& now,
                                         const std::vector<std::string>& argv) {
  auto folder = now.resume == kLatest ? find_latest(now) : find_run_folder(now.resume, now.results);
  if (!folder) return std::unexpected(folder.error());
  *folder = fs::absolute(*folder).lexically_normal();
  if (!folder->has_filename()) *folder = folder->parent_path();  // it was "results/ID/"
  auto run = record::read_store(*folder / record::kStoreName);
  if (!run) return std::unexpected(run.error());
  const auto begun = begun_with(run->record);
  auto why = why_over(*run, begun.get());
  if (why.empty() && folder->filename() != run->record.run.id) why = "lies in a folder not its own";
  if (!why.empty())
    return core::usage_error(fmt::format("--resume: the run {} {}", run->record.run.id, why));
  const CommandLine given(argv);  // main has parsed it before
  if (auto same = hold_against(given, *begun); !same) return std::unexpected(same.error());
  const std::string how = run->record.died ? "died" : "interrupted";
  return Resumption{.options = options_of(given, *begun, *folder),
                    .folder = *folder,
                    .before = std::move(run->record),
                    .how = how};
}

double wall_clock_s() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

double last_seen_s(const run::Record& record) {
  const double gone_on = record.gaps.empty() ? 0 : record.gaps.back().end_s;
  return record.seconds.empty() ? gone_on : std::max(record.seconds.back().t, gone_on);
}

double loaded_s(const run::Record& record) {
  const double last = last_seen_s(record);
  return last - record.gaps_s(0, last);
}

run::Plan remaining_plan(run::Plan plan, double loaded_s) {
  core::Nanos done = core::from_seconds(loaded_s);
  for (auto& phase : plan.phases) {
    const core::Nanos part = std::min(done, phase.duration);
    phase.duration -= part;
    done -= part;
  }
  return plan;
}

run::Gap gap_until(double end_s, const run::Record& before, const std::string& how) {
  const auto& phases = before.plan.phases;
  const double loaded = loaded_s(before);
  run::Gap gap{.start_s = last_seen_s(before), .end_s = 0, .phase = 0, .undecided = 0, .how = how};
  gap.end_s = std::max(end_s, gap.start_s);
  while (gap.phase + 1 < phases.size() &&
         core::to_seconds(run::phase_start(before.plan, gap.phase + 1)) <= loaded)
    ++gap.phase;
  run::Counts counts;
  for (const auto& second : before.seconds) counts.add(second.counts);
  std::uint64_t decided = counts.completed + run::sum(counts.errors);
  for (const auto& earlier : before.gaps) decided += earlier.undecided;
  gap.undecided = counts.scheduled - std::min(counts.scheduled, decided);
  return gap;
}

}  // namespace gauntlet::main
