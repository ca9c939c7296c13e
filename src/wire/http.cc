#include "wire/http.h"

#include <algorithm>
#include <cstring>

#include "wire/http_grammar.h"
#include "wire/http_memo.h"

namespace gauntlet::wire {
namespace {

constexpr std::size_t kCarryBytesMin = 512;  // above any small-string size: views survive moves
constexpr std::size_t kChunkLineBytesMax = 256;

// How far an empty line before a request reaches (section 2.2).
std::size_t empty_lines(std::span<const char> bytes) {
  std::size_t at = 0;
  while (crlf_at(bytes.data() + at, bytes.data() + bytes.size())) at += 2;
  return at;
}

const char* find_lf(std::span<const char> bytes) {
  return bytes.empty() ? nullptr
                       : static_cast<const char*>(std::memchr(bytes.data(), '\n', bytes.size()));
}

bool is_interim(int status) { return status >= 100 && status < 200 && status != 101; }
bool is_bodiless(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace

HttpParser::HttpParser(Role role, HttpLimits limits)
    : role_(role), own_(std::make_unique<HttpHead>()), head_(own_.get()), limits_(limits) {}

HttpParser::HttpParser(HttpHeadMemo& memo)
    : role_(memo.role()), memo_(&memo), head_(&memo.spare()), limits_(memo.limits()) {}

HttpParser::Step HttpParser::step(std::span<char> bytes) {
  switch (state_) {
    case State::head: return step_head(bytes);
    case State::body_length: return step_length(bytes);
    case State::body_until_close: return step_until_close(bytes);
    case State::chunk_size:
    case State::chunk_data:
    case State::chunk_end:
    case State::trailer: return step_chunked(bytes);
    case State::end: return finish_message(0);
    case State::error: break;
  }
  return {.event = Event::error};
}

bool HttpParser::finish() {
  if (state_ == State::body_until_close) state_ = State::end;
  return state_ == State::end || idle();
}

HttpParser::Step HttpParser::fail(HttpError error) {
  state_ = State::error;
  error_ = error;
  return {.event = Event::error};
}

HttpParser::Step HttpParser::step_head(std::span<char> bytes) {
  std::size_t consumed = 0;
  for (;;) {
    if (!begun_) {
      if (role_ == Role::request) consumed += empty_lines(bytes.subspan(consumed));
      if (consumed == bytes.size()) return {.consumed = consumed};
      begin_message();
    }
    const auto rest = bytes.subspan(consumed);
    const Progress progress =
        carry_.empty() ? parse_in_place(rest, consumed) : parse_carried(rest, consumed);
    if (progress == Progress::bad) return {.event = Event::error};
    if (progress == Progress::more) return {.consumed = bytes.size()};
    begun_ = progress == Progress::done && !is_interim(head_->status);
    if (begun_) return finish_head(consumed);
  }
}

void HttpParser::begin_message() {
  begun_ = true;
  start_line_done_ = false;
  line_at_ = 0;
  head_begin_ = nullptr;
  body_bytes_ = 0;
  trailer_bytes_ = 0;
  carry_.clear();
  memo_number_ = 0;
  head_ = memo_ == nullptr ? own_.get() : &memo_->spare();
  head_->method = head_->target = {};
  head_->status = 0;
  head_->chunked = head_->has_length = false;
  head_->content_length = 0;
  head_->header_count = 0;
}

bool HttpParser::recall(std::span<const char> bytes) {
  HttpHeadMemo::Entry* const entry = memo_->find(bytes);
  if (entry == nullptr) return false;
  head_ = &entry->head;
  head_begin_ = entry->bytes.data();
  line_at_ = entry->bytes.size();
  memo_place_ = memo_->place_of(*entry);
  memo_number_ = entry->number;
  return true;
}

// A head that was parsed in place and is good.
void HttpParser::memorize() {
  HttpHeadMemo::Entry* const entry = memo_->keep({head_begin_, line_at_});
  if (entry == nullptr) return;
  head_begin_ = entry->bytes.data();
  memo_place_ = memo_->place_of(*entry);
  memo_number_ = entry->number;
}

HttpParser::Progress HttpParser::parse_in_place(std::span<const char> bytes,
                                                std::size_t& consumed) {
  const auto window = bytes.first(std::min(bytes.size(), limits_.head_bytes_max));
  head_begin_ = window.data();
  const bool recalled = memo_ != nullptr && recall(window);
  const Progress progress = recalled ? Progress::done : parse_lines(window.data(), window.size());
  if (progress == Progress::done) consumed += line_at_;
  if (progress != Progress::more) return progress;
  own_head();
  carry(window);
  own_->move_views(head_begin_, carry_.data());
  return more_head(window.size());
}

// Line by line, so that the carry never holds a byte beyond the head.
HttpParser::Progress HttpParser::parse_carried(std::span<const char> bytes, std::size_t& consumed) {
  while (!bytes.empty()) {
    const auto window = bytes.first(std::min(bytes.size(), limits_.head_bytes_max - carry_.size()));
    const char* const lf = find_lf(window);
    const std::size_t taken =
        lf == nullptr ? window.size() : static_cast<std::size_t>(lf + 1 - window.data());
    carry(window.first(taken));
    consumed += taken;
    bytes = bytes.subspan(taken);
    if (lf == nullptr) return more_head(carry_.size());
    if (role_ == Role::request && carry_ == "\r\n") return Progress::blank;
    const Progress progress = parse_lines(carry_.data(), carry_.size());
    if (progress != Progress::more) return progress;
    if (more_head(carry_.size()) == Progress::bad) return Progress::bad;
  }
  return Progress::more;
}

HttpParser::Progress HttpParser::more_head(std::size_t head_bytes) {
  if (head_bytes < limits_.head_bytes_max) return Progress::more;
  fail(HttpError::head_too_large);
  return Progress::bad;
}

// A line that does not parse is bad if its LF is there, else it is unfinished. So the same bytes
// give the same error however they are split.
HttpParser::Progress HttpParser::parse_lines(const char* data, std::size_t size) {
  const char* const end = data + size;
  for (;;) {
    const char* const from = data + line_at_;
    if (start_line_done_ && crlf_at(from, end)) {
      line_at_ += 2;
      return Progress::done;
    }
    const ParsedLine line = parse_line(from, end);
    if (line.next == nullptr) {
      if (find_lf({from, end}) == nullptr) return Progress::more;
      fail(line.error);
      return Progress::bad;
    }
    start_line_done_ = true;
    line_at_ = static_cast<std::size_t>(line.next - data);
  }
}

ParsedLine HttpParser::parse_line(const char* from, const char* end) {
  if (!start_line_done_) {
    return role_ == Role::request ? parse_request_line(from, end, *head_)
                                  : parse_status_line(from, end, *head_);
  }
  if (head_->header_count == HttpHead::kHeadersMax) return {nullptr, HttpError::too_many_headers};
  const ParsedLine line = parse_field_line(from, end, head_->headers[head_->header_count]);
  if (line.next != nullptr) ++head_->header_count;
  return line;
}

HttpParser::Step HttpParser::finish_head(std::size_t consumed) {
  if (memo_number_ == 0) {
    if (const HttpError error = settle(*head_); error != HttpError::none) return fail(error);
    if (memo_ != nullptr && carry_.empty()) memorize();
  }
  if (no_body_ || (role_ == Role::response && is_bodiless(head_->status))) {
    state_ = State::end;
  } else if (head_->chunked) {
    state_ = State::chunk_size;
  } else if (head_->has_length) {
    remaining_ = head_->content_length;
    state_ = remaining_ == 0 ? State::end : State::body_length;
  } else {
    state_ = role_ == Role::request ? State::end : State::body_until_close;
  }
  return {.event = Event::head, .consumed = consumed};
}

HttpParser::Step HttpParser::finish_message(std::size_t consumed) {
  state_ = State::head;
  begun_ = false;
  no_body_ = false;
  return {.event = Event::end, .consumed = consumed};
}

void HttpParser::retain() {
  if (!begun_ || !carry_.empty()) return;
  own_head();
  carry({head_begin_, line_at_});
  own_->move_views(head_begin_, carry_.data());
}

void HttpParser::own_head() {
  if (head_ == own_.get()) return;
  if (own_ == nullptr) own_ = std::make_unique<HttpHead>();
  *own_ = *head_;
  head_ = own_.get();
  memo_number_ = 0;
}

void HttpParser::carry(std::span<const char> bytes) {
  const std::size_t size = carry_.size() + bytes.size();
  if (size > carry_.capacity() || carry_.capacity() < kCarryBytesMin) {
    std::string larger;
    larger.reserve(std::max({size, 2 * carry_.capacity(), kCarryBytesMin}));
    larger.append(carry_);
    if (!carry_.empty()) head_->move_views(carry_.data(), larger.data());
    carry_.swap(larger);
  }
  carry_.append(bytes.data(), bytes.size());
}

HttpParser::Step HttpParser::step_length(std::span<char> bytes) {
  if (remaining_ > limits_.body_bytes_max) return fail(HttpError::body_too_large);
  if (bytes.empty()) return {};
  const std::size_t taken = std::min<std::uint64_t>(bytes.size(), remaining_);
  remaining_ -= taken;
  if (remaining_ == 0) state_ = State::end;
  return {.event = Event::body, .consumed = taken, .body = bytes.first(taken)};
}

HttpParser::Step HttpParser::step_until_close(std::span<char> bytes) {
  if (bytes.empty()) return {};
  const std::size_t taken =
      std::min<std::uint64_t>(bytes.size(), limits_.body_bytes_max - body_bytes_);
  if (taken == 0) return fail(HttpError::body_too_large);
  body_bytes_ += taken;
  return {.event = Event::body, .consumed = taken, .body = bytes.first(taken)};
}

HttpParser::Step HttpParser::step_chunked(std::span<char> bytes) {
  std::size_t consumed = 0;
  while (consumed < bytes.size()) {
    const auto rest = bytes.subspan(consumed);
    if (state_ == State::chunk_data) {
      const std::size_t taken = std::min<std::uint64_t>(rest.size(), remaining_);
      remaining_ -= taken;
      if (remaining_ == 0) state_ = State::chunk_end;
      return {.event = Event::body, .consumed = consumed + taken, .body = rest.first(taken)};
    }
    consumed += state_ == State::chunk_size  ? take_chunk_size(rest)
                : state_ == State::chunk_end ? take_chunk_end(rest)
                                             : take_trailer(rest);
    if (state_ == State::error) return {.event = Event::error};
    if (state_ == State::end) return finish_message(consumed);
  }
  return {.consumed = consumed};
}

// A line with its LF, in place or joined in line_; empty where it is unfinished (then it is in
// line_) or too long (then the parser has failed).
std::string_view HttpParser::take_line(std::span<const char> bytes, std::size_t bytes_max,
                                       HttpError error) {
  const auto window = bytes.first(std::min(bytes.size(), bytes_max - line_.size()));
  const char* const lf = find_lf(window);
  if (lf != nullptr && line_.empty()) return {window.data(), lf + 1};
  line_.append(window.data(), lf == nullptr ? window.data() + window.size() : lf + 1);
  if (lf != nullptr) return line_;
  if (line_.size() == bytes_max) fail(error);
  return {};
}

std::size_t HttpParser::take_chunk_size(std::span<const char> bytes) {
  const std::size_t carried = line_.size();
  const std::string_view line = take_line(bytes, kChunkLineBytesMax, HttpError::bad_chunk);
  if (line.empty()) return bytes.size();
  const std::size_t taken = line.size() - carried;
  if (!parse_chunk_line(line, remaining_)) {
    fail(HttpError::bad_chunk);
  } else if (remaining_ > limits_.body_bytes_max - body_bytes_) {
    fail(HttpError::body_too_large);
  } else {
    body_bytes_ += remaining_;
    state_ = remaining_ == 0 ? State::trailer : State::chunk_data;
  }
  line_.clear();
  return taken;
}

std::size_t HttpParser::take_chunk_end(std::span<const char> bytes) {
  const char expected = line_.empty() ? '\r' : '\n';
  if (bytes.front() != expected) {
    fail(HttpError::bad_chunk);
  } else if (expected == '\r') {
    line_.push_back('\r');
  } else {
    line_.clear();
    state_ = State::chunk_size;
  }
  return 1;
}

// Trailers are checked and dropped; none of them may change the framing (section 6.5.1).
std::size_t HttpParser::take_trailer(std::span<const char> bytes) {
  const std::size_t carried = line_.size();
  const std::string_view line =
      take_line(bytes, limits_.head_bytes_max - trailer_bytes_, HttpError::head_too_large);
  if (line.empty()) return bytes.size();
  const std::size_t taken = line.size() - carried;
  trailer_bytes_ += line.size();
  HttpHeader field;
  if (line == "\r\n") {
    state_ = State::end;
  } else if (parse_field_line(line.data(), line.data() + line.size(), field).next == nullptr) {
    fail(HttpError::bad_header);
  }
  line_.clear();
  return taken;
}

}  // namespace gauntlet::wire
