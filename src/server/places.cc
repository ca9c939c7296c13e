#include "server/places.h"

#include "core/check.h"

namespace gauntlet::server {
namespace {

std::uint64_t word_of(Places::Now now) { return std::uint64_t{now.term} << 32 | now.taken; }

Places::Now now_of(std::uint64_t word) {
  return {static_cast<std::uint32_t>(word >> 32), static_cast<std::uint32_t>(word)};
}

}  // namespace

Places::Now Places::now() const { return now_of(word_.load()); }

bool Places::set(Now seen, std::uint32_t taken) {
  std::uint64_t word = word_of(seen);
  return word_.compare_exchange_strong(word, word_of({seen.term, taken}));
}

void Places::open() {
  while (true) {
    const Now seen = now();
    std::uint64_t word = word_of(seen);
    if (word_.compare_exchange_strong(word, word_of({seen.term + 1, 0}))) return;
  }
}

std::uint32_t Places::close() {
  while (true) {
    const Now seen = now();
    if (!seen.is_open()) return 0;
    if (set(seen, UINT32_MAX)) return seen.taken;
  }
}

bool Places::take_any() {
  while (true) {
    const Now seen = now();
    if (!seen.is_open()) return false;
    if (take(seen)) return true;
  }
}

void Places::give_back(std::uint32_t term, std::uint32_t count) {
  while (true) {
    const Now seen = now();
    if (!seen.is_open() || seen.term != term) return;
    GAUNTLET_CHECK(seen.taken >= count);
    if (set(seen, seen.taken - count)) return;
  }
}

}  // namespace gauntlet::server
