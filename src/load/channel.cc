#include "load/channel.h"

#include <string_view>

namespace gauntlet::load {
namespace {

constexpr wire::HttpLimits kAnswerLimits{.head_bytes_max = 64 * 1024,
                                         .body_bytes_max = kAnswerBytesMax};

bool starts_with_type(std::string_view value, std::string_view type) {
  if (value.size() < type.size()) return false;
  for (std::size_t i = 0; i < type.size(); ++i) {
    const char c = value[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != type[i]) return false;
  }
  return value.size() == type.size() || value[type.size()] == ';' || value[type.size()] == ' ';
}

AnswerFacts facts_of(const wire::HttpHead& head) {
  const std::string_view type = head.value_of("content-type");
  return {
      .exchange = {.status = head.status,
                   .keep_alive = head.keep_alive,
                   .refused_for_load = head.status == 429 ||
                                       (head.status == 503 && head.find("retry-after") != nullptr),
                   .event_stream = starts_with_type(type, "text/event-stream")},
      .json_body = starts_with_type(type, "application/json")};
}

wire::HttpParser parser_with(AnswerHeads* heads) {
  if (heads != nullptr) return wire::HttpParser(heads->memo);
  return {wire::HttpParser::Role::response, kAnswerLimits};
}

}  // namespace

AnswerHeads::AnswerHeads() : memo(wire::HttpParser::Role::response, kAnswerLimits) {}

Channel::Channel(Transport transport, AnswerHeads* heads) {
  if (transport != Transport::http) return;
  http_ = std::make_unique<Http>(parser_with(heads));
  http_->heads = heads;
}

AnswerFacts Channel::answer_facts() const {
  const wire::HttpParser& parser = http_->parser;
  return http_->heads == nullptr ? facts_of(parser.head())
                                 : http_->heads->facts.of(parser, facts_of);
}

void Channel::begin_answer() {
  const AnswerFacts facts = answer_facts();
  http_->in_answer = true;
  http_->json_body = facts.json_body;
  http_->exchange = facts.exchange;
  if (!http_->exchange.event_stream) return;
  http_->events = wire::SseParser(kAnswerBytesMax);
  http_->retry_ms = 0;
}

}  // namespace gauntlet::load
