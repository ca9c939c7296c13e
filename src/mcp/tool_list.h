// The names in a tools/list answer.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "json/reader.h"

namespace gauntlet::mcp {

struct ToolList {
  std::vector<std::string> names;
  bool more = false;  // the answer has a nextCursor: these are not all
};

// Empty where the bytes are not such an answer. kReadPadding readable bytes must follow them.
ToolList read_tool_list(json::Reader& reader, std::span<const char> bytes);

}  // namespace gauntlet::mcp
