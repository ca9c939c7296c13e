#include "json/shape.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "json/marks.h"

namespace gauntlet::json {
namespace {

constexpr std::size_t kDigitsMax = 19;  // always below 2^64

// The first byte that is no plain text; reads up to seven bytes beyond the end.
const char* end_of_text(const char* from, const char* end) {
  for (const char* at = from; at < end; at += sizeof(std::uint64_t)) {
    const std::uint64_t word = eight_bytes(at);
    const std::uint64_t stops = marks_equal(word, '"') | marks_equal(word, '\\') |
                                marks_below(word, 0x20) | (word & kHighs);
    if (stops != 0) return at + std::countr_zero(stops) / 8;
  }
  return end;
}

const char* end_of_number(const char* from, const char* end) {
  const char* at = from;
  while (at < end && *at >= '0' && *at <= '9') ++at;
  const auto digits = static_cast<std::size_t>(at - from);
  const bool is_number = digits == 1 || (digits > 1 && digits <= kDigitsMax && *from != '0');
  return is_number ? at : nullptr;
}

}  // namespace

bool lies_in(std::string_view view, std::span<const char> bytes) {
  return view.empty() ||
         (view.data() >= bytes.data() && view.data() + view.size() <= bytes.data() + bytes.size());
}

bool Shape::learn(std::span<const char> bytes, std::span<const Hole> holes) {
  bytes_.clear();
  hole_count_ = 0;
  if (bytes.empty() || bytes.size() > kBytesMax || holes.size() > kHolesMax) return false;
  bytes_.assign(bytes.data(), bytes.size());
  for (const Hole& hole : holes) holes_[hole_count_++] = hole;
  return true;
}

bool Shape::fits(std::span<const char> bytes) {
  if (bytes_.empty()) return false;
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  const char* fixed = bytes_.data();
  begin_ = at;
  for (std::size_t i = 0; i < hole_count_; ++i) {
    const Hole& hole = holes_[i];
    const auto size = static_cast<std::size_t>(bytes_.data() + hole.at - fixed);
    if (static_cast<std::size_t>(end - at) < size || std::memcmp(at, fixed, size) != 0)
      return false;
    at += size;
    const char* const stop = hole.is_text ? end_of_text(at, end) : end_of_number(at, end);
    if (stop == nullptr || stop > end) return false;
    found_[i] = {at, stop};
    at = stop;
    fixed = bytes_.data() + hole.at + hole.size;
  }
  const auto rest = static_cast<std::size_t>(bytes_.data() + bytes_.size() - fixed);
  return static_cast<std::size_t>(end - at) == rest && std::memcmp(at, fixed, rest) == 0;
}

std::size_t Shape::moved(std::size_t place) const {
  std::size_t to = place;
  for (std::size_t i = 0; i < hole_count_ && holes_[i].at < place; ++i)
    to += found_[i].size() - holes_[i].size;  // may wrap, and wraps back
  return to;
}

std::string_view Shape::between(std::size_t from, std::size_t to) const {
  return {begin_ + moved(from), begin_ + moved(to)};
}

}  // namespace gauntlet::json
