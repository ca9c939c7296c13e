// ProxyPipe: the bytes of one stream of one proxied connection that are not passed on yet, in
// order, each piece with the time at which it may go; and ProxyShaper, which gives them that time.
// Sans I/O: time comes in, nothing waits. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chaos/proxy_toxics.h"
#include "core/random.h"

namespace gauntlet::chaos {

// How a stream ends: the other one goes on, or the whole connection is over.
enum class StreamEnd : std::uint8_t { none, half, whole };

struct Hold {
  core::Nanos due_ns = 0;
  ToxicSet by = 0;          // the toxics that made it later
  ToxicSet stopped_by = 0;  // the toxics that let nothing pass while they last
};

class ProxyPipe {
 public:
  // What comes after the whole end is dropped.
  void push(std::string_view bytes, const Hold& hold);
  void push_end(StreamEnd end, const Hold& hold);

  // Appends what is due, about `bytes_max` of it; says which end was reached.
  StreamEnd release(core::Nanos now, std::size_t bytes_max, std::string& out);
  // These toxics have ended: what only they held may go.
  void forgive(ToxicSet ended, core::Nanos now);

  bool empty() const { return pieces_.empty(); }
  std::size_t held_bytes() const { return bytes_.size() - taken_; }
  // INT64_MAX: not known.
  core::Nanos next_due_ns() const {
    return pieces_.empty() || pieces_.front().hold.stopped_by != 0 ? INT64_MAX
                                                                   : pieces_.front().hold.due_ns;
  }

 private:
  struct Piece {
    std::size_t size;
    Hold hold;
    StreamEnd end;
  };

  std::deque<Piece> pieces_;
  std::string bytes_;
  std::size_t taken_ = 0;  // of bytes_
  bool over_ = false;
};

// Of one connection.
class ProxyShaper {
 public:
  ProxyShaper(const ProxyToxics& toxics, std::uint64_t connection)
      : toxics_(toxics), connection_(connection), random_(toxics.seed() ^ (connection << 1 | 1)) {}

  // One chunk of a stream, held like that to begin with.
  void shape(ProxyStream stream, std::string_view bytes, const Hold& hold, ProxyPipe& into);
  void shape_end(ProxyStream stream, core::Nanos now, ProxyPipe& into);
  // Counts the connection for that toxic, unless it has been.
  void count_connection(std::size_t place);

 private:
  struct Slice {
    std::size_t size;
    core::Nanos due_ns;
  };
  struct Mark {  // of a toxic in this connection
    std::uint32_t serial = 0;
    bool counted = false;
    std::array<std::uint64_t, 2> bytes{};
    std::array<core::Nanos, 2> free_ns{};  // bandwidth: when the last byte will be through
  };
  struct Chunk {
    ProxyStream stream;
    std::size_t size;
    StreamEnd end;
    std::vector<Slice> slices;
  };

  Mark& mark_of(std::size_t place);
  bool apply(std::size_t place, Chunk& chunk);
  void delay(const Toxic& toxic, Chunk& chunk);
  void slow_down(const Toxic& toxic, Mark& mark, Chunk& chunk);
  void slice(const Toxic& toxic, Chunk& chunk);
  bool limit(const Toxic& toxic, Mark& mark, Chunk& chunk);
  bool applies(std::size_t place, ProxyStream stream) const;

  const ProxyToxics& toxics_;
  std::uint64_t connection_;
  core::Random random_;
  std::unique_ptr<std::array<Mark, kToxicsMax>> marks_;  // once there is one
};

}  // namespace gauntlet::chaos
