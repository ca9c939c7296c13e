#include "main/target_gauges.h"

#include <span>
#include <string_view>

#include "chaos/scrape.h"

namespace gauntlet::main {
namespace {

constexpr core::Nanos kInterval = core::kSecond;
constexpr double kBytesPerMb = 1024.0 * 1024.0;
constexpr std::string_view kSessionNames[] = {"gauntlet_server_sessions", "gauntlet_sessions",
                                              "mcp_server_sessions", "mcp_sessions"};
// Of our own server, of prom-client, of Go's client library, and of some others.
constexpr std::string_view kHeapNames[] = {"gauntlet_server_heap_bytes",
                                           "nodejs_heap_size_used_bytes",
                                           "go_memstats_heap_inuse_bytes", "process_heap_bytes"};

std::optional<double> first_of(std::string_view text, std::span<const std::string_view> names) {
  for (const auto name : names)
    if (const auto value = chaos::sum_of(text, name)) return value;
  return std::nullopt;
}

}  // namespace

void TargetGauges::tick(core::Nanos now, double t) {
  if (!where_ || now < next_) return;
  next_ = now + kInterval;
  const auto text = chaos::metrics_at(*where_);
  if (!text) return;
  run::GaugeSample sample{.t = t, .sessions = first_of(*text, kSessionNames), .heap_mb = {}};
  if (const auto bytes = first_of(*text, kHeapNames)) sample.heap_mb = *bytes / kBytesPerMb;
  if (sample.sessions || sample.heap_mb) samples_.push_back(sample);
}

}  // namespace gauntlet::main
