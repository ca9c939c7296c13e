// Toxic: one rule of the fault proxy. Kinds, streams and attributes have toxiproxy's names
// (https://github.com/Shopify/toxiproxy, README); the kinds that know MCP messages are ours.
// A plain value that lies in shared memory: trivially copyable, no pointers.
//
// As text:  latency:ms=100,jitter=20,share=0.5,stream=upstream,ttl=30s,name=slow
// As JSON:  {"name":"slow","type":"latency","stream":"upstream","toxicity":0.5,"ttl_ms":30000,
//            "attributes":{"ms":100,"jitter":20}}
// Both refuse what does not fit together, in one line.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "core/clock.h"
#include "core/result.h"

namespace gauntlet::chaos {

inline constexpr std::size_t kToxicNameBytesMax = 47;
inline constexpr std::uint64_t kToxicMillisMax = 3'600'000;

enum class ToxicKind : std::uint8_t {
  // On bytes:
  latency,     // each chunk later by ms, give or take up to jitter
  bandwidth,   // at most `rate` KB (1,000 bytes) a second
  slow_close,  // the end of the stream later by ms
  timeout,     // nothing passes; after ms (0: never) the connection is closed. What waits is
               // passed on if the toxic ends before that
  reset_peer,  // RST to both sides ms after the connection or the toxic began
  slicer,      // pieces of `size` bytes, give or take `variation`, delay_us apart
  limit_data,  // closed after `bytes` bytes of the stream
  down,        // connections are reset, and new ones as soon as they are accepted
  // On answers (JSON-RPC results and errors from the server):
  drop_answer,       // never passed on
  duplicate_answer,  // passed on twice; a JSON body becomes an event stream that holds it twice
  corrupt_answer,    // the top bit of one byte flips: no longer JSON
  wrong_id,          // another id of the same type
  delay_answer,      // later by ms, and all behind it on that connection too
  cut_sse,           // the event stream ends for ever in the middle of the answer
  // On requests over HTTP: answered by the proxy, unseen by the server.
  http_status,  // 404 (with a session only), 429 or 503, both with Retry-After
};
inline constexpr std::size_t kToxicKindCount = 15;

enum class ToxicValue : std::uint8_t {
  ms,
  jitter,  // ms
  rate,
  bytes,
  size,
  variation,
  delay_us,
  nth,       // each nth answer; 0: a share of them
  max,       // so many at most; 0: no limit
  openings,  // 1: answers to initialize, server/discover and tools/list too
  status,
  retry_after,  // s
};
inline constexpr std::size_t kToxicValueCount = 12;

// Of data: upstream goes from the client to the server. Also the number of the side that it is
// read from.
enum class ProxyStream : std::uint8_t { upstream, downstream, both };

struct Toxic {
  std::array<char, kToxicNameBytesMax + 1> name_text{};  // ends with a zero
  ToxicKind kind = ToxicKind::latency;
  ProxyStream stream = ProxyStream::downstream;
  double share = 1;  // of connections (toxiproxy's toxicity); for answers without nth: of answers
  core::Nanos ttl_ns = 0;  // 0: until it is taken away
  std::array<std::uint64_t, kToxicValueCount> values{};

  std::string_view name() const { return name_text.data(); }
  std::uint64_t value(ToxicValue which) const { return values[static_cast<std::size_t>(which)]; }
  core::Nanos ms_ns() const {
    return static_cast<core::Nanos>(value(ToxicValue::ms)) * core::kMillisecond;
  }
  bool on_messages() const { return kind >= ToxicKind::drop_answer; }
  bool concerns(ProxyStream data) const { return stream == ProxyStream::both || stream == data; }
};

std::string_view to_string(ToxicKind kind);

core::Result<Toxic> parse_toxic(std::string_view text);
core::Result<Toxic> toxic_of_json(std::string_view json);
boost::json::object json_of(const Toxic& toxic);

}  // namespace gauntlet::chaos
