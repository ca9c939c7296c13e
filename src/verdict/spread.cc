#include <fmt/format.h>

#include <numeric>
#include <vector>

#include "core/quantity.h"
#include "stats/distribution.h"
#include "verdict/metrics.h"

namespace gauntlet::verdict {

Observed observe_spread(const run::Record& record, const run::Metric& metric) {
  const auto& load = record.plan.load;
  if (load.arrivals == run::Arrivals::closed) {
    return std::unexpected(Unobserved{
        run::Outcome::skipped,
        "none",
        "in a closed loop each connection sends as fast as it is answered: no even spread is due",
        {}});
  }
  std::vector<std::uint64_t> counts;
  for (const auto& client : record.clients) counts.push_back(client.completed);
  const auto total = std::reduce(counts.begin(), counts.end(), std::uint64_t{0});
  if (total == 0) return inconclusive("no_samples: no message was verified");
  auto evidence = fmt::format("{} verified messages over {} connections", core::format_count(total),
                              counts.size());
  const auto spread = stats::even_spread(counts, load.burst);
  if (!spread) {
    return inconclusive(
        fmt::format("too_few_samples: chi-square needs two connections and {} bursts on each",
                    stats::kExpectedPerCellMin),
        std::move(evidence));
  }
  evidence += fmt::format("; chi-square {:.1f} with {} degrees of freedom", spread->chi_square,
                          counts.size() - 1);
  const double value = metric.kind == run::MetricKind::spread_p ? spread->p : spread->max_over_mean;
  return exact(value, run::format_value(value, metric.unit), std::move(evidence));
}

}  // namespace gauntlet::verdict
