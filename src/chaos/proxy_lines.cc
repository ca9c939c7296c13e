// ProxyTap for newline JSON: lines of the server are its answers, lines of the client tell which of
// them are openings.
#include <algorithm>
#include <deque>

#include "chaos/proxy_tap.h"
#include "mcp/message.h"
#include "wire/lines.h"

namespace gauntlet::chaos {
namespace {

constexpr std::size_t kOpeningsMax = 64;  // awaited at once; earlier ones are forgotten

class LineTap final : public ProxyTap {
 public:
  LineTap(const ProxyToxics& toxics, std::uint64_t connection) : answers_(toxics, connection) {}

  void feed(ProxyStream stream, std::span<char> bytes, TapOutlet& out) override {
    if (stream == ProxyStream::downstream) return feed_answers({bytes.data(), bytes.size()}, out);
    out.pass(stream, {bytes.data(), bytes.size()}, 0, 0);
    note_requests(bytes);
  }

  void finish(ProxyStream stream, TapOutlet& out) override {
    if (stream == ProxyStream::upstream) return;
    out.pass(stream, line_, 0, 0);
    line_.clear();
  }

 private:
  void note_requests(std::span<char> bytes) {
    std::span<char> line;
    while (requests_.next(bytes, line) == wire::LineFramer::Next::line) {
      const auto message = mcp::parse_message(reader_, line);
      if (!message || !opens(message->method) || message->id.empty()) continue;
      openings_.emplace_back(message->id);
      if (openings_.size() > kOpeningsMax) openings_.pop_front();
    }
  }

  void feed_answers(std::string_view bytes, TapOutlet& out) {
    while (!bytes.empty()) {
      const std::size_t newline = bytes.find('\n');
      const auto part = bytes.substr(0, std::min(bytes.size(), newline + (newline != bytes.npos)));
      bytes.remove_prefix(part.size());
      line_.append(part);
      if (part.back() == '\n') end_line(out);
      if (line_.size() > kTapMessageBytesMax) give_up_line(out);
    }
  }

  void give_up_line(TapOutlet& out) {
    if (!too_long_) answers_.toxics().totals().oversized.fetch_add(1, std::memory_order_relaxed);
    too_long_ = true;
    out.pass(ProxyStream::downstream, line_, 0, 0);
    line_.clear();
  }

  void end_line(TapOutlet& out) {
    TappedAnswer answer{.text = &line_, .size = line_.size() - 1};
    if (!too_long_)
      answers_.treat(answer, [this](std::string_view id) { return take_opening(id); });
    too_long_ = false;
    for (std::size_t i = 0; i < answer.copies; ++i)
      out.pass(ProxyStream::downstream, line_, answer.delay_ns, answer.by);
    line_.clear();
  }

  bool take_opening(std::string_view id) {
    const auto found = std::ranges::find(openings_, id);
    if (found == openings_.end()) return false;
    openings_.erase(found);
    return true;
  }

  AnswerTap answers_;
  json::Reader reader_;
  wire::LineFramer requests_{kTapMessageBytesMax};
  std::deque<std::string> openings_;  // raw ids
  std::string line_;
  bool too_long_ = false;  // the line was passed on in part
};

}  // namespace

std::unique_ptr<ProxyTap> make_line_tap(const ProxyToxics& toxics, std::uint64_t connection) {
  return std::make_unique<LineTap>(toxics, connection);
}

}  // namespace gauntlet::chaos
