// Bad: known-bad behaviour, so that a judge can be shown to notice it. Off unless asked for.
// Of the first kinds, every N-th answer to a tools/call is spoiled in one way, and each spoiled
// answer is counted.
//
//   wrong-id    the id is one that was not asked for
//   dup         the answer is sent twice (over HTTP: an SSE stream with the message twice)
//   drop        the answer is not sent; the connection goes on
//   stall       from there on that connection gets no answer at all; every one is counted
//   bad-json    the text ends in the middle, while its framing says that it is whole
//   half-close  half of the answer is sent, then the connection is closed (FIN)
//   leak        the answer is right, and 100 KB are kept for ever
//   leak-sessions  the answer is right, and a session is opened that nobody asked for, and kept
//
// The others are bad in trouble, and good until then; calls that they refuse (503) are counted.
//
//   no-restart     a worker that died is never replaced
//   slow-restart   it is replaced after kSlowRestart
//   never-detect   nobody notices that it died: it is not replaced, not counted, and what was
//                  connected to it stays connected, and unanswered
//   lose-sessions  who replaces it has the registry forget all sessions
//   retry-storm    from then on three of four calls are refused, whatever the load
//   metastable     a worker that stood still refuses every call, until fewer come: see
//                  Bad::note_sweep
//   cascade        calls that wait, of whichever tool, share kCascadePlaces in a worker: once they
//                  are taken, calls of every tool are refused
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"

namespace gauntlet::server {

enum class BadKind : std::uint8_t {
  none,
  wrong_id,
  duplicate,
  drop,
  stall,
  bad_json,
  half_close,
  leak,
  leak_sessions,
  no_restart,
  slow_restart,
  never_detect,
  lose_sessions,
  retry_storm,
  metastable,
  cascade
};

inline constexpr std::array<std::string_view, 16> kBadKindNames = {
    "none",          "wrong-id",    "dup",           "drop",       "stall",        "bad-json",
    "half-close",    "leak",        "leak-sessions", "no-restart", "slow-restart", "never-detect",
    "lose-sessions", "retry-storm", "metastable",    "cascade"};

inline constexpr std::size_t kLeakBytes = 100 * 1024;
inline constexpr core::Nanos kSlowRestart = 20 * core::kSecond;
inline constexpr std::size_t kCascadePlaces = 4;

std::optional<BadKind> parse_bad_kind(std::string_view name);

// Whether it shows when a worker dies.
inline bool is_about_workers(BadKind kind) {
  return kind >= BadKind::no_restart && kind <= BadKind::retry_storm;
}

// How an answer leaves its connection; the default is how every good answer does.
struct Delivery {
  std::uint8_t copies = 1;
  bool half_then_close = false;
  bool stall = false;  // this answer and all later ones of the connection are swallowed
  bool leak_session = false;

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

  // Asked before every tools/call: whether it is refused. `deaths`: of all workers, until now;
  // `waiting`: calls that this worker has yet to answer.
  // For kinds from retry_storm on.
  bool refuses_call(std::uint64_t deaths, std::size_t waiting);
  // About once a second. A much longer time means that this worker stood still: a metastable one
  // then refuses until, in two such times in a row, fewer than kCalmShare of the calls come that
  // came before.
  void note_sweep(core::Nanos now_ns);

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
  // Of a metastable one.
  std::uint64_t asked_ = 0;  // calls since the last sweep
  core::Nanos swept_ns_ = 0;
  double usual_per_s_ = 0;  // before the trouble
  bool in_trouble_ = false;
  int calm_sweeps_ = 0;
};

// Starts a process that shares this one's descriptors, so that its connections stay open when it is
// killed. It ends with `supervisor`.
void outlive_with_descriptors(pid_t supervisor);

}  // namespace gauntlet::server
