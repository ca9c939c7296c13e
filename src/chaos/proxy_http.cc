#include "chaos/proxy_http.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "mcp/message.h"
#include "wire/http_write.h"

namespace gauntlet::chaos {
namespace {

using enum ProxyStream;
using Event = wire::HttpParser::Event;

// A client that sends more requests than this before an answer is no MCP client.
constexpr std::size_t kExchangesMax = 256;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, {}, lower, lower);
}

bool has_type(const wire::HttpHead& head, std::string_view type) {
  const std::string_view value = head.value_of("content-type");
  return same_name(value.substr(0, value.find_first_of("; ")), type);
}

std::string_view name_of_line(std::string_view line) { return line.substr(0, line.find(':')); }

std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, std::min(text.size(), text.find('\n') + 1));
  text.remove_prefix(line.size());
  return line;
}

bool names(std::string_view lines, std::string_view name) {
  while (!lines.empty())
    if (same_name(name_of_line(take_line(lines)), name)) return true;
  return false;
}

// Where the last of several heads begins.
std::size_t last_head(std::string_view heads) {
  if (heads.size() < 5) return 0;
  const std::size_t before = heads.rfind("\r\n\r\n", heads.size() - 5);
  return before == std::string_view::npos ? 0 : before + 4;
}

// The head of a request names another host.
void replace_host(std::string& head, std::string_view host) {
  std::string out;
  for (std::string_view rest = head; !rest.empty();) {
    const std::string_view line = take_line(rest);
    if (same_name(name_of_line(line), "host"))
      out.append("Host: ").append(host).append("\r\n");
    else
      out.append(line);
  }
  head = std::move(out);
}

}  // namespace

std::string head_with(std::string_view head, std::string_view lines) {
  std::string out(head.substr(0, last_head(head)));
  std::string_view rest = head.substr(out.size());
  while (!rest.empty()) {
    const std::string_view line = take_line(rest);
    const std::string_view name = name_of_line(line);
    if (rest.empty()) out.append(lines);  // before the empty line that ends the head
    if (same_name(name, "content-length") || same_name(name, "transfer-encoding")) continue;
    if (!names(lines, name)) out.append(line);
  }
  return out;
}

std::unique_ptr<ProxyTap> make_http_tap(const ProxyToxics& toxics, std::uint64_t connection,
                                        std::string_view host) {
  return std::make_unique<HttpTap>(toxics, connection, host);
}

void HttpTap::feed(ProxyStream stream, std::span<char> bytes, TapOutlet& out) {
  if (half(stream).opaque) return out.pass(stream, {bytes.data(), bytes.size()}, 0, 0);
  feed_half(stream, bytes, out);
}

void HttpTap::feed_half(ProxyStream stream, std::span<char> bytes, TapOutlet& out) {
  Half& fed = half(stream);
  for (;;) {
    const auto step = fed.parser.step(bytes);
    fed.raw.append(bytes.data(), step.consumed);
    bytes = bytes.subspan(step.consumed);
    if (!on_event(stream, step, out)) become_opaque(stream, out);
    if (fed.opaque) return out.pass(stream, {bytes.data(), bytes.size()}, 0, 0);
    if (step.event == Event::need_more) break;
  }
  if (fed.parser.idle()) return pass_raw(stream, out);
  fed.parser.retain();
}

// False where the connection has to become opaque.
bool HttpTap::on_event(ProxyStream stream, const wire::HttpParser::Step& step, TapOutlet& out) {
  switch (step.event) {
    case Event::error: return false;
    case Event::head:
      if (stream == downstream) return begin_answer(out);
      begin_request(out);
      break;
    case Event::body: take_body(stream, step.body, out); break;
    case Event::end: stream == upstream ? end_request(out) : end_answer(out); break;
    case Event::need_more: break;
  }
  Half& fed = half(stream);
  if (fed.mode == Mode::through) pass_raw(stream, out);
  if (fed.mode == Mode::events) fed.raw.clear();
  if (fed.raw.size() > 2 * kTapMessageBytesMax) return false;  // heads without end
  return exchanges_.size() <= kExchangesMax;
}

void HttpTap::pass_raw(ProxyStream stream, TapOutlet& out) {
  Half& passed = half(stream);
  if (!passed.raw.empty()) out.pass(stream, passed.raw, 0, 0);
  passed.raw.clear();
}

// From here on its bytes pass as they come; what was kept goes first. Answers that are not
// understood tell nothing about requests either.
void HttpTap::become_opaque(ProxyStream stream, TapOutlet& out) {
  if (!requests_.opaque && !answers_.opaque) totals().opaque.fetch_add(1);
  requests_.opaque = true;
  pass_raw(upstream, out);
  requests_.body = {};
  if (stream == upstream) return;
  answers_.opaque = true;
  if (!event_.empty()) pass_events(event_, 0, 0, out);
  pass_raw(downstream, out);
  answers_.body = event_ = {};
}

// The rest of this message is not looked at.
void HttpTap::go_through(ProxyStream stream, TapOutlet& out) {
  half(stream).mode = Mode::through;
  half(stream).body = {};
  if (stream == upstream)
    exchanges_.push_back({.head_only = requests_.parser.head().method == "HEAD"});
  pass_raw(stream, out);
}

void HttpTap::take_body(ProxyStream stream, std::span<char> part, TapOutlet& out) {
  Half& taking = half(stream);
  if (taking.mode == Mode::events) return take_events({part.data(), part.size()}, out);
  if (taking.mode == Mode::through) return;
  taking.body.append(part.data(), part.size());
  const bool fits =
      taking.body.size() <= kTapMessageBytesMax && taking.raw.size() <= 2 * kTapMessageBytesMax;
  if (fits) return;
  totals().oversized.fetch_add(1, std::memory_order_relaxed);
  go_through(stream, out);
}

void HttpTap::finish(ProxyStream stream, TapOutlet& out) {
  Half& finished = half(stream);
  if (!finished.opaque && finished.parser.finish() && stream == downstream && in_answer_)
    end_answer(out);
  if (stream == downstream && !event_.empty()) pass_events(event_, 0, 0, out);
  if (stream == downstream) event_.clear();
  pass_raw(stream, out);
}

void HttpTap::begin_request(TapOutlet& out) {
  requests_.mode = Mode::whole;
  if (!host_.empty()) replace_host(requests_.raw, host_);
  // Such a client waits for a word of the server before it sends the body.
  if (requests_.parser.head().find("expect") != nullptr) go_through(upstream, out);
}

HttpTap::Exchange HttpTap::judge_request() {
  const wire::HttpHead& head = requests_.parser.head();
  Exchange exchange{.head_only = head.method == "HEAD"};
  const std::size_t size = requests_.body.size();
  if (head.method != "POST" || size == 0) return exchange;
  requests_.body.append(wire::kReadPadding, ' ');
  const auto message =
      mcp::parse_message(reader_, std::span<const char>(requests_.body).first(size));
  if (!message || message->kind != mcp::Message::Kind::request) return exchange;
  exchange.opening = opens(message->method);
  const auto pick = tap_.toxics().pick({.connection = tap_.connection(),
                                        .opening = exchange.opening,
                                        .request = true,
                                        .session = head.find("mcp-session-id") != nullptr});
  if (!pick) return exchange;
  exchange.refusal = pick->toxic.value(ToxicValue::status);
  exchange.retry_after_s = pick->toxic.value(ToxicValue::retry_after);
  return exchange;
}

void HttpTap::end_request(TapOutlet& out) {
  const bool judged = std::exchange(requests_.mode, Mode::whole) == Mode::whole;
  if (judged) exchanges_.push_back(judge_request());
  requests_.body = {};
  if (!judged || exchanges_.back().refusal == 0) return pass_raw(upstream, out);
  requests_.raw.clear();
  refuse_next(out);
}

void HttpTap::refuse_next(TapOutlet& out) {
  for (; !exchanges_.empty() && exchanges_.front().refusal != 0; exchanges_.pop_front()) {
    const auto& [opening, head_only, status, retry_after_s] = exchanges_.front();
    std::string answer;
    const std::string text = fmt::format("the fault proxy answers {}\n", status);
    wire::append_response_head(
        answer, static_cast<int>(status), "text/plain", text.size(),
        status == 404 ? "" : fmt::format("Retry-After: {}\r\n", retry_after_s));
    out.pass(downstream, answer + text, 0, 0);
  }
}

bool HttpTap::begin_answer(TapOutlet& out) {
  const wire::HttpHead& head = answers_.parser.head();
  if (head.status == 101) return false;
  exchange_ = exchanges_.empty() ? Exchange{} : exchanges_.front();
  in_answer_ = true;
  answers_.head_bytes = answers_.raw.size();
  if (exchange_.head_only) answers_.parser.expect_no_body();
  const bool json = !exchange_.head_only && has_type(head, "application/json");
  const bool events = !exchange_.head_only && has_type(head, "text/event-stream");
  answers_.mode = json ? Mode::whole : events ? Mode::events : Mode::through;
  if (events) begin_events(out);
  if (answers_.mode == Mode::through) pass_raw(downstream, out);
  return true;
}

void HttpTap::end_answer(TapOutlet& out) {
  if (answers_.mode == Mode::whole) end_whole_answer(out);
  if (answers_.mode == Mode::through) pass_raw(downstream, out);
  if (answers_.mode == Mode::events) {
    std::string last;
    if (!event_.empty()) pass_events(event_, 0, 0, out);
    if (chunked_) wire::append_last_chunk(last);
    out.pass(downstream, last, 0, 0);
    event_.clear();
  }
  answers_.raw.clear();
  answers_.body = {};
  answers_.mode = Mode::whole;
  in_answer_ = false;
  if (!exchanges_.empty()) exchanges_.pop_front();
  refuse_next(out);
}

void HttpTap::end_whole_answer(TapOutlet& out) {
  TappedAnswer answer{.text = &answers_.body, .size = answers_.body.size()};
  tap_.treat(answer, [this](std::string_view) { return exchange_.opening; });
  if (answer.copies == 0) return;
  const std::string_view head = std::string_view(answers_.raw).substr(0, answers_.head_bytes);
  std::string& body = answers_.body;
  if (answer.copies > 1) {
    std::ranges::replace(body, '\n', ' ');  // in JSON these stand between tokens only
    std::ranges::replace(body, '\r', ' ');
    const std::string event = fmt::format("event: message\ndata: {}\n\n", body);
    const std::string twice = event + event;
    const std::string lines =
        fmt::format("Content-Type: text/event-stream\r\nContent-Length: {}\r\n", twice.size());
    out.pass(downstream, head_with(head, lines) + twice, 0, 0);
  } else if (answer.changed) {
    const std::string length = fmt::format("Content-Length: {}\r\n", body.size());
    out.pass(downstream, head_with(head, length) + body, 0, 0);
  } else {
    out.pass(downstream, answers_.raw, answer.delay_ns, answer.by);
  }
}

void HttpTap::begin_events(TapOutlet& out) {
  const wire::HttpHead& head = answers_.parser.head();
  chunked_ = head.chunked || head.has_length;
  event_too_long_ = line_begun_ = after_cr_ = false;
  event_.clear();
  if (chunked_) answers_.raw = head_with(answers_.raw, "Transfer-Encoding: chunked\r\n");
  pass_raw(downstream, out);
}

// An event ends with an empty line; a line with CR, LF or both.
void HttpTap::take_events(std::string_view part, TapOutlet& out) {
  for (const char c : part) {
    event_ += c;
    const bool line_end = c == '\r' || c == '\n';
    if (line_end && !(c == '\n' && after_cr_) && !std::exchange(line_begun_, false)) end_event(out);
    after_cr_ = c == '\r';
    line_begun_ = line_begun_ || !line_end;
  }
  if (event_.size() <= kTapMessageBytesMax) return;
  if (!event_too_long_) totals().oversized.fetch_add(1, std::memory_order_relaxed);
  event_too_long_ = true;
  pass_events(event_, 0, 0, out);
  event_.clear();
}

// The data of the event in event_; false where it has none. Where it has several lines, `joined`
// takes them, and cannot be changed in place.
bool HttpTap::find_data(TappedAnswer& answer, std::string& joined) {
  wire::SseParser parser(2 * kTapMessageBytesMax);
  const std::size_t size = event_.size();
  event_.append("\n\n").append(wire::kReadPadding, ' ');
  std::span<char> bytes(event_.data(), size + 2);
  wire::SseEvent event;
  const bool found = parser.next(bytes, event) == wire::SseParser::Next::event;
  const char* const data = event.data.data();
  answer.editable = found && data >= event_.data() && data < event_.data() + size;
  if (answer.editable) {
    answer.at = static_cast<std::size_t>(data - event_.data());
  } else if (found) {
    joined.assign(data, event.data.size());
    answer.text = &joined;
  }
  answer.size = event.data.size();
  event_.resize(size);
  return found && answer.size > 0;
}

void HttpTap::end_event(TapOutlet& out) {
  std::string joined;
  TappedAnswer answer{.text = &event_, .events = true};
  if (!std::exchange(event_too_long_, false) && find_data(answer, joined))
    tap_.treat(answer, [this](std::string_view) { return exchange_.opening; });
  const std::string_view event = event_;
  if (answer.cut) {
    pass_events(event.substr(0, event.size() / 2), 0, 0, out);
    out.cut();
  } else {
    for (std::size_t i = 0; i < answer.copies; ++i)
      pass_events(event, answer.delay_ns, answer.by, out);
  }
  event_.clear();
}

void HttpTap::pass_events(std::string_view text, core::Nanos delay_ns, ToxicSet by,
                          TapOutlet& out) {
  if (!chunked_) return out.pass(downstream, text, delay_ns, by);
  std::string chunk;
  wire::append_chunk(chunk, text);
  out.pass(downstream, chunk, delay_ns, by);
}

}  // namespace gauntlet::chaos
