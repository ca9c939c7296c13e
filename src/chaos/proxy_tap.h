// ProxyTap: looks at what passes between a client and a server as MCP messages, and does to them
// what the toxics say. Sans I/O: bytes of either side in, bytes for the other side out.
//
// Whatever is not understood passes on as it came: a connection whose bytes break the framing, or
// that becomes a web socket, is opaque from there on; a message longer than kTapMessageBytesMax is
// passed on unseen. At most that much of a message and its head is kept a stream.
// Belongs to one thread; one tap a connection. Any bytes of either side are safe.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "chaos/proxy_pipe.h"
#include "chaos/proxy_toxics.h"
#include "json/reader.h"
#include "mcp/answer.h"

namespace gauntlet::chaos {

inline constexpr std::size_t kTapMessageBytesMax = 1 << 20;

// Where the tap's bytes go.
class TapOutlet {
 public:
  // `delay_ns` and `by`: later by that, for that toxic's sake.
  virtual void pass(ProxyStream stream, std::string_view bytes, core::Nanos delay_ns,
                    ToxicSet by) = 0;
  // After what was passed downstream the connection is over.
  virtual void cut() = 0;

 protected:
  ~TapOutlet() = default;
};

class ProxyTap {
 public:
  virtual ~ProxyTap() = default;

  // kReadPadding readable bytes follow.
  virtual void feed(ProxyStream stream, std::span<char> bytes, TapOutlet& out) = 0;
  // The stream has ended; what was kept of it passes on.
  virtual void finish(ProxyStream stream, TapOutlet& out) = 0;
};

// `host`: what the server is called in requests' Host header; empty: as the client calls it.
std::unique_ptr<ProxyTap> make_http_tap(const ProxyToxics& toxics, std::uint64_t connection,
                                        std::string_view host);
std::unique_ptr<ProxyTap> make_line_tap(const ProxyToxics& toxics, std::uint64_t connection);

// What both know of messages.

// A request that a client opens a session with, by its method.
bool opens(std::string_view method);

// One answer that stands at [`at`, `at` + `size`) in `text`: a whole JSON body, the data of an
// event, or a line.
struct TappedAnswer {
  std::string* text;  // may be changed
  std::size_t at = 0, size = 0;
  bool opening = false;
  bool events = false;
  bool editable = true;    // else `text` is a copy
  std::size_t copies = 1;  // to pass on
  bool cut = false;
  bool changed = false;
  core::Nanos delay_ns = 0;
  ToxicSet by = 0;
};

class AnswerTap {
 public:
  AnswerTap(const ProxyToxics& toxics, std::uint64_t connection)
      : toxics_(toxics), connection_(connection) {}

  // Decides what becomes of it. `is_opening(raw id)` is asked of answers only.
  template <typename IsOpening>
  void treat(TappedAnswer& answer, IsOpening is_opening) {
    const mcp::Answer read = read_padded(answer);
    if (read.kind != mcp::Answer::Kind::result && read.kind != mcp::Answer::Kind::error) return;
    answer.opening = is_opening(read.raw_id);
    decide(answer, read.raw_id);
  }

  const ProxyToxics& toxics() const { return toxics_; }
  std::uint64_t connection() const { return connection_; }

 private:
  mcp::Answer read_padded(TappedAnswer& answer);
  void decide(TappedAnswer& answer, std::string_view raw_id);

  const ProxyToxics& toxics_;
  std::uint64_t connection_;
  json::Reader reader_;
};

}  // namespace gauntlet::chaos
