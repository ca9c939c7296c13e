#include "wire/http_memo.h"

#include <algorithm>
#include <cstring>

namespace gauntlet::wire {
namespace {

// The last bytes first: they say where the head ends, and heads that differ mostly differ there.
constexpr std::size_t kTailBytes = 8;

bool begins_with(std::span<const char> bytes, const std::string& head) {
  if (bytes.size() < head.size()) return false;
  const std::size_t tail = head.size() - kTailBytes;
  return std::memcmp(bytes.data() + tail, head.data() + tail, kTailBytes) == 0 &&
         std::memcmp(bytes.data(), head.data(), tail) == 0;
}

}  // namespace

HttpHeadMemo::Entry* HttpHeadMemo::find(std::span<const char> bytes) {
  for (std::size_t i = 0, at = last_; i < kPlaces; ++i, at = at + 1 == kPlaces ? 0 : at + 1) {
    Entry& entry = entries_[at];
    if (entry.number == 0 || !begins_with(bytes, entry.bytes)) continue;
    last_ = at;
    entry.used = ++finds_;
    return &entry;
  }
  return nullptr;
}

HttpHeadMemo::Entry* HttpHeadMemo::keep(std::span<const char> bytes) {
  if (bytes.size() > kHeadBytesMax || bytes.size() < kTailBytes) return nullptr;
  const bool full = numbers_ >= kHeads;
  if (full && ++misses_ % kMissesPerReplacement != 0) return nullptr;
  Entry& entry = entries_[spare_];
  entry.bytes.assign(bytes.data(), bytes.size());
  entry.head.move_views(bytes.data(), entry.bytes.data());
  entry.number = ++numbers_;
  entry.used = ++finds_;
  const auto oldest = std::ranges::min_element(entries_, {}, &Entry::used);
  last_ = spare_;
  spare_ = place_of(*oldest);
  oldest->number = 0;
  return &entry;
}

}  // namespace gauntlet::wire
