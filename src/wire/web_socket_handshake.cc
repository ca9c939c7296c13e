#include "wire/web_socket_handshake.h"

#include <openssl/evp.h>

#include <array>
#include <cctype>

#include "core/check.h"
#include "wire/http_grammar.h"

namespace gauntlet::wire {
namespace {

using View = std::string_view;

constexpr View kKeySuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t kKeyBytes = 24;  // base64 of 16 bytes
constexpr std::size_t kSha1Bytes = 20;

bool equal(View left, View right, bool ignoring_case) {
  return ignoring_case ? equal_ignoring_case(left, right) : left == right;
}

View trimmed(View text) {
  const std::size_t from = text.find_first_not_of(" \t");
  return from == View::npos ? View() : text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

bool value_lists(View value, View token, bool ignoring_case) {
  for (;;) {
    const std::size_t comma = value.find(',');
    if (equal(trimmed(value.substr(0, comma)), token, ignoring_case)) return true;
    if (comma == View::npos) return false;
    value.remove_prefix(comma + 1);
  }
}

// In any header of that name: a list may be spread over several.
bool lists(const HttpHead& head, View name, View token, bool ignoring_case = true) {
  for (std::size_t i = 0; i < head.header_count; ++i) {
    const HttpHeader& header = head.headers[i];
    if (equal_ignoring_case(header.name, name) && value_lists(header.value, token, ignoring_case))
      return true;
  }
  return false;
}

// 16 bytes end in "==" behind a digit whose lower four bits are 0.
bool is_key(View key) {
  if (key.size() != kKeyBytes || !key.ends_with("==")) return false;
  if (View("AQgw").find(key[kKeyBytes - 3]) == View::npos) return false;
  for (const char c : key.substr(0, kKeyBytes - 2))
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '+' && c != '/') return false;
  return true;
}

void append_header(std::string& out, View name, View value) {
  if (!value.empty()) out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

bool asks_for_web_socket(const HttpHead& request) { return lists(request, "upgrade", "websocket"); }

std::expected<View, HandshakeError> check_web_socket_request(const HttpHead& request) {
  const bool has_body = request.chunked || request.content_length > 0;
  if (request.method != "GET" || request.version_minor != 1 || has_body ||
      !asks_for_web_socket(request) || !lists(request, "connection", "upgrade"))
    return std::unexpected(HandshakeError::malformed);
  if (request.value_of("sec-websocket-version") != "13")
    return std::unexpected(HandshakeError::unsupported_version);
  const View key = request.value_of("sec-websocket-key");
  if (!is_key(key) || request.count_of("sec-websocket-key") != 1)
    return std::unexpected(HandshakeError::malformed);
  return key;
}

bool offers_protocol(const HttpHead& request, View protocol) {
  return lists(request, "sec-websocket-protocol", protocol, false);
}

std::string web_socket_accept(View key) {
  const std::string text = std::string(key).append(kKeySuffix);
  std::array<unsigned char, kSha1Bytes> digest{};
  GAUNTLET_CHECK(
      EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha1(), nullptr) == 1);
  std::array<unsigned char, 32> base64{};
  const int size = EVP_EncodeBlock(base64.data(), digest.data(), kSha1Bytes);
  return {base64.begin(), base64.begin() + size};
}

void append_web_socket_answer(std::string& out, View key, View protocol, View extra_headers) {
  out += "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
  append_header(out, "Sec-WebSocket-Accept", web_socket_accept(key));
  append_header(out, "Sec-WebSocket-Protocol", protocol);
  out.append(extra_headers).append("\r\n");
}

void append_web_socket_request(std::string& out, View host, View target, View key, View protocol,
                               View extra_headers) {
  out.append("GET ").append(target).append(" HTTP/1.1\r\n");
  append_header(out, "Host", host);
  out += "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
  append_header(out, "Sec-WebSocket-Key", key);
  append_header(out, "Sec-WebSocket-Protocol", protocol);
  out.append(extra_headers).append("\r\n");
}

bool accepts_web_socket(const HttpHead& answer, View key, View protocol) {
  return answer.status == 101 && asks_for_web_socket(answer) &&
         lists(answer, "connection", "upgrade") &&
         answer.value_of("sec-websocket-accept") == web_socket_accept(key) &&
         answer.value_of("sec-websocket-protocol") == protocol &&
         answer.find("sec-websocket-extensions") == nullptr;
}

}  // namespace gauntlet::wire
