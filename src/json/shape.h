// Shape: a message that was read, as a pattern for those that follow: the same bytes except in its
// holes, a number or the text of a string. What fits it is built of the same tokens, so whoever
// read the first knows what reading the next would give, holes apart, and need not.
//
// A hole is filled by digits without a leading zero (19 at most), or by text that ends at the
// string's closing quote and has no escape, no control byte and nothing beyond ASCII. All else does
// not fit, whether or not it is JSON: then it is read. Not thread-safe. Allocates when it learns.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace gauntlet::json {

// Whether all of the view is a part of the bytes; an empty one is.
bool lies_in(std::string_view view, std::span<const char> bytes);

class Shape {
 public:
  static constexpr std::size_t kBytesMax = 2048;
  static constexpr std::size_t kHolesMax = 6;

  struct Hole {
    std::size_t at = 0;    // in the bytes
    std::size_t size = 0;  // there
    bool is_text = false;  // between two quotes; else a number
  };

  // Holes ascend, none touches another. False: too long, or too many holes; it fits nothing then.
  bool learn(std::span<const char> bytes, std::span<const Hole> holes);

  // kReadPadding readable bytes follow.
  bool fits(std::span<const char> bytes);

  // Of the bytes that fitted last: what fills a hole, and what stands where `learnt` did in the
  // bytes of learn(), from a place to another that lie in no hole.
  std::string_view hole(std::size_t index) const { return found_[index]; }
  std::string_view between(std::size_t from, std::size_t to) const;

  // As they were learnt.
  std::string_view bytes() const { return bytes_; }

 private:
  std::size_t moved(std::size_t place) const;

  std::string bytes_;
  std::array<Hole, kHolesMax> holes_;
  std::size_t hole_count_ = 0;
  const char* begin_ = nullptr;  // of what fitted last
  std::array<std::string_view, kHolesMax> found_;
};

}  // namespace gauntlet::json
