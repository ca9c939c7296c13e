#include "server/tool.h"

namespace gauntlet::server {

bool ToolCall::find(std::string_view name, json::ondemand::document& document,
                    json::ondemand::value& into) {
  if (arguments_.empty()) return false;
  if (reader_.open(arguments_).get(document)) return false;
  return !document.find_field_unordered(name).get(into);
}

std::optional<std::string_view> ToolCall::string(std::string_view name) {
  json::ondemand::document document;
  json::ondemand::value value;
  std::string_view text;
  if (!find(name, document, value) || value.get_string().get(text)) return std::nullopt;
  return text;
}

std::optional<std::string_view> ToolCall::string_token(std::string_view name) {
  json::ondemand::document document;
  json::ondemand::value value;
  if (!find(name, document, value)) return std::nullopt;
  const std::string_view token = value.raw_json_token();
  std::string_view unescaped;  // asked for only to know that the escapes are sound
  if (value.get_string().get(unescaped)) return std::nullopt;
  return token.substr(0, token.rfind('"') + 1);
}

std::optional<std::uint64_t> ToolCall::uint(std::string_view name) {
  json::ondemand::document document;
  json::ondemand::value value;
  std::uint64_t number = 0;
  if (!find(name, document, value) || value.get_uint64().get(number)) return std::nullopt;
  return number;
}

}  // namespace gauntlet::server
