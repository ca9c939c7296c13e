#include "server/batch.h"

#include "json/reader.h"
#include "mcp/message.h"
#include "wire/http.h"

namespace gauntlet::server {
namespace {

using Messages = std::vector<std::string>;
namespace ondemand = json::ondemand;

// What is not an object is wrong whatever it is.
constexpr std::string_view kNoMessage = "0";

std::unexpected<mcp::Refusal> refuse(int code, std::string_view text) {
  return std::unexpected(mcp::Refusal{code, 400, text});
}

simdjson::error_code collect(json::Reader& reader, std::span<const char> json,
                             std::size_t messages_max, Messages& messages) {
  ondemand::document document;
  if (const auto error = reader.open(json).get(document)) return error;
  ondemand::array array;
  if (const auto error = document.get_array().get(array)) return error;
  for (auto element : array) {
    if (messages.size() > messages_max) return simdjson::SUCCESS;
    std::string_view text = kNoMessage;
    ondemand::json_type type{};
    if (const auto error = element.type().get(type)) return error;
    if (type == ondemand::json_type::object) {
      ondemand::object object;
      if (const auto error = element.get_object().get(object)) return error;
      if (const auto error = object.raw_json().get(text)) return error;
    }
    messages.emplace_back(text).append(wire::kReadPadding, ' ');
  }
  return document.current_location().error() == simdjson::OUT_OF_BOUNDS
             ? simdjson::SUCCESS
             : simdjson::TRAILING_CONTENT;
}

bool may_be_in_a_batch(json::Reader& reader, const std::string& padded) {
  const auto message = mcp::parse_message(reader, message_of(padded));
  return !message || (message->method != "initialize" && !message->has_claim);
}

}  // namespace

bool is_batch(std::span<const char> json) {
  for (const char c : json)
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') return c == '[';
  return false;
}

std::span<const char> message_of(const std::string& padded) {
  return std::span(padded).first(padded.size() - wire::kReadPadding);
}

std::expected<Messages, mcp::Refusal> split_batch(std::span<const char> json,
                                                  std::size_t messages_max) {
  json::Reader reader;
  Messages messages;
  if (collect(reader, json, messages_max, messages) != simdjson::SUCCESS)
    return refuse(mcp::kParseError, "not a JSON array");
  if (messages.empty()) return refuse(mcp::kInvalidRequest, "an empty batch");
  if (messages.size() > messages_max)
    return refuse(mcp::kInvalidRequest, "too many messages in a batch");
  for (const std::string& message : messages)
    if (!may_be_in_a_batch(reader, message))
      return refuse(mcp::kInvalidRequest, "neither initialize nor stateless messages in a batch");
  return messages;
}

void BatchAnswers::add(const Answer& answer) {
  if (!answer.body.empty() && answer.delivery.copies > 0) answers_.emplace_back(answer.body);
}

std::string BatchAnswers::text() const {
  std::string text = "[";
  for (const std::string& answer : answers_) {
    if (text.size() > 1) text += ',';
    text += answer;
  }
  return text + "]";
}

void BatchAnswers::take(const Answer& answer) {
  --pending_;
  add(answer);
}

}  // namespace gauntlet::server
