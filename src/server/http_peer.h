// HttpPeer: one HTTP connection and the request on it that is being read or answered.
// Exchange: a POST whose answer did not come at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mcp/revision.h"
#include "server/auth.h"
#include "server/batch.h"
#include "server/http_request.h"
#include "server/outlet.h"
#include "server/transport.h"
#include "wire/http_memo.h"

namespace gauntlet::server {

// An event stream of a session; number 0 is the standalone one.
struct StreamKey {
  SessionKey session;
  std::uint32_t number = 0;

  bool operator==(const StreamKey&) const = default;
};

// Held by its outlets, and by its peer as long as that is there: in a session it outlives the
// connection, and its messages go into the event log.
struct Exchange {
  ReturnPath path;
  mcp::Revision revision = mcp::kLatestStateless;
  std::optional<SessionKey> session;
  std::uint32_t stream = 0;   // its event stream's number in the session, once begun
  bool may_stream = false;    // the client takes events
  bool begun = false;         // the event stream has begun
  bool more = false;          // messages of the batch are still to be handled
  std::vector<CallId> calls;  // whose answers are still to come
  std::optional<BatchAnswers> batch;
  std::string extra_headers;

  bool complete() const { return calls.empty() && !more; }
};

struct HttpPeer final : Peer {
  explicit HttpPeer(wire::HttpHeadMemo& heads) : parser(heads) {}

  wire::HttpParser parser;
  std::string body;                   // of a request that came in parts
  std::span<char> whole;              // of one that came whole
  bool in_body = false;               // its head is complete
  bool continued = false;             // 100 Continue was sent
  std::optional<AuthRefusal> denied;  // its body is not kept
  // Of the request being answered:
  bool keep_alive = true;
  bool head_only = false;
  bool http_1_0 = false;
  AnswerFormat format = AnswerFormat::json;
  std::shared_ptr<Exchange> exchange;
  // The event stream that it is being answered with:
  bool events = false;
  std::optional<StreamKey> stream_key;  // of a session
  bool http_sse = false;                // the whole session is this stream (2024-11-05)
  core::Nanos last_event_ns = 0;
};

}  // namespace gauntlet::server
