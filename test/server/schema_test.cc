// Every kind of answer against the official schemas.

// The validator includes <regex>, in which g++ 12 with sanitizers warns of itself.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <fstream>
#include <sstream>

#include <boost/json/src.hpp>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "service_fixture.h"

namespace gauntlet::server {
namespace {

namespace bj = boost::json;
using Adapter = valijson::adapters::BoostJsonAdapter;

// Draft 2020-12 says $defs where the validator knows definitions.
bj::value load_schema(const std::string& revision) {
  std::ifstream file(std::string(GAUNTLET_SOURCE_DIR) + "/test/vectors/mcp-schema/" + revision +
                     "/schema.json");
  std::stringstream text;
  text << file.rdbuf();
  std::string json = text.str();
  for (std::size_t at = json.find("$defs"); at != std::string::npos; at = json.find("$defs", at))
    json.replace(at, 5, "definitions");
  return bj::parse(json);
}

std::string schema_errors(const std::string& revision, const std::string& type,
                          const bj::value& value) {
  bj::value document = load_schema(revision);
  document.as_object()["$ref"] = "#/definitions/" + type;
  valijson::Schema schema;
  valijson::SchemaParser().populateSchema(Adapter(document), schema);
  valijson::ValidationResults results;
  if (valijson::Validator().validate(schema, Adapter(value), &results)) return {};
  std::string text = "does not fit " + type + ":";
  for (valijson::ValidationResults::Error error; results.popError(error);)
    text += " " + error.description;
  return text;
}

class Schemas : public ServiceTest {
 protected:
  void expect_result(const std::string& revision, const std::string& type,
                     const std::string& answer) {
    const bj::value json = bj::parse(answer);
    EXPECT_EQ(schema_errors(revision, type, json.at("result")), "") << answer;
  }
  void expect_message(const std::string& revision, const std::string& type,
                      const std::string& answer) {
    EXPECT_EQ(schema_errors(revision, type, bj::parse(answer)), "") << answer;
  }
};

TEST_F(Schemas, TheValidatorSeesWhatIsMissing) {
  EXPECT_NE(schema_errors("2026-07-28", "CallToolResult", bj::parse(R"({"content":[]})")), "");
  EXPECT_NE(schema_errors("2025-06-18", "CallToolResult", bj::parse(R"({"content":[{}]})")), "");
  EXPECT_NE(schema_errors("2025-11-25", "InitializeResult", bj::parse("{}")), "");
}

TEST_F(Schemas, StatefulAnswersFit) {
  for (const std::string revision : {"2025-06-18", "2025-11-25"}) {
    expect_result(revision, "InitializeResult", ask(initialize(revision)));
    expect_result(revision, "ListToolsResult", ask(message("1", "tools/list")));
    expect_result(revision, "EmptyResult", ask(message("1", "ping")));
    expect_result(revision, "CallToolResult", ask(echo("1")));
    expect_result(revision, "CallToolResult", ask(call("1", "fail", R"({"kind":"tool_error"})")));
  }
  expect_message("2025-06-18", "JSONRPCError", ask(message("1", "no/such")));
  expect_message("2025-11-25", "JSONRPCErrorResponse", ask(message("1", "no/such")));
  expect_message("2025-11-25", "JSONRPCErrorResponse", ask("{"));
  expect_message("2025-11-25", "JSONRPCResultResponse", ask(echo(R"("a")")));
}

TEST_F(Schemas, StatelessAnswersFit) {
  const std::string revision = "2026-07-28";
  expect_message(revision, "DiscoverResultResponse", ask(stateless("1", "server/discover")));
  expect_message(revision, "ListToolsResultResponse", ask(stateless("1", "tools/list")));
  expect_message(revision, "CallToolResultResponse",
                 ask(stateless_call("1", "echo", R"({"message":"x"})")));
  expect_message(revision, "CallToolResultResponse", ask(stateless_call("1", "echo", "{}")));
  expect_message(revision, "JSONRPCErrorResponse", ask(stateless("1", "no/such")));
  expect_message(revision, "JSONRPCErrorResponse", ask("{"));
  expect_message(
      revision, "UnsupportedProtocolVersionError",
      ask(message("1", "tools/list",
                  R"({"_meta":{"io.modelcontextprotocol/protocolVersion":"2030-01-01"}})")));
}

}  // namespace
}  // namespace gauntlet::server
