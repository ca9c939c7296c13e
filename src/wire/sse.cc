#include "wire/sse.h"

#include <algorithm>
#include <charconv>

#include "wire/scan.h"

namespace gauntlet::wire {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::optional<std::uint32_t> parse_retry(std::string_view value) {
  std::uint32_t retry_ms = 0;
  const char* const end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, retry_ms);
  if (error != std::errc() || stop != end) return std::nullopt;
  return retry_ms;
}

}  // namespace

SseParser::Next SseParser::next(std::span<char>& bytes, SseEvent& event) {
  if (delivered_) {
    delivered_ = false;
    block_ = {};
    carry_.clear();
  }
  while (!bytes.empty() && !too_large_) {
    if (skip_lf_) {
      skip_lf_ = false;
      if (bytes.front() == '\n') bytes = bytes.subspan(1);
      continue;
    }
    const Next result = carry_.empty() ? next_in_place(bytes, event) : next_carried(bytes, event);
    if (result != Next::need_more) return result;
  }
  return too_large_ ? Next::too_large : Next::need_more;
}

SseParser::Next SseParser::next_in_place(std::span<char>& bytes, SseEvent& event) {
  while (true) {
    const char* const from = bytes.data() + block_.line_at;
    const char* const end = bytes.data() + bytes.size();
    const char* const line_end = find_line_end(from, end);
    if (line_end == end) return carry_rest(bytes);
    const Line line = take_line(bytes.data(), static_cast<std::size_t>(line_end - from));
    if (line == Line::too_large) return give_up();
    char* const block = bytes.data();
    const auto next_at = static_cast<std::size_t>(line_end - block) + line_end_size(line_end, end);
    if (line == Line::kept) {
      block_.line_at = next_at;
      continue;
    }
    bytes = bytes.subspan(next_at);
    if (line == Line::end_of_event) return deliver(block, event);
    block_ = {};
  }
}

SseParser::Next SseParser::carry_rest(std::span<char>& bytes) {
  carry_.assign(bytes.data(), bytes.size());
  bytes = {};
  return fits(carry_.size() - block_.line_at) ? Next::need_more : give_up();
}

// Line by line, so that the carry never holds a byte beyond the block.
SseParser::Next SseParser::next_carried(std::span<char>& bytes, SseEvent& event) {
  while (!bytes.empty()) {
    const char* const end = bytes.data() + bytes.size();
    const char* const line_end = find_line_end(bytes.data(), end);
    const auto text_size = static_cast<std::size_t>(line_end - bytes.data());
    carry_.append(bytes.data(), text_size);
    const std::size_t line_size = carry_.size() - block_.line_at;
    if (line_end == end) {
      bytes = {};
      return fits(line_size) ? Next::need_more : give_up();
    }
    carry_.push_back('\n');
    bytes = bytes.subspan(text_size + line_end_size(line_end, end));
    const Line line = take_line(carry_.data(), line_size);
    if (line == Line::too_large) return give_up();
    if (line == Line::end_of_event) {
      carry_.append(kReadPadding, '\0');
      return deliver(carry_.data(), event);
    }
    block_.line_at = carry_.size();
    if (line == Line::kept) continue;
    block_ = {};
    carry_.clear();
    break;
  }
  return Next::need_more;
}

std::size_t SseParser::line_end_size(const char* line_end, const char* end) {
  if (*line_end == '\n') return 1;
  skip_lf_ = line_end + 1 == end;
  return !skip_lf_ && line_end[1] == '\n' ? 2 : 1;
}

// Dropped: nothing of the block is worth keeping, so that comments never fill it up.
SseParser::Line SseParser::take_line(const char* block, std::size_t size) {
  if (!fits(size)) return Line::too_large;
  Slice line{block_.line_at, size};
  if (first_line_ && std::string_view(block, size).starts_with(kByteOrderMark)) {
    line = {kByteOrderMark.size(), size - kByteOrderMark.size()};
  }
  first_line_ = false;
  const bool deliverable = block_.data_lines != 0 || block_.has_id || block_.retry_ms;
  if (line.size == 0) return deliverable ? Line::end_of_event : Line::dropped;
  take_field(block, line);
  block_.bytes = std::min(block_.bytes + size + 1, event_bytes_max_);
  const bool holds_field =
      block_.data_lines != 0 || block_.type.size != 0 || block_.has_id || block_.retry_ms;
  return holds_field ? Line::kept : Line::dropped;
}

void SseParser::take_field(const char* block, Slice line) {
  const std::string_view text(block + line.at, line.size);
  const std::string_view name = text.substr(0, text.find(':'));
  std::size_t value_at = std::min(name.size() + 1, text.size());
  if (value_at < text.size() && text[value_at] == ' ') ++value_at;
  const Slice value{line.at + value_at, line.size - value_at};
  const std::string_view value_text = text.substr(value_at);
  if (name == "data") {
    take_data(block, value);
  } else if (name == "event") {
    block_.type = value;
  } else if (name == "id" && value_text.find('\0') == std::string_view::npos) {
    block_.id = value;
    block_.has_id = true;
  } else if (name == "retry") {
    if (const auto retry_ms = parse_retry(value_text)) block_.retry_ms = retry_ms;
  }
}

void SseParser::take_data(const char* block, Slice value) {
  if (block_.data_lines == 0) block_.data = value;
  if (block_.data_lines == 1) joined_.assign(block + block_.data.at, block_.data.size);
  if (block_.data_lines >= 1) joined_.append(1, '\n').append(block + value.at, value.size);
  ++block_.data_lines;
}

SseParser::Next SseParser::give_up() {
  too_large_ = true;
  return Next::too_large;
}

SseParser::Next SseParser::deliver(char* block, SseEvent& event) {
  if (block_.has_id) last_id_.assign(block + block_.id.at, block_.id.size);
  event.type = {block + block_.type.at, block_.type.size};
  if (event.type.empty()) event.type = "message";
  event.data = {block + block_.data.at, block_.data.size};
  if (block_.data_lines > 1) {
    event.data = std::span<char>(joined_);
    joined_.append(kReadPadding, '\0');
    event.data = {joined_.data(), event.data.size()};
  }
  event.has_data = block_.data_lines != 0;
  event.id = last_id_;
  event.has_id = block_.has_id;
  event.retry_ms = block_.retry_ms;
  delivered_ = true;
  return Next::event;
}

}  // namespace gauntlet::wire
