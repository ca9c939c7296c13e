#include "server/tool.h"

namespace gauntlet::server {

// Keys are compared unescaped, and the last of several counts: as in mcp/message.h, so that what
// was checked is what runs.
template <typename Take>
void ToolCall::visit(std::string_view name, Take take) {
  json::ondemand::document document;
  json::ondemand::object fields;
  if (arguments_.empty() || reader_.open(arguments_).get(document)) return;
  if (document.get_object().get(fields)) return;
  for (auto field : fields) {
    std::string_view key;
    if (field.unescaped_key().get(key)) return;
    if (key == name) take(field.value());
  }
}

std::optional<std::string_view> ToolCall::string(std::string_view name) {
  std::optional<std::string_view> found;
  visit(name, [&found](auto value) {
    std::string_view text;
    found.reset();
    if (!value.get_string().get(text)) found = text;
  });
  return found;
}

std::optional<std::string_view> ToolCall::string_token(std::string_view name) {
  std::optional<std::string_view> found;
  if (read_) {
    for (const mcp::Argument& argument : *read_) {
      if (argument.name != name) continue;
      found.reset();
      if (argument.token.starts_with('"')) found = argument.token;
    }
    return found;
  }
  visit(name, [&found](auto value) {
    const std::string_view token = value.raw_json_token();
    std::string_view unescaped;  // asked for only to know that the escapes are sound
    found.reset();
    if (!value.get_string().get(unescaped)) found = token.substr(0, token.rfind('"') + 1);
  });
  return found;
}

std::optional<std::uint64_t> ToolCall::uint(std::string_view name) {
  std::optional<std::uint64_t> found;
  visit(name, [&found](auto value) {
    std::uint64_t number = 0;
    found.reset();
    if (!value.get_uint64().get(number)) found = number;
  });
  return found;
}

}  // namespace gauntlet::server
