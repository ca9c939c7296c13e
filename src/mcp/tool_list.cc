#include "mcp/tool_list.h"

#include <simdjson.h>

namespace gauntlet::mcp {
namespace {

namespace dom = simdjson::dom;

// Fields are looked up in a tree, not on demand: on-demand look-ups by name assume well-formed
// bytes, and this answer is read once a run.
ToolList names_in(const dom::element& message) {
  ToolList list;
  dom::object result;
  dom::array tools;
  if (message["result"].get(result) != simdjson::SUCCESS) return list;
  if (result["tools"].get(tools) != simdjson::SUCCESS) return list;
  for (const dom::element tool : tools) {
    std::string_view name;
    if (tool["name"].get(name) != simdjson::SUCCESS) return list;
    list.names.emplace_back(name);
  }
  std::string_view cursor;
  list.more = result["nextCursor"].get(cursor) == simdjson::SUCCESS;
  return list;
}

}  // namespace

ToolList read_tool_list(std::span<const char> bytes) {
  dom::parser parser;
  dom::element message;
  if (parser.parse(bytes.data(), bytes.size()).get(message) != simdjson::SUCCESS) return {};
  return names_in(message);
}

}  // namespace gauntlet::mcp
