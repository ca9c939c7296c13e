// Searches for the few bytes that end a token, value or line, eight bytes at a time.
//
// The marks of a word have bit 7 of a byte set where that byte is meant; the lowest one is exact
// (H. S. Warren, Hacker's Delight, 2nd ed., section 6-1). Never reads beyond `end`.
// `end` is returned where nothing is found. Pure functions.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace gauntlet::wire {

static_assert(std::endian::native == std::endian::little);

inline constexpr std::uint64_t kOnes = 0x0101010101010101;
inline constexpr std::uint64_t kHighs = 0x8080808080808080;

constexpr std::uint64_t marks_below(std::uint64_t word, unsigned char bound) {
  return (word - kOnes * bound) & ~word & kHighs;
}

constexpr std::uint64_t marks_equal(std::uint64_t word, unsigned char byte) {
  return marks_below(word ^ (kOnes * byte), 1);
}

template <typename Marks>
inline const char* find_marked(const char* from, const char* end, Marks marks_of) {
  for (; end - from >= 8; from += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, from, sizeof word);
    if (const std::uint64_t marks = marks_of(word); marks != 0) {
      return from + std::countr_zero(marks) / 8;
    }
  }
  while (from != end && (marks_of(static_cast<unsigned char>(*from)) & 0x80) == 0) ++from;
  return from;
}

// The first CR or LF.
inline const char* find_line_end(const char* from, const char* end) {
  return find_marked(from, end, [](std::uint64_t word) {
    return marks_equal(word, '\r') | marks_equal(word, '\n');
  });
}

// The first byte that no header value may hold: a control byte other than a tab.
inline const char* find_value_end(const char* from, const char* end) {
  for (;; ++from) {
    from = find_marked(from, end, [](std::uint64_t word) {
      return marks_below(word, 0x20) | marks_equal(word, 0x7f);
    });
    if (from == end || *from != '\t') return from;
  }
}

// The first byte that no request target may hold: a space, a control byte, one beyond ASCII.
inline const char* find_target_end(const char* from, const char* end) {
  return find_marked(from, end, [](std::uint64_t word) {
    return marks_below(word, 0x21) | marks_equal(word, 0x7f) | (word & kHighs);
  });
}

}  // namespace gauntlet::wire
