#include "wire/web_socket_write.h"

#include <algorithm>

#include "core/check.h"
#include "wire/web_socket_mask.h"

namespace gauntlet::wire {
namespace {

constexpr std::size_t kReasonBytesMax = kControlPayloadBytesMax - 2;

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out += static_cast<char>(value >> shift & 0xFF);
}

void append_frame_head(std::string& out, WebSocketOpcode opcode, std::size_t size, bool masked,
                       bool final) {
  const unsigned mask_bit = masked ? 0x80 : 0;
  GAUNTLET_CHECK(opcode < WebSocketOpcode::close || size <= kControlPayloadBytesMax);
  out += static_cast<char>(static_cast<unsigned>(opcode) | (final ? 0x80U : 0U));
  const unsigned length = size < 126 ? static_cast<unsigned>(size) : size <= 0xFFFF ? 126 : 127;
  out += static_cast<char>(mask_bit | length);
  if (length == 126) append_big_endian(out, size, 2);
  if (length == 127) append_big_endian(out, size, 8);
}

std::string_view cut_reason(std::string_view reason) {
  if (reason.size() <= kReasonBytesMax) return reason;
  std::size_t size = kReasonBytesMax;
  while (size > 0 && (static_cast<unsigned char>(reason[size]) & 0xC0) == 0x80) --size;
  return reason.substr(0, size);
}

}  // namespace

void append_web_socket_frame(std::string& out, WebSocketOpcode opcode, std::string_view payload) {
  append_frame_head(out, opcode, payload.size(), false, true);
  out += payload;
}

void append_web_socket_close(std::string& out, std::uint16_t code, std::string_view reason) {
  if (code == kCloseNoCode) return append_web_socket_frame(out, WebSocketOpcode::close, {});
  reason = cut_reason(reason);
  append_frame_head(out, WebSocketOpcode::close, reason.size() + 2, false, true);
  append_big_endian(out, code, 2);
  out += reason;
}

void append_masked_frame(std::string& out, WebSocketOpcode opcode, std::string_view payload,
                         const WebSocketMask& mask, bool final) {
  append_frame_head(out, opcode, payload.size(), true, final);
  out.append(mask.begin(), mask.end());
  const std::size_t at = out.size();
  out += payload;
  apply_mask(std::span<char>(out).subspan(at), load_mask(mask, 0));
}

}  // namespace gauntlet::wire
