#include "server/registry_metrics.h"

#include <array>
#include <string_view>

#include "server/metric_text.h"

namespace gauntlet::server {
namespace {

struct Metric {
  std::string_view name, type, help;
  std::uint64_t ShardStats::* member;
  bool is_time = false;  // counted in nanoseconds, told in seconds
};

constexpr std::array kMetrics = {
    Metric{"sessions", "gauge", "Sessions known now.", &ShardStats::sessions},
    Metric{"lookups_total", "counter", "Sessions looked for.", &ShardStats::lookups},
    Metric{"contended_total", "counter", "Times that the lock was another's at the first try.",
           &ShardStats::contended},
    Metric{"wait_seconds_total", "counter", "Time spent waiting for the lock.",
           &ShardStats::wait_ns, true},
    Metric{"longest_wait_seconds", "gauge", "The longest wait for the lock so far.",
           &ShardStats::wait_ns_max, true},
    Metric{"repaired_total", "counter", "Times that the lock's owner had died with it in hand.",
           &ShardStats::repaired},
    Metric{"expired_total", "counter", "Sessions forgotten because they were idle.",
           &ShardStats::expired},
};

using Stats = std::array<ShardStats, kShardCount>;

void append(std::string& out, const Metric& metric, const Stats& stats) {
  const std::string name = fmt::format("gauntlet_server_registry_{}", metric.name);
  describe(out, name, metric.type, metric.help);
  for (std::size_t shard = 0; shard < stats.size(); ++shard) {
    const std::uint64_t value = stats[shard].*metric.member;
    if (metric.is_time) {
      labelled(out, name, "shard", shard, static_cast<double>(value) / 1e9);
    } else {
      labelled(out, name, "shard", shard, value);
    }
  }
}

}  // namespace

void append_registry_metrics(std::string& out, const Registry& registry) {
  Stats stats;
  for (std::size_t shard = 0; shard < stats.size(); ++shard) stats[shard] = registry.stats(shard);
  for (const Metric& metric : kMetrics) append(out, metric, stats);
}

}  // namespace gauntlet::server
