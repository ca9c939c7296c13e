// The opening handshake of WebSocket (RFC 6455 section 4): an HTTP/1.1 request to switch, and its
// answer. No extension is ever agreed on. Pure functions over the HTTP parser's views.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "wire/http.h"

namespace gauntlet::wire {

// Whether a request wants to switch at all (an Upgrade header that lists websocket).
bool asks_for_web_socket(const HttpHead& request);

enum class HandshakeError : std::uint8_t {
  malformed,  // 400: not a GET of HTTP/1.1 without a body, no Connection: Upgrade, bad key
  unsupported_version,  // 426, with "Sec-WebSocket-Version: 13"
};

// The key of a good request, which the answer is made from; it points into the head.
std::expected<std::string_view, HandshakeError> check_web_socket_request(const HttpHead& request);

// Whether Sec-WebSocket-Protocol lists it (a case-sensitive name).
bool offers_protocol(const HttpHead& request, std::string_view protocol);

// The value of Sec-WebSocket-Accept: base64 of SHA-1 of the key and a fixed text (4.2.2).
std::string web_socket_accept(std::string_view key);

// 101 Switching Protocols. An empty `protocol` is left out; `extra_headers` as in http_write.h.
void append_web_socket_answer(std::string& out, std::string_view key, std::string_view protocol,
                              std::string_view extra_headers);

// A client's side: the request, and whether the answer fits its key (4.1) and names the protocol.
// `key` is base64 of 16 random bytes.
void append_web_socket_request(std::string& out, std::string_view host, std::string_view target,
                               std::string_view key, std::string_view protocol,
                               std::string_view extra_headers);
bool accepts_web_socket(const HttpHead& answer, std::string_view key, std::string_view protocol);

}  // namespace gauntlet::wire
