#include "mcp/tool_list.h"

namespace gauntlet::mcp {

ToolList read_tool_list(json::Reader& reader, std::span<const char> bytes) {
  ToolList list;
  json::ondemand::document document;
  json::ondemand::object result;
  json::ondemand::array tools;
  if (reader.open(bytes).get(document) != simdjson::SUCCESS) return list;
  if (document["result"].get_object().get(result) != simdjson::SUCCESS) return list;
  if (result["tools"].get_array().get(tools) != simdjson::SUCCESS) return list;
  for (auto tool : tools) {
    std::string_view name;
    if (tool["name"].get_string().get(name) != simdjson::SUCCESS) return list;
    list.names.emplace_back(name);
  }
  std::string_view cursor;
  list.more = result["nextCursor"].get_string().get(cursor) == simdjson::SUCCESS;
  return list;
}

}  // namespace gauntlet::mcp
