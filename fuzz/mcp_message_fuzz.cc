// What clients send, through parsing and the rules: no input harms, and what is accepted can be
// answered: its id fits into an answer, and every refusal is a message itself.
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/check.h"
#include "mcp/message.h"
#include "mcp/rules.h"

namespace {

using namespace gauntlet;

// With the padding that parse_message asks for, in memory of exactly that size.
struct Padded {
  explicit Padded(std::string_view text) : bytes(text), size(text.size()) {
    bytes.append(simdjson::SIMDJSON_PADDING, '\0');
  }
  std::span<const char> span() const { return {bytes.data(), size}; }
  std::string bytes;
  std::size_t size;
};

void check_answerable(std::string_view id, const mcp::Refusal& refusal) {
  std::string text;
  mcp::append_error(text, id, refusal);
  const Padded padded(text);
  json::Reader reader;
  const auto answer = mcp::parse_message(reader, padded.span());
  if (id.empty()) return;  // no message that we would accept, but JSON
  GAUNTLET_CHECK(answer && answer->kind == mcp::Message::Kind::response);
  GAUNTLET_CHECK(answer->id == id);
}

void check_classified(const mcp::Message& message, const mcp::HeaderFacts* headers) {
  const auto era = mcp::classify(message, headers);
  if (!era) check_answerable(message.id, era.error());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Padded padded({reinterpret_cast<const char*>(data), size});
  json::Reader reader;
  const auto message = mcp::parse_message(reader, padded.span());
  if (!message) {
    check_answerable(message.error().id, {message.error().code, 400, message.error().text});
    return 0;
  }
  const mcp::HeaderFacts none;
  const mcp::HeaderFacts mirrored{message->claimed_version, message->method, message->name};
  const mcp::HeaderFacts stateless{"2026-07-28", message->method, message->uri};
  for (const mcp::HeaderFacts* headers :
       std::initializer_list<const mcp::HeaderFacts*>{nullptr, &none, &mirrored, &stateless})
    check_classified(*message, headers);
  mcp::negotiate(message->protocol_version);
  return 0;
}
