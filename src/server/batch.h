// JSON-RPC batches, which sessions of revision 2025-03-26 may send, and no others: an array of
// messages in, an array of answers out (2025-03-26 basic/index, Batching).
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mcp/rules.h"
#include "server/answer.h"
#include "server/caller.h"

namespace gauntlet::server {

inline bool takes_batches(const LocalSession& local) {
  return local.opened && local.session.revision == mcp::Revision::v2025_03_26;
}

// Whether the text begins like an array.
bool is_batch(std::span<const char> json);

// Its messages, each followed by the padding that the reader needs. Refused as a whole: what is not
// a JSON array, or an empty or too long one, and any that holds an initialize or a message of the
// stateless era. A message that is wrong in itself is left to be answered as such.
std::expected<std::vector<std::string>, mcp::Refusal> split_batch(std::span<const char> json,
                                                                  std::size_t messages_max);

// One of them without its padding.
std::span<const char> message_of(const std::string& padded);

// The answers to a batch as they come together.
class BatchAnswers {
 public:
  void expect() { ++pending_; }
  void add(const Answer& answer);
  // One that was expected; without a body: there will be none.
  void take(const Answer& answer);

  bool complete() const { return pending_ == 0; }
  bool empty() const { return answers_.empty(); }
  // As a JSON array.
  std::string text() const;
  std::vector<std::string> take_all() { return std::exchange(answers_, {}); }

 private:
  std::uint32_t pending_ = 0;
  std::vector<std::string> answers_;
};

}  // namespace gauntlet::server
