// Answer: what one JSON-RPC message from a server says, as far as verification needs it.
// Reads every top-level field and the result's shape in one pass; nothing is copied, so views hold
// as long as the bytes. Whether the message is the right one (id, nonce) is its caller's to judge.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "json/reader.h"
#include "mcp/revision.h"

namespace gauntlet::mcp {

struct Answer {
  enum class Kind : std::uint8_t {
    invalid,  // not JSON, or not a JSON-RPC 2.0 message
    result,
    error,
    request,  // the server asks us something
    notification,
  };

  Kind kind = Kind::invalid;
  bool has_number_id = false;  // the type that we send
  std::uint64_t id = 0;
  std::string_view raw_id;  // as it stands in the message, for answering requests
  std::string_view method;  // requests and notifications
  std::int64_t error_code = 0;
  std::string_view error_message;

  // Of the result:
  bool is_error = false;              // tools/call: isError
  bool has_content = false;           // a well-formed content array
  std::string_view text;              // of its last text block
  bool has_tools = false;             // a tools array
  std::string_view result_type;       // stateless era: "complete", "input_required", …
  std::string_view protocol_version;  // initialize
  bool discovers_stateless = false;   // server/discover: supportedVersions holds 2026-07-28
  std::string_view server_name, server_version;
};

// `bytes` must be followed by wire::kReadPadding readable bytes.
Answer read_answer(json::Reader& reader, std::span<const char> bytes);

// The result has the shape that this method's results have in that revision.
bool shape_fits(const Answer& answer, std::string_view method, Revision revision);

}  // namespace gauntlet::mcp
