// What toxics make of messages: bytes in, bytes out, whole and in pieces.
#include "chaos/proxy_tap.h"

#include <gtest/gtest.h>

#include <string>

#include "chaos/proxy_http.h"
#include "wire/http.h"

namespace gauntlet::chaos {
namespace {

constexpr std::string_view kAnswer = R"({"jsonrpc":"2.0","id":17,"result":{"content":[]}})";
constexpr std::string_view kCall =
    R"({"jsonrpc":"2.0","id":17,"method":"tools/call","params":{"name":"echo","arguments":{}}})";

struct Out final : TapOutlet {
  void pass(ProxyStream stream, std::string_view bytes, core::Nanos delay_ns, ToxicSet) override {
    (stream == ProxyStream::upstream ? up : down) += bytes;
    if (!bytes.empty() && delay_ns > 0) delayed_ns = delay_ns;
  }
  void cut() override { is_cut = true; }

  std::string up, down;
  core::Nanos delayed_ns = 0;
  bool is_cut = false;
};

std::string with_length(std::string_view body, std::string_view type = "application/json") {
  return "HTTP/1.1 200 OK\r\nContent-Type: " + std::string(type) +
         "\r\nX-Own: yes\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

std::string post(std::string_view body, std::string_view headers = "") {
  return "POST /mcp HTTP/1.1\r\nHost: proxy:1\r\n" + std::string(headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

std::string event(std::string_view json) { return "data: " + std::string(json) + "\n\n"; }

// The body that HTTP text holds, decoded.
std::string body_of(const std::string& http) {
  std::string padded = http + std::string(wire::kReadPadding, ' ');
  std::span<char> bytes(padded.data(), http.size());
  wire::HttpParser parser(wire::HttpParser::Role::response, {});
  std::string body;
  for (;;) {
    const auto step = parser.step(bytes);
    bytes = bytes.subspan(step.consumed);
    if (step.event == wire::HttpParser::Event::body)
      body.append(step.body.begin(), step.body.end());
    if (step.event == wire::HttpParser::Event::need_more) return body;
    if (step.event == wire::HttpParser::Event::error) return "not HTTP: " + http;
  }
}

// The number of bytes that are fed at a time.
class TapTest : public testing::TestWithParam<std::size_t> {
 protected:
  void put(const std::string& text) {
    const auto toxic = parse_toxic(text);
    ASSERT_TRUE(toxic) << toxic.error().text;
    ASSERT_TRUE(board_->add(*toxic, core::monotonic_ns()));
    toxics_.refresh(core::monotonic_ns());
  }
  void feed(ProxyStream stream, std::string_view bytes) {
    while (!bytes.empty()) {
      std::string piece(bytes.substr(0, GetParam()));
      bytes.remove_prefix(piece.size());
      const std::size_t size = piece.size();
      piece.append(wire::kReadPadding, '#');
      tap().feed(stream, {piece.data(), size}, out_);
    }
  }
  void up(std::string_view bytes) { feed(ProxyStream::upstream, bytes); }
  void down(std::string_view bytes) { feed(ProxyStream::downstream, bytes); }
  std::uint64_t hits() { return board_->counters(0).messages; }
  virtual ProxyTap& tap() = 0;

  ProxyBoard::Owner board_ = std::move(*ProxyBoard::make(1, 7));
  ProxyToxics toxics_{*board_, 0};
  Out out_;
};

class HttpTapTest : public TapTest {
 protected:
  ProxyTap& tap() override { return *tap_; }
  std::unique_ptr<ProxyTap> tap_ = make_http_tap(toxics_, 1, "");
};

TEST_P(HttpTapTest, PassesWhatItLeavesAloneByteForByte) {
  const std::string chunked =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
      "31;x=y\r\n" +
      std::string(kAnswer) + "\r\n0\r\nTrailer: t\r\n\r\n";
  const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
  const std::string accepted = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
  up(post(kCall) + post(kCall) + post(kCall));
  down(with_length(kAnswer) + chunked + interim + accepted);
  EXPECT_EQ(out_.up, post(kCall) + post(kCall) + post(kCall));
  EXPECT_EQ(out_.down, with_length(kAnswer) + chunked + interim + accepted);
  EXPECT_EQ(board_->totals().answers, 2U);
  EXPECT_EQ(board_->totals().opaque, 0U);
}

TEST_P(HttpTapTest, DropsOneAnswerOfThree) {
  put("drop_answer:nth=2");
  for (int i = 0; i < 3; ++i) up(post(kCall));
  for (int i = 0; i < 3; ++i) down(with_length(kAnswer));
  EXPECT_EQ(out_.down, with_length(kAnswer) + with_length(kAnswer));
  EXPECT_EQ(hits(), 1U);
}

TEST_P(HttpTapTest, StopsAtItsMost) {
  put("drop_answer:nth=1,max=2");
  for (int i = 0; i < 5; ++i) down(with_length(kAnswer));
  EXPECT_EQ(out_.down, with_length(kAnswer) + with_length(kAnswer) + with_length(kAnswer));
  EXPECT_EQ(hits(), 2U);
  EXPECT_EQ(board_->counters(0).seen, 5U);
}

TEST_P(HttpTapTest, LeavesOpeningsAloneUnlessTold) {
  put("drop_answer");
  const std::string answer = with_length(R"({"jsonrpc":"2.0","id":1,"result":{}})");
  for (const std::string method : {"initialize", "server/discover", "tools/list"}) {
    up(post(R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"("})"));
    down(answer);
  }
  EXPECT_EQ(out_.down, answer + answer + answer);
  up(post(R"({"jsonrpc":"2.0","id":1,"method":"ping"})"));
  down(answer);
  EXPECT_EQ(hits(), 1U);
  board_->remove_all();
  put("drop_answer:openings=1,name=all");
  up(post(R"({"jsonrpc":"2.0","id":1,"method":"initialize"})"));
  down(answer);
  EXPECT_EQ(out_.down, answer + answer + answer);
}

TEST_P(HttpTapTest, GivesAnAnswerAnotherIdAndTheRightLength) {
  put("wrong_id");
  down(with_length(kAnswer));
  EXPECT_EQ(body_of(out_.down), R"({"jsonrpc":"2.0","id":917,"result":{"content":[]}})");
  EXPECT_NE(out_.down.find("X-Own: yes\r\n"), std::string::npos);
  EXPECT_EQ(hits(), 1U);
}

TEST_P(HttpTapTest, KeepsTheTypeOfAnId) {
  put("wrong_id");
  down(with_length(R"({"jsonrpc":"2.0","id":"a","result":{}})"));
  EXPECT_EQ(body_of(out_.down), R"({"jsonrpc":"2.0","id":"9a","result":{}})");
  const std::string without = with_length(R"({"jsonrpc":"2.0","id":null,"error":{"code":1}})");
  down(without);
  EXPECT_TRUE(out_.down.ends_with(without)) << "there is no id to change";
  EXPECT_EQ(hits(), 1U);
}

TEST_P(HttpTapTest, CorruptsOneByte) {
  put("corrupt_answer");
  down(with_length(kAnswer));
  const std::string body = body_of(out_.down);
  ASSERT_EQ(body.size(), kAnswer.size());
  int differing = 0;
  for (std::size_t i = 0; i < body.size(); ++i) differing += body[i] != kAnswer[i];
  EXPECT_EQ(differing, 1);
}

TEST_P(HttpTapTest, MakesAnEventStreamOfAnAnswerThatComesTwice) {
  put("duplicate_answer");
  down(with_length("{\n\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}"));
  const std::string twice =
      "event: message\ndata: { \"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n\n";
  EXPECT_EQ(body_of(out_.down), twice + twice);
  EXPECT_NE(out_.down.find("Content-Type: text/event-stream\r\n"), std::string::npos);
  EXPECT_EQ(out_.down.find("application/json"), std::string::npos);
}

TEST_P(HttpTapTest, DelaysAnAnswer) {
  put("delay_answer:ms=30");
  down(with_length(kAnswer));
  EXPECT_EQ(out_.down, with_length(kAnswer));
  EXPECT_EQ(out_.delayed_ns, 30 * core::kMillisecond);
}

TEST_P(HttpTapTest, PassesEventsOneByOne) {
  const std::string events = ": hello\n\nid: 1\r\ndata:\r\n\r\nevent: x\rdata: {}\r\r" +
                             event(R"({"jsonrpc":"2.0","method":"notifications/x"})") +
                             event(kAnswer);
  down(with_length(events, "text/event-stream; charset=utf-8"));
  EXPECT_EQ(body_of(out_.down), events);
  EXPECT_EQ(board_->totals().answers, 1U);
}

TEST_P(HttpTapTest, DropsAnEventAndKeepsItsNeighbours) {
  put("drop_answer");
  const std::string progress = event(R"({"jsonrpc":"2.0","method":"notifications/progress"})");
  down(with_length(progress + event(kAnswer), "text/event-stream"));
  EXPECT_EQ(body_of(out_.down), progress);
}

TEST_P(HttpTapTest, RepeatsAnEvent) {
  put("duplicate_answer");
  down(with_length(event(kAnswer), "text/event-stream"));
  EXPECT_EQ(body_of(out_.down), event(kAnswer) + event(kAnswer));
}

TEST_P(HttpTapTest, ChangesAnIdInAnEvent) {
  put("wrong_id");
  down(with_length("id: 4\n" + event(kAnswer), "text/event-stream"));
  EXPECT_EQ(body_of(out_.down),
            "id: 4\n" + event(R"({"jsonrpc":"2.0","id":917,"result":{"content":[]}})"));
}

TEST_P(HttpTapTest, KnowsAnAnswerOfSeveralLines) {
  put("drop_answer");
  const std::string lines = "data: {\"jsonrpc\":\"2.0\",\ndata: \"id\":1,\"result\":{}}\n\n";
  down(with_length(lines, "text/event-stream"));
  EXPECT_EQ(body_of(out_.down), "");
  EXPECT_EQ(hits(), 1U);
}

TEST_P(HttpTapTest, CutsAStreamInTheMiddleOfAnAnswer) {
  put("cut_sse");
  const std::string progress = event(R"({"jsonrpc":"2.0","method":"notifications/progress"})");
  down(with_length(kAnswer) + with_length(progress + event(kAnswer), "text/event-stream"));
  EXPECT_TRUE(out_.is_cut);
  EXPECT_EQ(hits(), 1U) << "a JSON body is no event stream";
  const std::string passed = out_.down.substr(with_length(kAnswer).size());
  EXPECT_NE(passed.find(progress), std::string::npos);
  EXPECT_NE(passed.find(event(kAnswer).substr(0, event(kAnswer).size() / 2)), std::string::npos);
  EXPECT_EQ(passed.find(kAnswer), std::string::npos);
}

TEST_P(HttpTapTest, AnswersInThePlaceOfTheServer) {
  put("http_status:status=503,retry_after=7,nth=2");
  up(post(kCall) + post(kCall) + post(kCall));
  EXPECT_EQ(out_.up, post(kCall) + post(kCall)) << "the server does not see it";
  EXPECT_EQ(out_.down, "") << "answers come in the order of the requests";
  down(with_length(kAnswer));
  EXPECT_TRUE(out_.down.starts_with(with_length(kAnswer) + "HTTP/1.1 503 Service Unavailable\r\n"))
      << out_.down;
  EXPECT_NE(out_.down.find("Retry-After: 7\r\n"), std::string::npos);
  down(with_length(kAnswer));
  EXPECT_TRUE(out_.down.ends_with(with_length(kAnswer)));
  EXPECT_EQ(hits(), 1U);
}

TEST_P(HttpTapTest, TellsOnlySessionsThatTheyAreGone) {
  put("http_status:status=404");
  up(post(kCall));
  EXPECT_EQ(out_.down, "");
  up(post(R"({"jsonrpc":"2.0","method":"notifications/initialized"})", "Mcp-Session-Id: a\r\n"));
  EXPECT_EQ(hits(), 0U) << "nothing awaits an answer";
  down(with_length(kAnswer) + "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
  up(post(kCall, "Mcp-Session-Id: a\r\n"));
  EXPECT_NE(out_.down.find("HTTP/1.1 404 Not Found\r\n"), std::string::npos) << out_.down;
  EXPECT_EQ(hits(), 1U);
}

TEST_P(HttpTapTest, CallsTheServerByItsName) {
  tap_ = make_http_tap(toxics_, 1, "server:80");
  up(post(kCall));
  EXPECT_NE(out_.up.find("\r\nHost: server:80\r\n"), std::string::npos) << out_.up;
  EXPECT_EQ(out_.up.find("proxy:1"), std::string::npos);
  EXPECT_TRUE(out_.up.ends_with(kCall));
}

TEST_P(HttpTapTest, LetsAClientWaitForContinue) {
  const std::string head =
      "POST /mcp HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
      "Content-Length: 4\r\n\r\n";
  up(head);
  EXPECT_EQ(out_.up, head);
  down("HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(out_.down, "HTTP/1.1 100 Continue\r\n\r\n");
  up("body");
  EXPECT_EQ(out_.up, head + "body");
}

TEST_P(HttpTapTest, PassesWhatItDoesNotUnderstand) {
  put("drop_answer");
  const std::string garbage = "\x01\x02 not HTTP\r\n\r\nat all";
  up(garbage);
  down(garbage + with_length(kAnswer));
  tap().finish(ProxyStream::downstream, out_);
  EXPECT_EQ(out_.up, garbage);
  EXPECT_EQ(out_.down, garbage + with_length(kAnswer));
  EXPECT_EQ(board_->totals().opaque, 1U);
}

TEST_P(HttpTapTest, PassesAWebSocket) {
  const std::string request = "GET /mcp HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n";
  const std::string switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
  up(request);
  down(switching + "\x81\x02hi");
  up("\x81\x82xxxxhi");
  EXPECT_EQ(out_.up, request + "\x81\x82xxxxhi");
  EXPECT_EQ(out_.down, switching + "\x81\x02hi");
}

TEST_P(HttpTapTest, HandsOnWhatWasKeptWhenAStreamEnds) {
  put("drop_answer:nth=2");
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";
  down(head + std::string(kAnswer));
  tap().finish(ProxyStream::downstream, out_);
  EXPECT_EQ(out_.down, head + std::string(kAnswer)) << "a body that lasts until the end";
  EXPECT_EQ(board_->totals().answers, 1U);
  up("POST /mcp HT");
  tap().finish(ProxyStream::upstream, out_);
  EXPECT_EQ(out_.up, "POST /mcp HT");
}

INSTANTIATE_TEST_SUITE_P(Pieces, HttpTapTest, testing::Values(1, 7, 100'000));

TEST(HttpTapLimits, AMessageThatIsTooLongPassesUnseen) {
  const auto board = std::move(*ProxyBoard::make(1, 7));
  ASSERT_TRUE(board->add(*parse_toxic("drop_answer"), core::monotonic_ns()));
  ProxyToxics toxics(*board, 0);
  toxics.refresh(core::monotonic_ns());
  const auto tap = make_http_tap(toxics, 1, "");
  Out out;
  const std::string body =
      R"({"jsonrpc":"2.0","id":1,"result":{"a":")" + std::string(3 << 20, 'x') + R"("}})";
  for (const auto& whole : {with_length(body), with_length(kAnswer)}) {
    for (std::size_t at = 0; at < whole.size(); at += 65'536) {
      std::string piece = whole.substr(at, 65'536);
      const std::size_t size = piece.size();
      piece.append(wire::kReadPadding, '#');
      tap->feed(ProxyStream::downstream, {piece.data(), size}, out);
    }
  }
  EXPECT_EQ(out.down, with_length(body)) << "and the next one is dropped again";
  EXPECT_EQ(board->totals().oversized, 1U);
}

class LineTapTest : public TapTest {
 protected:
  ProxyTap& tap() override { return *tap_; }
  std::unique_ptr<ProxyTap> tap_ = make_line_tap(toxics_, 1);
  const std::string line_ = std::string(kAnswer) + "\n";
};

TEST_P(LineTapTest, PassesWhatItLeavesAloneByteForByte) {
  const std::string lines = "\r\n\n" + line_ + "no JSON\r\n[1]\nunfinished";
  up(lines);
  down(lines);
  tap().finish(ProxyStream::upstream, out_);
  tap().finish(ProxyStream::downstream, out_);
  EXPECT_EQ(out_.up, lines);
  EXPECT_EQ(out_.down, lines);
}

TEST_P(LineTapTest, DropsRepeatsAndChanges) {
  put("drop_answer:nth=1,max=1,name=a");
  put("duplicate_answer:nth=2,max=1,name=b");
  put("wrong_id:nth=3,max=1,name=c");
  for (int i = 0; i < 4; ++i) down(line_);
  EXPECT_EQ(out_.down, line_ + line_ +
                           R"({"jsonrpc":"2.0","id":917,"result":{"content":[]}})"
                           "\n" +
                           line_);
}

TEST_P(LineTapTest, LeavesTheAnswerToAnOpeningAlone) {
  put("drop_answer");
  up(R"({"jsonrpc":"2.0","id":17,"method":"initialize"})"
     "\n");
  down(line_);
  EXPECT_EQ(out_.down, line_);
  down(line_);
  EXPECT_EQ(out_.down, line_) << "the id is nobody's now";
}

INSTANTIATE_TEST_SUITE_P(Pieces, LineTapTest, testing::Values(1, 7, 100'000));

}  // namespace
}  // namespace gauntlet::chaos
