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

}  // namespace

Channel::Channel(Transport transport) {
  if (transport == Transport::http) http_ = std::make_unique<Http>(kAnswerLimits);
}

void Channel::begin_answer() {
  const wire::HttpHead& head = http_->parser.head();
  const std::string_view type = head.value_of("content-type");
  http_->in_answer = true;
  http_->json_body = starts_with_type(type, "application/json");
  http_->exchange = {
      .status = head.status,
      .keep_alive = head.keep_alive,
      .refused_for_load =
          head.status == 429 || (head.status == 503 && head.find("retry-after") != nullptr),
      .event_stream = starts_with_type(type, "text/event-stream")};
  if (!http_->exchange.event_stream) return;
  http_->events = wire::SseParser(kAnswerBytesMax);
  http_->retry_ms = 0;
}

}  // namespace gauntlet::load
