// HttpTap: ProxyTap for Streamable HTTP. Requests are kept until they are whole, so that one can be
// answered by the proxy instead; so are JSON bodies of answers. Event streams pass on event by
// event. What nothing is done to passes on with the bytes it came with; event streams get chunks of
// their own, and requests the server's name as their Host.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "chaos/proxy_tap.h"
#include "wire/http.h"
#include "wire/sse.h"

namespace gauntlet::chaos {

// The head without its Content-Length, Transfer-Encoding and whatever `lines` ("Name: value\r\n",
// any number of them) names, and with these instead. Heads of interim answers before it stay.
std::string head_with(std::string_view head, std::string_view lines);

class HttpTap final : public ProxyTap {
 public:
  HttpTap(const ProxyToxics& toxics, std::uint64_t connection, std::string_view host)
      : host_(host), tap_(toxics, connection) {}

  void feed(ProxyStream stream, std::span<char> bytes, TapOutlet& out) override;
  void finish(ProxyStream stream, TapOutlet& out) override;

 private:
  enum class Mode : std::uint8_t { whole, events, through };

  // A request whose answer has not ended. refusal: the status that the proxy answers with.
  struct Exchange {
    bool opening = false;
    bool head_only = false;
    std::uint64_t refusal = 0;
    std::uint64_t retry_after_s = 0;
  };
  // Of the message in progress; all of it empty between messages.
  struct Half {
    wire::HttpParser parser;
    bool opaque = false;
    Mode mode = Mode::whole;
    std::string raw{};           // what has to be passed on of it
    std::size_t head_bytes = 0;  // of raw
    std::string body{};          // decoded, as far as it is of interest
  };

  void feed_half(ProxyStream stream, std::span<char> bytes, TapOutlet& out);
  bool on_event(ProxyStream stream, const wire::HttpParser::Step& step, TapOutlet& out);
  void begin_request(TapOutlet& out);
  void end_request(TapOutlet& out);
  Exchange judge_request();
  bool begin_answer(TapOutlet& out);
  void begin_events(TapOutlet& out);
  void end_answer(TapOutlet& out);
  void end_whole_answer(TapOutlet& out);
  void refuse_next(TapOutlet& out);

  void take_events(std::string_view part, TapOutlet& out);
  void end_event(TapOutlet& out);
  bool find_data(TappedAnswer& answer, std::string& joined);
  void pass_events(std::string_view text, core::Nanos delay_ns, ToxicSet by, TapOutlet& out);

  void take_body(ProxyStream stream, std::span<char> part, TapOutlet& out);
  void go_through(ProxyStream stream, TapOutlet& out);
  void pass_raw(ProxyStream stream, TapOutlet& out);
  void become_opaque(ProxyStream stream, TapOutlet& out);
  Half& half(ProxyStream stream) { return stream == ProxyStream::upstream ? requests_ : answers_; }
  ProxyTotals& totals() { return tap_.toxics().totals(); }

  static constexpr wire::HttpLimits kLimits{.head_bytes_max = 64 * 1024,
                                            .body_bytes_max = 1ULL << 40};

  std::string host_;
  AnswerTap tap_;
  json::Reader reader_;
  std::deque<Exchange> exchanges_;
  Half requests_{.parser{wire::HttpParser::Role::request, kLimits}};
  Half answers_{.parser{wire::HttpParser::Role::response, kLimits}};
  Exchange exchange_;  // that the answer in progress belongs to
  bool in_answer_ = false;
  // Of the event stream in progress:
  bool chunked_ = false;         // as we pass it on
  bool event_too_long_ = false;  // it was passed on in part
  bool line_begun_ = false;      // the line so far holds a byte
  bool after_cr_ = false;
  std::string event_;  // its text so far
};

}  // namespace gauntlet::chaos
