// Time to parse one message of the usual size, whole in the buffer.
#include <benchmark/benchmark.h>

#include <string>

#include "wire/http.h"
#include "wire/http_write.h"
#include "wire/lines.h"
#include "wire/sse.h"

namespace gauntlet::wire {
namespace {

const std::string kCall =
    R"({"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"echo",)"
    R"("arguments":{"message":"x"}}})";
const std::string kAnswer =
    R"({"jsonrpc":"2.0","id":3,"result":{"content":[{"type":"text","text":"x"}]}})";

const std::string kRequest =
    "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Type: application/json\r\n"
    "Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2025-11-25\r\n"
    "Mcp-Session-Id: 0b1f6a52c7d94e038f1d2a6b5c4e7f90\r\n"
    "Content-Length: " +
    std::to_string(kCall.size()) + "\r\n\r\n" + kCall;

const std::string kResponse =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    "Mcp-Session-Id: 0b1f6a52c7d94e038f1d2a6b5c4e7f90\r\n"
    "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\nConnection: keep-alive\r\n"
    "Content-Length: " +
    std::to_string(kAnswer.size()) + "\r\n\r\n" + kAnswer;

const std::string kEvent = "event: message\nid: s1::0003\ndata: " + kAnswer + "\n\n";

void parse_message(benchmark::State& state, HttpParser::Role role, const std::string& message) {
  std::string bytes = message + std::string(kReadPadding, '\0');
  HttpParser parser(role, HttpLimits{});
  for (auto _ : state) {
    std::span<char> rest(bytes.data(), message.size());
    for (auto event = HttpParser::Event::head; event != HttpParser::Event::end;) {
      const auto step = parser.step(rest);
      rest = rest.subspan(step.consumed);
      event = step.event;
      benchmark::DoNotOptimize(step.body.data());
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(message.size()));
}

void request(benchmark::State& state) { parse_message(state, HttpParser::Role::request, kRequest); }
void response(benchmark::State& state) {
  parse_message(state, HttpParser::Role::response, kResponse);
}

void split_request(benchmark::State& state) {
  const std::size_t cut = 150;
  std::string bytes = kRequest + std::string(kReadPadding, '\0');
  HttpParser parser(HttpParser::Role::request, HttpLimits{});
  for (auto _ : state) {
    parser.step({bytes.data(), cut});
    std::span<char> rest(bytes.data() + cut, kRequest.size() - cut);
    for (auto event = HttpParser::Event::head; event != HttpParser::Event::end;) {
      const auto step = parser.step(rest);
      rest = rest.subspan(step.consumed);
      event = step.event;
    }
  }
}

void sse_event(benchmark::State& state) {
  std::string bytes = kEvent + std::string(kReadPadding, '\0');
  SseParser parser;
  SseEvent event;
  for (auto _ : state) {
    std::span<char> rest(bytes.data(), kEvent.size());
    benchmark::DoNotOptimize(parser.next(rest, event));
    benchmark::DoNotOptimize(event.data.data());
  }
}

void line(benchmark::State& state) {
  const std::string message = kAnswer + "\n";
  std::string bytes = message + std::string(kReadPadding, '\0');
  LineFramer framer;
  std::span<char> text;
  for (auto _ : state) {
    std::span<char> rest(bytes.data(), message.size());
    benchmark::DoNotOptimize(framer.next(rest, text));
    benchmark::DoNotOptimize(text.data());
  }
}

void write_response_head(benchmark::State& state) {
  std::string out;
  for (auto _ : state) {
    out.clear();
    append_response_head(out, 200, "application/json", kAnswer.size(), "Mcp-Session-Id: a\r\n");
    benchmark::DoNotOptimize(out.data());
  }
}

BENCHMARK(request);
BENCHMARK(response);
BENCHMARK(split_request);
BENCHMARK(sse_event);
BENCHMARK(line);
BENCHMARK(write_response_head);

}  // namespace
}  // namespace gauntlet::wire
