// How often `gauntlet compare` (verdict/comparison.h) is right about servers whose speed is known:
// seeded runs on simulated time, twenty comparisons a row, as a Markdown table (docs/method.md).
// bench/compare_runs/ asks the same of real runs.
// Exits with 1 where fewer than 18 of 20 single pairs of the same server are the same, or a server
// slower by 5 % is worse in fewer than 18 of 20 comparisons of the most runs.
#include <fmt/format.h>

#include <array>
#include <cstdlib>

#include "verdict/comparison.h"
#include "verdict/simulated_runs.h"

namespace gauntlet::verdict {
namespace {

constexpr int kComparisons = 20;
constexpr std::uint64_t kApart = 1'000;  // seeds of one side from the other's
constexpr std::array kRuns = {1, 3, 5, 10, 20};

using Counts = std::array<int, 4>;  // by run::Standing

Counts counts_of(int runs, double factor) {
  Counts counts{};
  for (std::uint64_t seed = 1; seed <= kComparisons; ++seed) {
    const auto compared =
        compare(simulated_runs(seed, runs, 1), simulated_runs(seed + kApart, runs, factor), {});
    if (!compared) std::abort();
    ++counts[static_cast<std::size_t>(compared->standing)];
  }
  return counts;
}

Counts print_row(int runs, double factor, const char* server) {
  const auto counts = counts_of(runs, factor);
  const auto [better, same, unknown, worse] = counts;
  fmt::print("| {} | {} | {} | {} | {} | {} |\n", server, runs, better, same, worse, unknown);
  return counts;
}

int run() {
  fmt::print(
      "| {} comparisons each | runs of each | better | same | worse | not enough data |\n"
      "|---|---|---|---|---|---|\n",
      kComparisons);
  bool good = true;
  for (const int runs : kRuns) {
    const auto same = print_row(runs, 1, "the same server")[1];
    good &= same * 20 >= kComparisons * 18;
  }
  for (const int runs : kRuns) {
    const auto worse = print_row(runs, 1.05, "a server slower by 5 %")[3];
    good &= worse * 20 >= kComparisons * 18 || runs < kRuns.back();
  }
  return good ? 0 : 1;
}

}  // namespace
}  // namespace gauntlet::verdict

int main() { return gauntlet::verdict::run(); }
