// Bad: known-bad behaviour, so that a judge can be shown to notice it. Off unless asked for.
// Every N-th answer to a tools/call is spoiled in one way, and each spoiled answer is counted.
//
//   wrong-id    the id is one that was not asked for
//   dup         the answer is sent twice (over HTTP: an SSE stream with the message twice)
//   drop        the answer is not sent; the connection goes on
//   stall       from there on that connection gets no answer at all; every one is counted
//   bad-json    the text ends in the middle, while its framing says that it is whole
//   half-close  half of the answer is sent, then the connection is closed (FIN)
//   leak        the answer is right, and 100 KB are kept for ever
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gauntlet::server {

enum class BadKind : std::uint8_t {
  none,
  wrong_id,
  duplicate,
  drop,
  stall,
  bad_json,
  half_close,
  leak
};

inline constexpr std::array<std::string_view, 8> kBadKindNames = {
    "none", "wrong-id", "dup", "drop", "stall", "bad-json", "half-close", "leak"};

inline constexpr std::size_t kLeakBytes = 100 * 1024;

std::optional<BadKind> parse_bad_kind(std::string_view name);

// How an answer leaves its connection; the default is how every good answer does.
struct Delivery {
  std::uint8_t copies = 1;
  bool half_then_close = false;
  bool stall = false;  // this answer and all later ones of the connection are swallowed

  bool plain() const { return copies == 1 && !half_then_close && !stall; }
};

class Bad {
 public:
  Bad(BadKind kind, std::uint64_t every) : kind_(kind), every_(every == 0 ? 1 : every) {}

  // Told of every finished answer to a tools/call; spoils the N-th. `id_at` is where the id's token
  // stands in the body.
  Delivery on_call(std::string& body, std::size_t id_at) {
    if (kind_ == BadKind::none || ++calls_ % every_ != 0) return {};
    return spoil(body, id_at);
  }

  // Told of every answer that a stalled connection does not get.
  void count_swallowed() { ++count_; }

  BadKind kind() const { return kind_; }
  std::uint64_t count() const { return count_; }

 private:
  Delivery spoil(std::string& body, std::size_t id_at);

  BadKind kind_;
  std::uint64_t every_;
  std::uint64_t calls_ = 0;
  std::uint64_t count_ = 0;
  std::vector<std::unique_ptr<char[]>> leaked_;
};

}  // namespace gauntlet::server
