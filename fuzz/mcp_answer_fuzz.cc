// read_answer and read_tool_list on whatever a server may send.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "mcp/answer.h"
#include "mcp/tool_list.h"
#include "simdjson.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gauntlet;
  std::string text(reinterpret_cast<const char*>(data), size);
  text.resize(size + simdjson::SIMDJSON_PADDING);
  const std::span<const char> bytes(text.data(), size);
  json::Reader reader;
  const mcp::Answer answer = mcp::read_answer(reader, bytes);
  // What fits a shape is a result, and a result of the stateless era names its type.
  for (const auto method : {"tools/call", "tools/list", "ping"}) {
    const bool fits = mcp::shape_fits(answer, method, mcp::kLatestStateless);
    if (fits && (answer.kind != mcp::Answer::Kind::result || answer.result_type != "complete"))
      std::abort();
  }
  mcp::read_tool_list(bytes);
  // The same bytes read the same whatever was read before them.
  const mcp::Answer again = mcp::read_answer(reader, bytes);
  if (again.kind != answer.kind || again.id != answer.id) std::abort();
  return 0;
}
