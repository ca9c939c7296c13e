#include "wire/web_socket.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>

#include "wire/web_socket_mask.h"

namespace gauntlet::wire {
namespace {

constexpr unsigned kFinalBit = 0x80;
constexpr unsigned kReservedBits = 0x70;
constexpr unsigned kOpcodeBits = 0x0F;
constexpr unsigned kMaskBit = 0x80;
constexpr unsigned kLengthBits = 0x7F;
constexpr unsigned kLength16 = 126;
constexpr unsigned kLength64 = 127;
constexpr std::size_t kMaskBytes = 4;
constexpr std::size_t kKeptBytesMax = 64 * 1024;  // of a joined message's buffer, once it is used

bool is_known(unsigned opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

// Section 7.4, and the codes 1012 to 1014 that the registry added.
bool may_be_sent(unsigned code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

std::uint64_t big_endian(const unsigned char* from, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | from[i];
  return value;
}

bool is_utf8(std::span<const char> text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace

std::string_view to_string(WebSocketError error) {
  switch (error) {
    case WebSocketError::none: return "none";
    case WebSocketError::reserved_bits: return "reserved bits are set";
    case WebSocketError::bad_opcode: return "unknown opcode";
    case WebSocketError::bad_mask: return "wrongly masked";
    case WebSocketError::bad_length: return "malformed length";
    case WebSocketError::bad_control: return "malformed control frame";
    case WebSocketError::bad_order: return "fragments out of order";
    case WebSocketError::message_too_large: return "message too large";
    case WebSocketError::bad_text: return "text is not UTF-8";
    case WebSocketError::bad_close: return "malformed close";
  }
  return {};
}

std::uint16_t close_code_of(WebSocketError error) {
  switch (error) {
    case WebSocketError::message_too_large: return kCloseTooLarge;
    case WebSocketError::bad_text: return kCloseBadText;
    default: return kCloseProtocolError;
  }
}

WebSocketParser::Event WebSocketParser::next(std::span<char>& bytes, std::span<char>& payload) {
  release_handed();
  payload = {};
  if (close_code_ != 0) bytes = {};
  while (error_ == WebSocketError::none) {
    if (!in_payload_ && !take_head(bytes)) break;
    if (const auto event = take_payload(bytes, payload)) return *event;
  }
  return error_ == WebSocketError::none ? Event::need_more : Event::error;
}

void WebSocketParser::release_handed() {
  if (handed_ == nullptr) return;
  handed_->clear();
  // Assigning an empty string would keep the capacity.
  if (handed_->capacity() > kKeptBytesMax) std::string().swap(*handed_);
  handed_ = nullptr;
}

bool WebSocketParser::fill_head(std::size_t size, std::span<char>& bytes) {
  const std::size_t wanted = size - std::min(size, head_size_);
  const std::size_t taken = std::min(wanted, bytes.size());
  std::copy_n(bytes.begin(), taken, head_.begin() + static_cast<std::ptrdiff_t>(head_size_));
  head_size_ += taken;
  bytes = bytes.subspan(taken);
  return taken == wanted;
}

// False: there is more to come, or error_ is set.
bool WebSocketParser::take_head(std::span<char>& bytes) {
  if (!fill_head(2, bytes)) return false;
  error_ = check_start();
  if (error_ != WebSocketError::none || !fill_head(head_bytes(), bytes)) return false;
  error_ = read_length();
  if (error_ == WebSocketError::none) error_ = begin_frame();
  return error_ == WebSocketError::none;
}

WebSocketError WebSocketParser::check_start() const {
  const unsigned opcode = head_[0] & kOpcodeBits;
  const bool final = (head_[0] & kFinalBit) != 0;
  const bool control = opcode >= static_cast<unsigned>(WebSocketOpcode::close);
  const bool continues = opcode == static_cast<unsigned>(WebSocketOpcode::continuation);
  const bool within = message_ != WebSocketOpcode::continuation;
  if ((head_[0] & kReservedBits) != 0) return WebSocketError::reserved_bits;
  if (!is_known(opcode)) return WebSocketError::bad_opcode;
  if (((head_[1] & kMaskBit) != 0) != (role_ == Role::server)) return WebSocketError::bad_mask;
  if (control && (!final || (head_[1] & kLengthBits) > kControlPayloadBytesMax))
    return WebSocketError::bad_control;
  if (!control && continues != within) return WebSocketError::bad_order;
  return WebSocketError::none;
}

std::size_t WebSocketParser::head_bytes() const {
  const unsigned length = head_[1] & kLengthBits;
  const std::size_t more = length == kLength64 ? 8 : length == kLength16 ? 2 : 0;
  return 2 + more + (role_ == Role::server ? kMaskBytes : 0);
}

WebSocketError WebSocketParser::read_length() {
  const unsigned length = head_[1] & kLengthBits;
  remaining_ = length;
  if (length == kLength16) remaining_ = big_endian(&head_[2], 2);
  if (length == kLength64) remaining_ = big_endian(&head_[2], 8);
  const bool too_long_a_form = (length == kLength16 && remaining_ < kLength16) ||
                               (length == kLength64 && remaining_ <= 0xFFFF);
  if (too_long_a_form || remaining_ >> 63 != 0) return WebSocketError::bad_length;
  return WebSocketError::none;
}

WebSocketError WebSocketParser::begin_frame() {
  opcode_ = static_cast<WebSocketOpcode>(head_[0] & kOpcodeBits);
  final_ = (head_[0] & kFinalBit) != 0;
  if (!is_control() && remaining_ > message_bytes_max_ - message_text_.size())
    return WebSocketError::message_too_large;
  if (opcode_ == WebSocketOpcode::text || opcode_ == WebSocketOpcode::binary) message_ = opcode_;
  in_payload_ = true;
  mask_at_ = 0;
  return WebSocketError::none;
}

// Nothing where the frame ended without an event, so that the next one is due.
std::optional<WebSocketParser::Event> WebSocketParser::take_payload(std::span<char>& bytes,
                                                                    std::span<char>& payload) {
  const std::size_t size = std::min<std::uint64_t>(remaining_, bytes.size());
  const std::span<char> piece = bytes.first(size);
  bytes = bytes.subspan(size);
  if (role_ == Role::server) {
    const std::span<const unsigned char, kMaskBytes> mask(&head_[head_size_ - kMaskBytes],
                                                          kMaskBytes);
    apply_mask(piece, load_mask(mask, mask_at_));
  }
  mask_at_ += size;
  remaining_ -= size;
  const bool in_place = remaining_ == 0 && final_ && joined().empty();
  if (!in_place) joined().append(piece.data(), piece.size());
  if (remaining_ > 0) return Event::need_more;
  in_payload_ = false;
  head_size_ = 0;
  if (!final_) return std::nullopt;
  payload = piece;
  if (!in_place) {
    handed_ = &joined();
    handed_->append(kReadPadding, '\0');
    payload = std::span<char>(*handed_).first(handed_->size() - kReadPadding);
  }
  return finish(payload);
}

WebSocketParser::Event WebSocketParser::finish(std::span<char>& payload) {
  switch (opcode_) {
    case WebSocketOpcode::close: return finish_close(payload);
    case WebSocketOpcode::ping: return Event::ping;
    case WebSocketOpcode::pong: return Event::pong;
    default: break;
  }
  const bool text = message_ == WebSocketOpcode::text;
  message_ = WebSocketOpcode::continuation;
  if (text && !is_utf8(payload)) return fail(WebSocketError::bad_text);
  return text ? Event::text : Event::binary;
}

WebSocketParser::Event WebSocketParser::finish_close(std::span<char>& payload) {
  if (payload.size() == 1) return fail(WebSocketError::bad_close);
  close_code_ = kCloseNoCode;
  if (payload.empty()) return Event::close;
  const auto high = static_cast<unsigned char>(payload[0]);
  const auto low = static_cast<unsigned char>(payload[1]);
  close_code_ = static_cast<std::uint16_t>(high << 8 | low);
  payload = payload.subspan(2);
  if (!may_be_sent(close_code_)) return fail(WebSocketError::bad_close);
  if (!is_utf8(payload)) return fail(WebSocketError::bad_text);
  return Event::close;
}

WebSocketParser::Event WebSocketParser::fail(WebSocketError error) {
  error_ = error;
  return Event::error;
}

}  // namespace gauntlet::wire
