// A tool whose schema has what JSON Schema 2020-12 has (SEP-1613, SEP-2106): all of it has to come
// through in tools/list.
#include "server/conformance/fixtures.h"

namespace gauntlet::server {
namespace {

// On one line, as all that goes into a message.
constexpr std::string_view kSchema =
    R"({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",)"
    R"("$defs":{"address":{"$anchor":"addressDef","type":"object",)"
    R"("properties":{"street":{"type":"string"},"city":{"type":"string"}}}},)"
    R"("properties":{"name":{"type":"string"},"address":{"$ref":"#/$defs/address"},)"
    R"("contactMethod":{"type":"string","enum":["phone","email"]},)"
    R"("phone":{"type":"string"},"email":{"type":"string"}},)"
    R"("allOf":[{"anyOf":[{"required":["phone"]},{"required":["email"]}]}],)"
    R"("if":{"properties":{"contactMethod":{"const":"phone"}},"required":["contactMethod"]},)"
    R"("then":{"required":["phone"]},"else":{"required":["email"]},)"
    R"("additionalProperties":false})";

Task start(Call& call) {
  co_return text_result("Called with " + boost::json::serialize(call.arguments()));
}

}  // namespace

std::span<const Tool> schema_tools() {
  static constexpr Tool kTools[] = {
      {.name = "json_schema_2020_12_tool",
       .description = "Has a schema with much of JSON Schema 2020-12 in it.",
       .input_schema = kSchema,
       .start = start},
  };
  return kTools;
}

}  // namespace gauntlet::server
