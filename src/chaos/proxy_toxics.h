// ProxyToxics: the toxics in force as one process of the proxy sees them, and its choices: which
// connections a toxic has to do with, and which answers. A choice follows from the seed, the
// toxic's running number and that of the connection or answer, and from nothing else.
// Belongs to one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "chaos/proxy_board.h"
#include "core/random.h"

namespace gauntlet::chaos {

// What a toxic needs to know of an answer, or of a request, to have an effect on it.
struct MessageFacts {
  std::uint64_t connection = 0;
  bool opening = false;   // initialize, server/discover, tools/list
  bool request = false;   // over HTTP; else an answer
  bool session = false;   // the request names one
  bool events = false;    // the answer is an event
  bool has_id = false;    // that can be replaced: a number or a string
  bool editable = false;  // its bytes lie in a row
};

struct MessagePick {
  std::size_t place = 0;
  Toxic toxic;
  std::uint64_t random = 0;
};

class ProxyToxics {
 public:
  // `process`: its number among those of the board.
  ProxyToxics(ProxyBoard& board, std::size_t process);

  struct Change {
    ToxicSet begun = 0, ended = 0;
  };
  // Looks at the board, if it changed or a toxic is overdue.
  Change refresh(core::Nanos now);

  ToxicSet on_bytes() const { return on_bytes_; }
  // Those of them that end connections by time.
  ToxicSet ending() const { return ending_; }
  const ToxicRow& row(std::size_t place) const { return table_[place]; }
  // For a toxic on bytes: whether it has to do with that connection.
  bool concerns(std::size_t place, std::uint64_t connection) const;
  ToxicCounters& counters(std::size_t place) const { return board_.counters(place); }
  ProxyTotals& totals() const { return board_.totals(); }
  std::uint64_t seed() const { return board_.seed(); }

  // The effect on this message, if any; counts it as had. Of several toxics the first that chooses
  // the message has it.
  std::optional<MessagePick> pick(const MessageFacts& facts) const;

 private:
  std::uint64_t random_of(std::size_t place, std::uint64_t number) const;
  bool fits(const Toxic& toxic, const MessageFacts& facts) const;
  bool choose(std::size_t place, std::uint64_t& random) const;

  ProxyBoard& board_;
  std::size_t process_;
  std::uint64_t version_ = 0;
  core::Nanos next_end_ns_ = INT64_MAX;
  ToxicTable table_{};
  ToxicSet active_ = 0, on_bytes_ = 0, on_messages_ = 0, ending_ = 0;
};

}  // namespace gauntlet::chaos
