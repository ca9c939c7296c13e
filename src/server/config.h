// Config: everything that decides how a server behaves, as plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/version.h"
#include "net/endpoint.h"
#include "net/loop.h"
#include "net/tls_context.h"
#include "server/auth_config.h"
#include "server/bad.h"
#include "server/gate.h"

namespace gauntlet::server {

struct Credentials;

// Every bound of the server, by name.
struct Limits {
  std::size_t connections_max = 19'000;     // of one worker; fewer where descriptors are scarce
  std::size_t refusals_max = 256;           // … beyond those, that are told so and closed
  std::size_t head_bytes_max = 16 * 1024;   // of an HTTP request
  std::size_t message_bytes_max = 1 << 20;  // of a body or a line
  std::size_t turn_messages_max = 64;       // of one connection; then all others come first
  std::size_t output_bytes_max = 1 << 20;   // unsent on one connection; beyond, reading pauses
  std::size_t backlog_bytes_max = 4 << 20;  // … beyond this, the peer is cut off
  std::size_t held_bytes_max = 8 << 20;     // read but not yet served; beyond, the peer is cut off
  double drains_per_second = 8;  // reads of what comes after the end, of a transport's peers
  double drains_at_once = 64;    // … after a pause
  std::size_t sessions_max = 100'000;
  std::size_t events_bytes_per_shard = 1 << 20;       // of event streams, kept for resumption
  std::size_t later_max = 100'000;                    // calls that are answered later, all together
  std::size_t peer_calls_max = 1000;                  // … on one connection of lines or WebSocket
  std::size_t session_calls_max = 1000;               // … of one HTTP session, at one worker
  std::size_t session_streams_max = 64;               // event streams of one session, at one worker
  std::size_t batch_max = 64;                         // messages in a JSON-RPC batch (2025-03-26)
  std::size_t jobs_max = 1000;                        // of the whole server, over or not
  std::size_t jobs_share_max = 100;                   // … of one session or principal
  std::size_t job_bytes_max = 256 * 1024;             // of a job's questions, or of its outcome
  core::Nanos job_ttl_ns = 300 * core::kSecond;       // for which a job is kept, from its beginning
  core::Nanos job_ttl_max_ns = 3600 * core::kSecond;  // … where its client asks for longer
  core::Nanos session_idle_ns = 1800 * core::kSecond;
  core::Nanos idle_ns = 300 * core::kSecond;  // of an HTTP connection that has nothing to wait for
  core::Nanos message_ns = 30 * core::kSecond;      // from a message's first byte to its last
  core::Nanos output_ns = 30 * core::kSecond;       // for a full output buffer to drain
  core::Nanos half_closed_ns = 30 * core::kSecond;  // for answers to a peer that sent its FIN
  core::Nanos question_ns = 60 * core::kSecond;     // for a client to answer a question
  core::Nanos keep_alive_ns = 15 * core::kSecond;   // of silence on an event stream
  core::Nanos retry_ns = core::kSecond;             // after which a client may resume its stream
  core::Nanos resume_ns =
      60 * core::kSecond;  // a lost standalone stream is written on for that long
  core::Nanos linger_ns = 2 * core::kSecond;           // from our FIN to the peer's
  core::Nanos hold_back_ns = 10 * core::kMillisecond;  // from a refusal for load to the next share
  core::Nanos stop_ns = 5 * core::kSecond;             // for calls in flight, once told to stop
};

// More workers than this dead within the window: the server gives up.
struct RestartLimit {
  std::size_t count = 5;
  core::Nanos window = 60 * core::kSecond;
};

// Where failpoints are ordered (failpoint_control.h), and the token that whoever orders shows.
struct FailpointAccess {
  net::Endpoint where;  // loopback or a Unix socket
  std::string token;
};

// How an answer to a POST is sent. automatic: as JSON, unless the client takes only SSE.
enum class AnswerMode : std::uint8_t { automatic, json, sse };

struct Config {
  std::vector<net::Endpoint> http;   // Streamable HTTP on /mcp, and /health, /ready, /metrics
  std::vector<net::Endpoint> lines;  // one JSON message a line, over TCP or a Unix socket
  std::string name = "gauntlet-serve";
  std::string version = std::string(core::kVersion);
  AnswerMode answer_mode = AnswerMode::automatic;
  BadKind bad = BadKind::none;
  std::uint64_t bad_every = 100;     // every how many tools/call
  bool parent_death_signal = false;  // stop when the process that started us ends
  net::TlsFiles tls;                 // of the HTTP listeners; without a certificate: plain
  AuthConfig auth;                   // of their requests
  std::shared_ptr<const Credentials> credentials;  // what those two name, read; null: neither
  std::size_t workers = 1;                         // processes, 1 … kWorkersMax
  net::Io io = net::Io::automatic;                 // behind their event loops
  RestartLimit restart_limit = {};
  std::size_t page_size = 50;  // entries in one page of a list
  bool conformance = false;    // the official suite's tools, resources and prompts, too
  std::optional<FailpointAccess> failpoints;  // without it there are none
  FlowLimits flow;                            // off
  Limits limits;
};

}  // namespace gauntlet::server
