// Any bytes of a client and a server through the fault proxy's view of messages: no input harms,
// what is kept is bounded, and where no toxic is in force every byte comes out as it went in.
// The first byte chooses transport, toxics and how long the pieces are; each line after it begins
// with the side that sends it: '>' the client, anything else the server.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "chaos/proxy_tap.h"
#include "core/check.h"
#include "wire/http.h"

namespace {

using namespace gauntlet;
using namespace gauntlet::chaos;

struct Out final : TapOutlet {
  void pass(ProxyStream stream, std::string_view bytes, core::Nanos, ToxicSet) override {
    (stream == ProxyStream::upstream ? up : down) += bytes;
  }
  void cut() override {}

  std::string up, down;
};

constexpr const char* kToxics[] = {
    "drop_answer:nth=2,openings=1", "duplicate_answer:nth=3,openings=1",
    "corrupt_answer:nth=2,name=c",  "wrong_id:share=0.5",
    "delay_answer:ms=1,nth=5",      "cut_sse:nth=2",
    "http_status:status=503,nth=3", "http_status:status=404,nth=2,name=gone"};

class Fuzzed {
 public:
  explicit Fuzzed(unsigned how) : how_(how) {
    if (toxic())
      for (const char* text : kToxics) GAUNTLET_CHECK(board_->add(*parse_toxic(text), 1));
    toxics_.refresh(2);
    tap_ = lines() ? make_line_tap(toxics_, 1) : make_http_tap(toxics_, 1, "");
  }

  void feed(ProxyStream stream, std::string_view bytes) {
    std::string& sent = stream == ProxyStream::upstream ? in_.up : in_.down;
    while (!bytes.empty()) {
      std::string piece(bytes.substr(0, piece_size()));
      bytes.remove_prefix(piece.size());
      sent += piece;
      const std::size_t size = piece.size();
      piece.append(wire::kReadPadding, '#');
      tap_->feed(stream, {piece.data(), size}, out_);
    }
  }

  void finish() {
    tap_->finish(ProxyStream::upstream, out_);
    tap_->finish(ProxyStream::downstream, out_);
    if (toxic()) return;
    GAUNTLET_CHECK(out_.up == in_.up);
    // Event streams are given chunks of their own.
    const bool as_it_came = lines() || !in_.down.contains("event-stream");
    if (as_it_came) GAUNTLET_CHECK(out_.down == in_.down || holds_mixed_case(in_.down));
  }

 private:
  static bool holds_mixed_case(std::string_view text) {
    for (std::size_t i = 0; i + 12 <= text.size(); ++i) {
      bool same = true;
      for (std::size_t k = 0; k < 12 && same; ++k) same = (text[i + k] | 0x20) == "event-stream"[k];
      if (same) return true;
    }
    return false;
  }
  bool lines() const { return (how_ & 1) != 0; }
  bool toxic() const { return (how_ & 2) != 0; }
  std::size_t piece_size() const { return 1 + (how_ >> 2) * 5; }

  unsigned how_;
  ProxyBoard::Owner board_ = std::move(*ProxyBoard::make(1, 7));
  ProxyToxics toxics_{*board_, 0};
  std::unique_ptr<ProxyTap> tap_;
  Out in_, out_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  Fuzzed fuzzed(data[0]);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
    const bool client = rest[0] == '>';
    fuzzed.feed(client ? ProxyStream::upstream : ProxyStream::downstream, rest.substr(1, end - 1));
    rest.remove_prefix(end);
  }
  fuzzed.finish();
  return 0;
}
