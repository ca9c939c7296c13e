// WebSocket frames as a sans-I/O parser (RFC 6455): bytes in, whole messages out, for both roles.
//
//   while ((event = parser.next(bytes, payload)) is a message, ping, pong or close) …
//
// Takes fragmented messages and control frames between their fragments, however the bytes are
// split. A message that lies whole in one frame in the caller's bytes is unmasked there, in place;
// every other is joined in the parser. `payload` holds until the next call, and kReadPadding
// readable bytes follow it, given that the input has them.
// Strict as section 5 says: reserved bits (no extension is ever agreed on) and opcodes, a missing
// mask from a client or any from a server, lengths that are longer than need be, fragmented or long
// control frames, text that is not UTF-8 (8.1) and close codes that must not be sent (7.4).
// Bounded: `message_bytes_max` for a message, all its fragments together; the length that a frame
// claims reserves nothing. Not thread-safe; one parser a stream.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "wire/http.h"

namespace gauntlet::wire {

enum class WebSocketOpcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

inline constexpr std::size_t kControlPayloadBytesMax = 125;

// Close codes (section 7.4.1) that are sent here.
inline constexpr std::uint16_t kCloseNormal = 1000;
inline constexpr std::uint16_t kCloseGoingAway = 1001;
inline constexpr std::uint16_t kCloseProtocolError = 1002;
inline constexpr std::uint16_t kCloseUnsupported = 1003;
inline constexpr std::uint16_t kCloseNoCode = 1005;  // never sent: the frame had none
inline constexpr std::uint16_t kCloseBadText = 1007;
inline constexpr std::uint16_t kCloseRefused = 1008;
inline constexpr std::uint16_t kCloseTooLarge = 1009;
inline constexpr std::uint16_t kCloseServerError = 1011;

enum class WebSocketError : std::uint8_t {
  none,
  reserved_bits,
  bad_opcode,
  bad_mask,     // missing from a client, present from a server
  bad_length,   // not in the fewest bytes, or beyond 63 bits
  bad_control,  // fragmented or longer than 125 bytes
  bad_order,    // a continuation of nothing, or a message begun within another
  message_too_large,
  bad_text,   // not UTF-8
  bad_close,  // half a code, or one that must not be sent
};
std::string_view to_string(WebSocketError error);
// With which code the connection is to be closed.
std::uint16_t close_code_of(WebSocketError error);

class WebSocketParser {
 public:
  // Which end this is: a server takes masked frames only, a client unmasked ones.
  enum class Role : std::uint8_t { server, client };
  enum class Event : std::uint8_t { need_more, text, binary, ping, pong, close, error };

  WebSocketParser(Role role, std::size_t message_bytes_max)
      : role_(role), message_bytes_max_(message_bytes_max) {}

  // Consumes from the front of `bytes`, all of them at need_more. The payload of a close is its
  // reason. After close nothing counts any more: all is taken and dropped. After error the parser
  // stays there and takes nothing.
  Event next(std::span<char>& bytes, std::span<char>& payload);

  // The peer's, once it has sent a close; kCloseNoCode where it gave none.
  std::uint16_t close_code() const { return close_code_; }
  WebSocketError error() const { return error_; }
  // A frame or a fragmented message was begun and not ended.
  bool partial() const { return head_size_ > 0 || message_ != WebSocketOpcode::continuation; }

 private:
  static constexpr std::size_t kHeadBytesMax = 14;

  bool fill_head(std::size_t size, std::span<char>& bytes);
  bool take_head(std::span<char>& bytes);
  WebSocketError check_start() const;
  std::size_t head_bytes() const;
  WebSocketError read_length();
  WebSocketError begin_frame();
  std::optional<Event> take_payload(std::span<char>& bytes, std::span<char>& payload);
  Event finish(std::span<char>& payload);
  Event finish_close(std::span<char>& payload);
  Event fail(WebSocketError error);
  void release_handed();

  bool is_control() const { return opcode_ >= WebSocketOpcode::close; }
  std::string& joined() { return is_control() ? control_text_ : message_text_; }

  Role role_;
  std::size_t message_bytes_max_;
  WebSocketError error_ = WebSocketError::none;
  std::uint16_t close_code_ = 0;  // 0: the peer has not closed

  std::array<unsigned char, kHeadBytesMax> head_{};
  std::size_t head_size_ = 0;  // of the frame in progress, as far as it has come
  bool in_payload_ = false;
  bool final_ = false;
  WebSocketOpcode opcode_ = WebSocketOpcode::continuation;
  std::uint64_t remaining_ = 0;
  std::size_t mask_at_ = 0;  // offset in the payload of the byte to unmask next

  WebSocketOpcode message_ = WebSocketOpcode::continuation;  // in progress; continuation: none
  std::string message_text_;
  std::string control_text_;
  std::string* handed_ = nullptr;  // which of them is with the caller
};

}  // namespace gauntlet::wire
