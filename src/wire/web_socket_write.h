// WebSocket frames appended to a send buffer (RFC 6455 section 5). Nothing here keeps state.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "wire/web_socket.h"

namespace gauntlet::wire {

// What a server sends: whole and unmasked. The payload of ping and pong: 125 bytes at most.
void append_web_socket_frame(std::string& out, WebSocketOpcode opcode, std::string_view payload);

// A close frame; a reason beyond 123 bytes is cut, between characters. kCloseNoCode: an empty one.
void append_web_socket_close(std::string& out, std::uint16_t code, std::string_view reason = {});

// What a client sends: each frame with a mask of its own, which the peer must not be able to guess.
// final: false where fragments of the message follow.
using WebSocketMask = std::array<unsigned char, 4>;
void append_masked_frame(std::string& out, WebSocketOpcode opcode, std::string_view payload,
                         const WebSocketMask& mask, bool final = true);

}  // namespace gauntlet::wire
