#include "mcp/request.h"

#include "core/version.h"
#include "json/writer.h"

namespace gauntlet::mcp {
namespace {

const std::string kClientInfo =
    R"({"name":"gauntlet","version":")" + std::string(core::kVersion) + R"("})";
constexpr std::string_view kHead = R"({"jsonrpc":"2.0","id":)";

std::string stateless_meta() {
  std::string meta = R"("_meta":{")";
  meta.append(kMetaProtocolVersion).append(R"(":")").append(name_of(kLatestStateless));
  meta.append(R"(",")").append(kMetaClientInfo).append(R"(":)").append(kClientInfo);
  meta.append(R"(,")").append(kMetaClientCapabilities).append(R"(":{}})");
  return meta;
}

// `params` is the inside of the params object; the stateless era adds its _meta.
RequestText make_request(Revision revision, std::string_view method, std::string_view name,
                         std::string params) {
  RequestText text;
  text.method = method;
  text.name = name;
  if (era_of(revision) == Era::stateless) params += (params.empty() ? "" : ",") + stateless_meta();
  text.json = kHead;
  text.id_at = text.json.size();
  text.json += std::to_string(kFirstCallId);
  text.json.append(R"(,"method":")").append(method).append(R"(","params":{)");
  text.json.append(params).append("}}");
  const std::string zeros(kNonceDigits, '0');
  for (std::size_t at = text.json.find(kNonceMark); at != std::string::npos;
       at = text.json.find(kNonceMark, at)) {
    text.json.replace(at, kNonceMark.size(), zeros);
    text.nonces_at.push_back(at);
    at += kNonceDigits;
  }
  return text;
}

}  // namespace

RequestText tool_call(Revision revision, std::string_view tool, std::string_view arguments) {
  std::string params = R"("name":)";
  json::append_string(params, tool);
  params.append(R"(,"arguments":)").append(arguments);
  return make_request(revision, "tools/call", tool, std::move(params));
}

RequestText plain_request(Revision revision, std::string_view method) {
  return make_request(revision, method, "", "");
}

std::string initialize_request(Revision revision) {
  std::string text(kHead);
  text += std::to_string(kOpeningId);
  text += R"(,"method":"initialize","params":{"protocolVersion":")";
  text.append(name_of(revision)).append(R"(","capabilities":{},"clientInfo":)");
  text.append(kClientInfo).append("}}");
  return text;
}

std::string initialized_notification() {
  return R"({"jsonrpc":"2.0","method":"notifications/initialized"})";
}

std::string discover_request() {
  std::string text(kHead);
  text += std::to_string(kDiscoverId);
  text += R"(,"method":"server/discover","params":{)" + stateless_meta() + "}}";
  return text;
}

std::string http_header_lines(Revision revision, std::string_view method, std::string_view name) {
  if (revision < Revision::v2025_06_18) return "";
  std::string lines = "MCP-Protocol-Version: " + std::string(name_of(revision)) + "\r\n";
  if (era_of(revision) == Era::stateful) return lines;
  lines.append("Mcp-Method: ").append(method).append("\r\n");
  if (!name.empty()) lines.append("Mcp-Name: ").append(name).append("\r\n");
  return lines;
}

}  // namespace gauntlet::mcp
