// The names in a tools/list answer.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace gauntlet::mcp {

struct ToolList {
  std::vector<std::string> names;
  bool more = false;  // the answer has a nextCursor: these are not all
};

// Empty where the bytes are not such an answer.
ToolList read_tool_list(std::span<const char> bytes);

}  // namespace gauntlet::mcp
