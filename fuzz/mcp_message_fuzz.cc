// What clients send, through parsing and the rules: no input harms, and what is accepted can be
// answered: its id fits into an answer, and every refusal is a message itself. What was read of
// arguments in passing is what they say when they are read alone. Lines that were read after each
// other with a memo are what each is alone.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "../test/mcp/describe.h"
#include "core/check.h"
#include "mcp/message_memo.h"
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

void check_arguments(const mcp::Message& message) {
  std::size_t count = 0;
  if (message.arguments.empty()) return GAUNTLET_CHECK(message.argument_count == 0);
  const Padded padded(message.arguments);
  json::Reader reader;
  json::ondemand::document document;
  json::ondemand::object fields;
  GAUNTLET_CHECK(!reader.open(padded.span()).get(document));
  GAUNTLET_CHECK(!document.get_object().get(fields));
  for (auto field : fields) {
    std::string_view name, token;
    GAUNTLET_CHECK(!field.unescaped_key().get(name));
    GAUNTLET_CHECK(!field.value().raw_json_token().get(token));
    token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
    if (count < message.first_arguments.size()) {
      GAUNTLET_CHECK(message.first_arguments[count].name == name);
      GAUNTLET_CHECK(message.first_arguments[count].token == token);
    }
    ++count;
  }
  GAUNTLET_CHECK(count == message.argument_count);
}

// Twice, so that the second time all are known.
void check_memo(std::string_view lines) {
  mcp::MessageMemo memo;
  json::Reader reader, other_reader;
  for (int round = 0; round < 2; ++round) {
    for (std::string_view rest = lines; !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      const Padded padded(line);
      const auto with = memo.parse(reader, padded.span());
      const auto without = mcp::parse_message(other_reader, padded.span());
      GAUNTLET_CHECK(with.has_value() == without.has_value());
      GAUNTLET_CHECK(with ? mcp::describe(**with) == mcp::describe(*without)
                          : with.error().text == without.error().text);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Padded padded({reinterpret_cast<const char*>(data), size});
  check_memo({padded.bytes.data(), size});
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
  check_arguments(*message);
  return 0;
}
