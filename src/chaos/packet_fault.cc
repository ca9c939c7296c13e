#include "chaos/packet_fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stats/binomial.h"

namespace gauntlet::chaos {
namespace {

constexpr int kShareParts = 100'000;
constexpr double kConfidence = 0.9999;

std::uint64_t next_table_number() {
  static std::uint64_t number = 0;  // a process's tables; each fault has its own
  return ++number;
}

}  // namespace

PacketFault::PacketFault(const Lab& lab, PacketRule rule) : lab_(lab), rule_(std::move(rule)) {
  if (rule_.direction != Direction::to_load) open_end(Place::server);
  if (rule_.direction != Direction::to_server) open_end(Place::load);
}

void PacketFault::open_end(Place place) {
  auto table = NftTable::open(lab_, place, fmt::format("gauntlet_{}", next_table_number()));
  if (table)
    ends_.push_back({place, place == Place::server ? "to_server" : "to_load", std::move(*table)});
  else
    opened_ = std::unexpected(table.error());
}

core::Result<void> PacketFault::probe() {
  if (rule_.effect == PacketRule::Effect::lose && (rule_.share <= 0 || rule_.share > 1))
    return core::usage_error("the share of packets to lose must lie in 0-100%");
  if (!opened_) return opened_;
  auto table = NftTable::open(lab_, Place::server, "gauntlet_probe");
  if (!table) return std::unexpected(table.error());
  auto filled = table->fill(body(Place::server));
  return filled ? table->remove() : filled;
}

core::Result<void> PacketFault::arm(core::Nanos ttl) {
  ttl_ = ttl;
  if (!opened_) return opened_;
  for (End& end : ends_)
    if (auto filled = end.table.fill(body(end.place)); !filled) return filled;
  return {};
}

// Nothing matches before the set `on` has an element.
std::string PacketFault::body(Place place) const {
  const char* client = place == Place::server ? "saddr" : "daddr";
  const bool resets = rule_.effect == PacketRule::Effect::reset;
  std::string what = "counter name dropped drop";
  if (resets) what = "meta l4proto tcp counter name dropped reject with tcp reset";
  if (rule_.effect == PacketRule::Effect::lose)
    what = fmt::format("numgen random mod {} < {} {}", kShareParts,
                       std::lround(rule_.share * kShareParts), what);
  return fmt::format(
      " set on {{ type ipv4_addr; flags timeout; }}\n"
      " counter seen {{ }}\n counter dropped {{ }}\n counter passed {{ }}\n"
      " chain arriving {{\n"
      "  type filter hook {} priority -300; policy accept;\n"
      "  ip {} @on counter name seen\n"
      "  ip {} @on {}\n"
      "  ip {} @on counter name passed\n"
      " }}\n",
      resets ? "input" : "prerouting", client, client, what, client);
}

core::Result<void> PacketFault::start() {
  std::string elements;
  for (int i = 0; i < Lab::kLoadAddresses; ++i) {
    const std::string client = Lab::load_address(i);
    if (rule_.only_client && client != *rule_.only_client) continue;
    elements += fmt::format("{}{} timeout {}ms", elements.empty() ? "" : ", ", client,
                            std::max<core::Nanos>(1, ttl_ / core::kMillisecond));
  }
  if (elements.empty()) return core::usage_error("no such client: " + *rule_.only_client);
  for (End& end : ends_)
    if (auto on = end.table.order("add element @@ on { " + elements + " }\n"); !on) return on;
  return {};
}

// Whether what one direction shows is what was ordered; a direction in which nothing came shows
// nothing against it.
bool PacketFault::as_ordered(const PacketCount& seen, const PacketCount& dropped,
                             const PacketCount& passed) const {
  if (rule_.effect == PacketRule::Effect::drop) return passed.packets == 0;
  if (rule_.effect == PacketRule::Effect::reset) return true;
  return stats::binomial_interval(seen.packets, rule_.share, kConfidence).contains(dropped.packets);
}

Evidence PacketFault::evidence() {
  Evidence found;
  bool as_planned = true;
  std::uint64_t hit = 0;
  for (End& end : ends_) {
    const auto seen = end.table.counter("seen");
    const auto dropped = end.table.counter("dropped");
    const auto passed = end.table.counter("passed");
    if (!seen || !dropped || !passed) return {};
    const auto tell = [&](const char* what, std::uint64_t value) {
      found.facts.emplace_back(fmt::format("packets_{}_{}", what, end.name), std::to_string(value));
    };
    tell("seen", seen->packets);
    tell("dropped", dropped->packets);
    tell("passed", passed->packets);
    found.facts.emplace_back("bytes_passed_" + end.name, std::to_string(passed->bytes));
    if (rule_.effect == PacketRule::Effect::lose) {
      const auto [lo, hi] = stats::binomial_interval(seen->packets, rule_.share, kConfidence);
      found.facts.emplace_back("dropped_expected_" + end.name, fmt::format("{}-{}", lo, hi));
    }
    as_planned &= as_ordered(*seen, *dropped, *passed);
    hit += dropped->packets;
  }
  found.shown = as_planned && hit > 0;
  return found;
}

core::Result<void> PacketFault::stop() {
  for (End& end : ends_)
    if (auto off = end.table.order("flush set @@ on\n"); !off) return off;
  return {};
}

// The counters stay as evidence until the fault is gone, the rules match nothing any more.
core::Result<void> PacketFault::verify_clean() {
  for (End& end : ends_) {
    const auto listed = end.table.has_elements("on");
    if (!listed) return std::unexpected(listed.error());
    if (*listed) return core::internal_error("packets " + end.name + " are still dropped");
  }
  return {};
}

}  // namespace gauntlet::chaos
