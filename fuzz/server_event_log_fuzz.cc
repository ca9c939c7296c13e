// Any sequence of appends, reads and forgets on one small ring of events, held against a model that
// keeps everything: what a read finds is the end of what was appended, and a hole is told. Three
// bytes an operation. The input is tried as an event id too.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/check.h"
#include "server/event_log.h"
#include "server/event_ring.h"

using namespace gauntlet::server;

namespace {

constexpr std::size_t kCapacity = 1024;
constexpr std::size_t kBytesMax = 1500;  // of an input: longer ones find no more

struct Stream {
  std::map<std::uint64_t, std::string> events;  // all there ever were
  std::uint64_t last = 0;
  bool ended = false;
};

struct Fuzzed {
  struct alignas(64) Line {
    std::byte bytes[64];
  };

  void append(unsigned stream, std::size_t bytes, bool final);
  void read(unsigned stream, std::uint64_t after);
  void forget(unsigned stream);

  static SessionKey session_of(unsigned stream) { return {0, stream % 3}; }

  std::vector<Line> memory{EventRing::bytes_for(kCapacity) / sizeof(Line)};
  EventRing ring{memory.data()->bytes, kCapacity};
  std::map<unsigned, Stream> model;
};

void Fuzzed::append(unsigned stream, std::size_t bytes, bool final) {
  Stream& expected = model[stream];
  std::string json = std::to_string(stream) + ":" + std::string(bytes, 'x');
  const std::uint64_t number = ring.append(session_of(stream), stream, json, final);
  // More where others pushed the stream out of the table.
  GAUNTLET_CHECK(number > expected.last || expected.ended);
  expected.last = number;
  expected.ended = expected.ended || final;
  expected.events[number] = std::move(json);
}

void Fuzzed::read(unsigned stream, std::uint64_t after) {
  const auto found = ring.read(session_of(stream), stream, after);
  Stream& expected = model[stream];
  if (!found.known) return GAUNTLET_CHECK(found.events.empty());
  GAUNTLET_CHECK(after <= expected.last);
  std::uint64_t next = expected.last;
  bool hole = false;
  for (const auto& event : found.events) {
    GAUNTLET_CHECK(event.number > after && event.number <= next);
    GAUNTLET_CHECK(found.bytes.substr(event.begin, event.size) == expected.events[event.number]);
    hole = hole || event.number != next;
    next = event.number - 1;
  }
  GAUNTLET_CHECK(found.gap == (hole || next > after));
  GAUNTLET_CHECK(!found.ended || expected.ended);
}

void Fuzzed::forget(unsigned stream) {
  ring.forget(session_of(stream));
  std::erase_if(model,
                [&](const auto& entry) { return session_of(entry.first) == session_of(stream); });
}

void try_event_id(std::string_view text) {
  const auto id = parse_event_id(text);
  GAUNTLET_CHECK(!id || text_of(*id) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  try_event_id({reinterpret_cast<const char*>(data), size});
  Fuzzed fuzzed;
  for (std::size_t at = 0; at + 2 < std::min(size, kBytesMax); at += 3) {
    const unsigned stream = data[at + 1];
    switch (data[at] % 8) {
      case 0: fuzzed.ring.repair(); break;
      case 1: fuzzed.forget(stream); break;
      case 2:
      case 3: fuzzed.read(stream, data[at + 2]); break;
      default: fuzzed.append(stream, data[at + 2], data[at] % 8 == 4); break;
    }
  }
  for (const auto& [stream, expected] : fuzzed.model) fuzzed.read(stream, 0);
  return 0;
}
