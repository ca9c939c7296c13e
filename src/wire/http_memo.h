// HttpHeadMemo: the heads that the parsers of one thread accepted last, and what they read in them.
//
// On connections that stay open one head follows another byte for byte, and clients of one kind
// send the same. A parser that was given a memo compares before it parses. Equal bytes make equal
// heads, so nothing but the time it takes tells it from a parser without. At most kHeads heads of
// at most kHeadBytesMax. All its parsers have one role and one set of limits. Belongs to one
// thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "wire/http.h"

namespace gauntlet::wire {

class HttpHeadMemo {
 public:
  static constexpr std::size_t kHeads = 8;
  static constexpr std::size_t kHeadBytesMax = 2048;

  struct Entry {
    std::uint64_t number = 0;  // no other head has it; 0: nothing is here
    std::uint64_t used = 0;    // when it was found last
    std::string bytes;         // up to and with the empty line; the head's views lie in them
    HttpHead head;
  };

  HttpHeadMemo(HttpParser::Role role, HttpLimits limits) : role_(role), limits_(limits) {}
  HttpHeadMemo(const HttpHeadMemo&) = delete;
  HttpHeadMemo& operator=(const HttpHeadMemo&) = delete;

  HttpParser::Role role() const { return role_; }
  HttpLimits limits() const { return limits_; }

  // The entry whose head these bytes begin with; null: there is none.
  Entry* find(std::span<const char> bytes);

  // Where to parse a head that is not there; it stays until the next one is parsed.
  HttpHead& spare() { return entries_[spare_].head; }

  // Keeps the head that was parsed into spare(), its views in `bytes`; they move. Null: it is not
  // kept, because it is too long, or because many were missing and most of those will not come
  // again.
  Entry* keep(std::span<const char> bytes);

  std::size_t place_of(const Entry& entry) const {  // below kPlaces
    return static_cast<std::size_t>(&entry - entries_.data());
  }
  static constexpr std::size_t kPlaces = kHeads + 1;

 private:
  // With every place taken, every so manieth missing head replaces one.
  static constexpr std::uint64_t kMissesPerReplacement = 8;

  HttpParser::Role role_;
  HttpLimits limits_;
  std::array<Entry, kPlaces> entries_;
  std::size_t last_ = 0;   // found last
  std::size_t spare_ = 0;  // holds nothing that find() may find
  std::uint64_t numbers_ = 0;
  std::uint64_t finds_ = 0;
  std::uint64_t misses_ = 0;
};

// What somebody makes of the heads of one memo's parsers: once of each that lies in the memo.
template <typename Facts>
class HttpHeadFacts {
 public:
  // make(head), or what it gave for this head before. Holds until the next call, and views in it no
  // longer than those of the head.
  template <typename Make>
  const Facts& of(const HttpParser& parser, Make make) {
    Known& known = parser.memo_number() == 0 ? unknown_ : known_[parser.memo_place()];
    if (parser.memo_number() == 0 || known.number != parser.memo_number())
      known = {parser.memo_number(), make(parser.head())};
    return known.facts;
  }

 private:
  struct Known {
    std::uint64_t number = 0;  // of the head that the facts are of
    Facts facts;
  };

  std::array<Known, HttpHeadMemo::kPlaces> known_;
  Known unknown_;  // of a head that is in no memo
};

}  // namespace gauntlet::wire
