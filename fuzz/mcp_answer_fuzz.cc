// read_answer and read_tool_list on whatever a server may send. Lines that were read after each
// other with a memo are what each is alone.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "../test/mcp/describe.h"
#include "mcp/answer_memo.h"
#include "mcp/tool_list.h"
#include "simdjson.h"

namespace {

using namespace gauntlet;

// Twice, so that the second time all are known.
void check_memo(std::string_view lines) {
  mcp::AnswerMemo memo;
  json::Reader reader, other_reader;
  for (int round = 0; round < 2; ++round) {
    for (std::string_view rest = lines; !rest.empty();) {
      std::string line(rest.substr(0, rest.find('\n')));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      const std::size_t size = line.size();
      line.resize(size + simdjson::SIMDJSON_PADDING);
      const std::span<const char> bytes(line.data(), size);
      const std::string with = mcp::describe(memo.read(reader, bytes));
      if (with != mcp::describe(mcp::read_answer(other_reader, bytes))) std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_memo({reinterpret_cast<const char*>(data), size});
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
