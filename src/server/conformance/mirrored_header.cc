// A tool with an argument that a header of the request mirrors (SEP-2243, x-mcp-header).
#include "server/conformance/fixtures.h"

namespace gauntlet::server {
namespace {

Task start(Call& call) {
  const auto region = call.string("region");
  if (!region) co_return tool_error("test_x_mcp_header needs region: a string");
  co_return text_result("Region: " + std::string(*region));
}

}  // namespace

std::span<const Tool> mirrored_header_tools() {
  static constexpr Tool kTools[] = {
      {.name = "test_x_mcp_header",
       .description = "Returns the region, which the header Mcp-Param-Region mirrors.",
       .input_schema =
           R"({"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}},)"
           R"("required":["region"]})",
       .start = start},
  };
  return kTools;
}

}  // namespace gauntlet::server
