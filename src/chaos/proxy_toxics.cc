#include "chaos/proxy_toxics.h"

#include <algorithm>

namespace gauntlet::chaos {
namespace {

bool falls_below(std::uint64_t random, double share) {
  return static_cast<double>(random >> 11) * 0x1.0p-53 < share;
}

bool ends_connections(const Toxic& toxic) {
  return toxic.kind == ToxicKind::reset_peer || toxic.kind == ToxicKind::down ||
         (toxic.kind == ToxicKind::timeout && toxic.value(ToxicValue::ms) > 0);
}

}  // namespace

ProxyToxics::ProxyToxics(ProxyBoard& board, std::size_t process)
    : board_(board), process_(process) {}

ProxyToxics::Change ProxyToxics::refresh(core::Nanos now) {
  const bool changed = board_.version() != version_;
  if (!changed && now < next_end_ns_) return {};
  const ToxicTable before = table_;
  const auto version = changed ? board_.read(table_) : version_;
  if (!version) return {};
  Change change;
  ToxicSet active = 0;
  on_bytes_ = on_messages_ = ending_ = 0;
  next_end_ns_ = INT64_MAX;
  for (std::size_t i = 0; i < kToxicsMax; ++i) {
    const auto bit = static_cast<ToxicSet>(1U << i);
    const bool was = (active_ & bit) != 0;
    const bool other = table_[i].serial != before[i].serial;
    const bool is = table_[i].active(now);
    if (was && (other || !is)) change.ended |= bit;
    if (is && (other || !was)) change.begun |= bit;
    if (!is) continue;
    active |= bit;
    (table_[i].toxic.on_messages() ? on_messages_ : on_bytes_) |= bit;
    if (ends_connections(table_[i].toxic)) ending_ |= bit;
    next_end_ns_ = std::min(next_end_ns_, table_[i].until_ns);
  }
  active_ = active;
  version_ = *version;
  board_.acknowledge(process_, version_);
  return change;
}

std::uint64_t ProxyToxics::random_of(std::size_t place, std::uint64_t number) const {
  std::uint64_t state = board_.seed() ^ (table_[place].serial * 0xD1342543DE82EF95ULL);
  state = core::split_mix_64(state) ^ number;
  return core::split_mix_64(state);
}

bool ProxyToxics::concerns(std::size_t place, std::uint64_t connection) const {
  return falls_below(random_of(place, connection), table_[place].toxic.share);
}

bool ProxyToxics::fits(const Toxic& toxic, const MessageFacts& facts) const {
  if (facts.opening && toxic.value(ToxicValue::openings) == 0) return false;
  if (facts.request != (toxic.kind == ToxicKind::http_status)) return false;
  if (facts.request) return facts.session || toxic.value(ToxicValue::status) != 404;
  switch (toxic.kind) {
    case ToxicKind::corrupt_answer: return facts.editable;
    case ToxicKind::wrong_id: return facts.editable && facts.has_id;
    case ToxicKind::cut_sse: return facts.events;
    default: return true;
  }
}

bool ProxyToxics::choose(std::size_t place, std::uint64_t& random) const {
  const Toxic& toxic = table_[place].toxic;
  ToxicCounters& counters = board_.counters(place);
  const std::uint64_t number = counters.seen.fetch_add(1, std::memory_order_relaxed) + 1;
  random = random_of(place, number);
  const std::uint64_t nth = toxic.value(ToxicValue::nth);
  if (nth > 0 ? number % nth != 0 : !falls_below(random, toxic.share)) return false;
  const std::uint64_t max = toxic.value(ToxicValue::max);
  std::uint64_t had = counters.messages.load(std::memory_order_relaxed);
  do {
    if (max > 0 && had >= max) return false;
  } while (!counters.messages.compare_exchange_weak(had, had + 1, std::memory_order_relaxed));
  return true;
}

std::optional<MessagePick> ProxyToxics::pick(const MessageFacts& facts) const {
  std::optional<MessagePick> picked;
  for (std::size_t i = 0; on_messages_ >> i != 0; ++i) {
    if ((on_messages_ >> i & 1U) == 0 || !fits(table_[i].toxic, facts)) continue;
    std::uint64_t random = 0;
    if (picked) {
      counters(i).seen.fetch_add(1, std::memory_order_relaxed);
    } else if (choose(i, random)) {
      picked = MessagePick{i, table_[i].toxic, random};
    }
  }
  return picked;
}

}  // namespace gauntlet::chaos
