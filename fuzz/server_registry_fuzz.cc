// Any sequence of operations on one small table of sessions: what a std::map would do, at any time
// of a repair too. The first byte gives the size; then two bytes an operation.
#include <algorithm>
#include <map>
#include <vector>

#include "core/check.h"
#include "server/session_table.h"

using namespace gauntlet::server;

namespace {

constexpr std::uint64_t kKeys = 32;
constexpr std::size_t kBytesMax = 500;  // of an input: longer ones find no more

// Few different hashes: chains are long.
SessionKey key_of(std::uint64_t i) { return {i, i % 3}; }

Session session_of(std::uint32_t version) {
  Session session;
  session.next_stream = version;
  session.subscriptions.fill(version);
  return session;
}

struct Fuzzed {
  explicit Fuzzed(std::uint32_t size)
      : slots(size), memory(SessionTable::bytes_for(size) / sizeof(Line)), table(bytes(), size) {}

  struct alignas(64) Line {
    std::byte bytes[64];
  };
  std::byte* bytes() { return memory.data()->bytes; }

  void apply(unsigned operation, std::uint64_t i);
  void insert(std::uint64_t i);
  void check();

  std::uint32_t slots;
  std::vector<Line> memory;
  SessionTable table;
  std::map<std::uint64_t, std::uint32_t> model;
  std::uint32_t version = 0;
};

void Fuzzed::insert(std::uint64_t i) {
  const bool inserted = table.insert(key_of(i), session_of(++version), 1);
  GAUNTLET_CHECK(inserted == (model.size() < slots));
  if (inserted) model[i] = version;
}

void Fuzzed::apply(unsigned operation, std::uint64_t i) {
  SessionTable::Slot* slot = table.find(key_of(i));
  GAUNTLET_CHECK((slot != nullptr) == model.contains(i));
  if (operation == 3) {
    table.repair();
  } else if (slot == nullptr) {
    insert(i);
  } else if (operation == 0) {
    table.erase(*slot);
    model.erase(i);
  } else {
    table.assign(*slot, session_of(++version));
    model[i] = version;
  }
}

void Fuzzed::check() {
  GAUNTLET_CHECK(table.count() == model.size());
  GAUNTLET_CHECK(table.is_full() == (model.size() == slots));
  for (std::uint64_t i = 0; i < kKeys; ++i) {
    const SessionTable::Slot* slot = table.find(key_of(i));
    GAUNTLET_CHECK((slot != nullptr) == model.contains(i));
    if (slot == nullptr) continue;
    GAUNTLET_CHECK(slot->session.next_stream == model[i]);
    GAUNTLET_CHECK(slot->session.subscriptions.back() == model[i]);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  Fuzzed fuzzed(data[0] % 24 + 1u);
  for (std::size_t at = 1; at + 1 < std::min(size, kBytesMax); at += 2) {
    fuzzed.apply(data[at] % 4, data[at + 1] % kKeys);
    fuzzed.check();
  }
  return 0;
}
