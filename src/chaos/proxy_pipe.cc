#include "chaos/proxy_pipe.h"

#include <algorithm>

namespace gauntlet::chaos {
namespace {

constexpr std::size_t kSlicesPerChunkMax = 4096;
constexpr core::Nanos kBandwidthStep = 50 * core::kMillisecond;
constexpr std::size_t kCompactBytes = 64 * 1024;

}  // namespace

void ProxyPipe::push(std::string_view bytes, const Hold& hold) {
  if (over_ || bytes.empty()) return;
  bytes_.append(bytes);
  pieces_.push_back({bytes.size(), hold, StreamEnd::none});
}

void ProxyPipe::push_end(StreamEnd end, const Hold& hold) {
  if (over_) return;
  over_ = end == StreamEnd::whole;
  pieces_.push_back({0, hold, end});
}

StreamEnd ProxyPipe::release(core::Nanos now, std::size_t bytes_max, std::string& out) {
  StreamEnd end = StreamEnd::none;
  std::size_t released = 0;
  while (end == StreamEnd::none && released < bytes_max && next_due_ns() <= now) {
    const Piece piece = pieces_.front();
    pieces_.pop_front();
    out.append(bytes_, taken_, piece.size);
    taken_ += piece.size;
    released += piece.size;
    end = piece.end;
  }
  if (taken_ == bytes_.size()) {
    std::string().swap(bytes_);
    taken_ = 0;
  } else if (taken_ > kCompactBytes) {
    bytes_.erase(0, taken_);
    taken_ = 0;
  }
  return end;
}

void ProxyPipe::forgive(ToxicSet ended, core::Nanos now) {
  for (auto& [size, hold, end] : pieces_) {
    hold.stopped_by = static_cast<ToxicSet>(hold.stopped_by & ~ended);
    if ((hold.by & ended) == 0) continue;
    hold.by = static_cast<ToxicSet>(hold.by & ~ended);
    if (hold.by == 0) hold.due_ns = std::min(hold.due_ns, now);
  }
}

ProxyShaper::Mark& ProxyShaper::mark_of(std::size_t place) {
  if (!marks_) marks_ = std::make_unique<std::array<Mark, kToxicsMax>>();
  Mark& mark = (*marks_)[place];
  if (mark.serial != toxics_.row(place).serial) mark = {.serial = toxics_.row(place).serial};
  return mark;
}

void ProxyShaper::count_connection(std::size_t place) {
  Mark& mark = mark_of(place);
  if (mark.counted) return;
  mark.counted = true;
  toxics_.counters(place).connections.fetch_add(1, std::memory_order_relaxed);
}

bool ProxyShaper::applies(std::size_t place, ProxyStream stream) const {
  return (toxics_.on_bytes() >> place & 1U) != 0 && toxics_.row(place).toxic.concerns(stream) &&
         toxics_.concerns(place, connection_);
}

void ProxyShaper::delay(const Toxic& toxic, Chunk& chunk) {
  core::Nanos delay_ns = toxic.ms_ns();
  const std::uint64_t jitter = toxic.value(ToxicValue::jitter);
  const auto jitter_ns = static_cast<core::Nanos>(jitter) * core::kMillisecond;
  if (jitter > 0)
    delay_ns +=
        static_cast<core::Nanos>(random_.below(2 * static_cast<std::uint64_t>(jitter_ns) + 1)) -
        jitter_ns;
  for (Slice& slice : chunk.slices) slice.due_ns += std::max<core::Nanos>(delay_ns, 0);
}

// What is cut off, in pieces of what passes within a step, each due when its last byte is through.
void ProxyShaper::slow_down(const Toxic& toxic, Mark& mark, Chunk& chunk) {
  const std::uint64_t bytes_per_s = toxic.value(ToxicValue::rate) * 1000;
  const auto step =
      std::max<std::size_t>({1,
                             static_cast<std::size_t>(core::to_seconds(kBandwidthStep) *
                                                      static_cast<double>(bytes_per_s)),
                             chunk.size / kSlicesPerChunkMax});
  core::Nanos& free_ns = mark.free_ns[static_cast<std::size_t>(chunk.stream)];
  std::vector<Slice> slowed;
  for (const Slice& slice : chunk.slices) {
    for (std::size_t left = slice.size; left > 0;) {
      const std::size_t size = std::min(left, step);
      const double takes_s = static_cast<double>(size) / static_cast<double>(bytes_per_s);
      free_ns = std::max(free_ns, slice.due_ns) + core::from_seconds(takes_s);
      slowed.push_back({size, free_ns});
      left -= size;
    }
  }
  chunk.slices = std::move(slowed);
}

void ProxyShaper::slice(const Toxic& toxic, Chunk& chunk) {
  const std::size_t size =
      std::max<std::size_t>(toxic.value(ToxicValue::size), chunk.size / kSlicesPerChunkMax);
  const std::size_t variation = toxic.value(ToxicValue::variation);
  const auto apart_ns =
      static_cast<core::Nanos>(toxic.value(ToxicValue::delay_us)) * core::kMicrosecond;
  std::vector<Slice> sliced;
  core::Nanos late_ns = 0;
  for (const Slice& whole : chunk.slices) {
    for (std::size_t left = whole.size; left > 0; late_ns += apart_ns) {
      const std::size_t wanted = size - variation + random_.below(2 * variation + 1);
      const std::size_t taken = std::min(left, std::max<std::size_t>(wanted, 1));
      sliced.push_back({taken, whole.due_ns + late_ns});
      left -= taken;
    }
  }
  chunk.slices = std::move(sliced);
}

// True where the chunk reaches the limit.
bool ProxyShaper::limit(const Toxic& toxic, Mark& mark, Chunk& chunk) {
  std::uint64_t& passed = mark.bytes[static_cast<std::size_t>(chunk.stream)];
  const std::uint64_t limit = toxic.value(ToxicValue::bytes);
  const bool reached_before = passed >= limit;
  for (Slice& slice : chunk.slices) {
    slice.size = std::min<std::uint64_t>(slice.size, limit - passed);
    passed += slice.size;
  }
  if (reached_before || passed < limit) return false;
  chunk.end = StreamEnd::whole;
  return true;
}

// True where the toxic has an effect.
bool ProxyShaper::apply(std::size_t place, Chunk& chunk) {
  const Toxic& toxic = toxics_.row(place).toxic;
  switch (toxic.kind) {
    case ToxicKind::latency: delay(toxic, chunk); return true;
    case ToxicKind::bandwidth: slow_down(toxic, mark_of(place), chunk); return true;
    case ToxicKind::slicer: slice(toxic, chunk); return true;
    case ToxicKind::limit_data: return limit(toxic, mark_of(place), chunk);
    case ToxicKind::timeout: return true;
    default: return false;  // of ends, connections or messages
  }
}

void ProxyShaper::shape(ProxyStream stream, std::string_view bytes, const Hold& hold,
                        ProxyPipe& into) {
  Chunk chunk{stream, bytes.size(), StreamEnd::none, {{bytes.size(), hold.due_ns}}};
  Hold shaped = hold;
  for (std::size_t i = 0; toxics_.on_bytes() >> i != 0; ++i) {
    if (!applies(i, stream) || !apply(i, chunk)) continue;
    const bool stops = toxics_.row(i).toxic.kind == ToxicKind::timeout;
    (stops ? shaped.stopped_by : shaped.by) |= static_cast<ToxicSet>(1U << i);
    count_connection(i);
    toxics_.counters(i).chunks.fetch_add(1, std::memory_order_relaxed);
    toxics_.counters(i).bytes.fetch_add(bytes.size(), std::memory_order_relaxed);
  }
  for (const Slice& slice : chunk.slices) {
    shaped.due_ns = slice.due_ns;
    into.push(bytes.substr(0, slice.size), shaped);
    bytes.remove_prefix(slice.size);
  }
  if (chunk.end != StreamEnd::none) into.push_end(chunk.end, shaped);
}

void ProxyShaper::shape_end(ProxyStream stream, core::Nanos now, ProxyPipe& into) {
  Hold hold{.due_ns = now};
  for (std::size_t i = 0; toxics_.on_bytes() >> i != 0; ++i) {
    const Toxic& toxic = toxics_.row(i).toxic;
    const bool stops = toxic.kind == ToxicKind::timeout;
    if (!applies(i, stream) || (!stops && toxic.kind != ToxicKind::slow_close)) continue;
    (stops ? hold.stopped_by : hold.by) |= static_cast<ToxicSet>(1U << i);
    if (!stops) hold.due_ns += toxic.ms_ns();
    count_connection(i);
  }
  into.push_end(StreamEnd::half, hold);
}

}  // namespace gauntlet::chaos
