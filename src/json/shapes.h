// Shapes: the last few shapes that were learnt, each with what its learner knows of it beside: a
// Known is a struct with a member `shape`. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "json/shape.h"

namespace gauntlet::json {

template <typename Known>
class Shapes {
 public:
  static constexpr std::size_t kPlaces = 4;

  // The one that the bytes fit; null: they fit none.
  Known* find(std::span<const char> bytes) {
    for (std::size_t i = 0; i < kPlaces; ++i) {
      const std::size_t at = (last_ + i) % kPlaces;
      if (!known_[at].shape.fits(bytes)) continue;
      last_ = at;
      return &known_[at];
    }
    return nullptr;
  }

  // What fitted none comes here; every so manieth takes the oldest place. take(known) fills it, and
  // says whether it could.
  template <typename Take>
  void learn(Take take) {
    if (misses_++ % kMissesPerLesson != 0 || !take(known_[next_])) return;
    last_ = next_;
    next_ = (next_ + 1) % kPlaces;
  }

 private:
  static constexpr std::uint64_t kMissesPerLesson = 8;

  std::array<Known, kPlaces> known_;
  std::size_t last_ = 0;  // fitted last
  std::size_t next_ = 0;  // learnt next
  std::uint64_t misses_ = 0;
};

}  // namespace gauntlet::json
