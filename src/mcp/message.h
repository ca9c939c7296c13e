// Message: what one JSON-RPC message from a client says, as far as a server needs it.
// One pass with simdjson; nothing is copied but unescaped strings (method, names), which lie in the
// Reader: every view holds until the Reader's next document or until the bytes go away.
//
// The id is kept as the token that stands in the message, so that an answer repeats it byte for
// byte: "a" or 007's lawful cousins such as -3 and 18446744073709551617 come back as they came.
// MCP allows strings and integers; null, fractions, exponents, arrays are invalid requests.
// All of it has to be well-formed, also what is not looked at. A repeated key counts by its last
// value.
// Specification: JSON-RPC 2.0 section 4; MCP basic/index (Messages), 2024-11-05 to 2026-07-28.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "json/reader.h"

namespace gauntlet::mcp {

inline constexpr std::size_t kIdBytesMax = 4096;
inline constexpr int kDepthMax = 128;  // of arrays and objects in each other
inline constexpr std::size_t kFirstArguments = 4;

struct Argument {
  std::string_view name;
  std::string_view token;  // all of a scalar; of an array or object only its bracket
};

struct Message {
  enum class Kind : std::uint8_t { request, notification, response };

  Kind kind = Kind::notification;
  std::string_view id;      // raw token; empty for a notification
  std::string_view method;  // empty for a response

  // Of params; empty where absent or of another type.
  std::string_view name;                                  // tools/call, prompts/get
  std::string_view uri;                                   // resources/read
  std::string_view task_id;                               // tasks/…
  std::string_view arguments;                             // raw JSON of an object, or empty
  std::size_t argument_count = 0;                         // its fields
  std::array<Argument, kFirstArguments> first_arguments;  // … as many as there is room for
  std::string_view protocol_version;                      // initialize
  bool has_cursor = false;                                // lists: not the first page
  bool has_task = false;  // tools/call: it is to run as a task (2025-11-25)

  // Of params._meta: the claim to belong to the stateless era.
  bool has_claim = false;                // the protocolVersion key is there, whatever its type
  bool has_client_capabilities = false;  // … and is an object
  std::string_view claimed_version;      // empty where it is not a string
};

struct MessageError {
  int code = 0;  // kParseError or kInvalidRequest
  std::string_view text;
  std::string_view id;  // raw token where one could be read
};

// `bytes` must be followed by wire::kReadPadding readable bytes.
std::expected<Message, MessageError> parse_message(json::Reader& reader,
                                                   std::span<const char> bytes);

}  // namespace gauntlet::mcp
