// Requests as tests send them: bodies of both eras, and the HTTP around them.
#pragma once

#include <string>
#include <string_view>

namespace gauntlet::server {

// The _meta of a stateless request, with more fields.
inline std::string meta_with(std::string_view fields) {
  return R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
         R"("io.modelcontextprotocol/clientCapabilities":{})" +
         (fields.empty() ? "" : "," + std::string(fields)) + "}";
}

inline const std::string kMeta = meta_with("");

inline std::string message(std::string_view id, std::string_view method,
                           std::string_view params = {}) {
  std::string json = R"({"jsonrpc":"2.0")";
  if (!id.empty()) json.append(",\"id\":").append(id);
  json.append(",\"method\":\"").append(method).append("\"");
  if (!params.empty()) json.append(",\"params\":").append(params);
  return json + "}";
}

inline std::string call(std::string_view id, std::string_view tool, std::string_view arguments) {
  return message(
      id, "tools/call",
      R"({"name":")" + std::string(tool) + R"(","arguments":)" + std::string(arguments) + "}");
}

inline std::string echo(std::string_view id, std::string_view token = R"("x")") {
  return call(id, "echo", R"({"message":)" + std::string(token) + "}");
}

inline std::string initialize(std::string_view revision = "2025-11-25") {
  return message("1", "initialize",
                 R"({"protocolVersion":")" + std::string(revision) +
                     R"(","capabilities":{},"clientInfo":{"name":"test","version":"0"}})");
}

inline std::string stateless(std::string_view id, std::string_view method) {
  return message(id, method, "{" + kMeta + "}");
}

inline std::string stateless_call(std::string_view id, std::string_view tool,
                                  std::string_view arguments) {
  return message(id, "tools/call",
                 R"({"name":")" + std::string(tool) + R"(","arguments":)" + std::string(arguments) +
                     "," + kMeta + "}");
}

inline std::string http(std::string_view method, std::string_view target,
                        std::string_view headers = {}, std::string_view body = {}) {
  std::string text = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\n";
  if (headers.find("Host:") == std::string_view::npos) text += "Host: localhost\r\n";
  text += headers;
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text + "\r\n" + std::string(body);
}

inline const std::string kPostHeaders =
    "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n";

inline std::string post(std::string_view body, std::string_view headers = {}) {
  return http("POST", "/mcp", kPostHeaders + std::string(headers), body);
}

inline std::string stateless_headers(std::string_view method, std::string_view name = {}) {
  std::string headers =
      "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: " + std::string(method) + "\r\n";
  if (!name.empty()) headers += "Mcp-Name: " + std::string(name) + "\r\n";
  return headers;
}

inline std::string stateless_echo(std::string_view id, std::string_view token = R"("x")") {
  return post(stateless_call(id, "echo", R"({"message":)" + std::string(token) + "}"),
              stateless_headers("tools/call", "echo"));
}

// What an echo answers, in each era.
inline std::string echoed(std::string_view id, std::string_view token = R"("x")") {
  return R"({"jsonrpc":"2.0","id":)" + std::string(id) +
         R"(,"result":{"content":[{"type":"text","text":)" + std::string(token) + "}]}}";
}
inline std::string stateless_echoed(std::string_view id, std::string_view token = R"("x")") {
  return R"({"jsonrpc":"2.0","id":)" + std::string(id) +
         R"(,"result":{"resultType":"complete","content":[{"type":"text","text":)" +
         std::string(token) + "}]}}";
}

// The same of a tool that answers in the general way.
inline std::string stateless_answered(std::string_view id, std::string_view token) {
  return R"({"jsonrpc":"2.0","id":)" + std::string(id) +
         R"(,"result":{"content":[{"type":"text","text":)" + std::string(token) +
         R"(}],"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":)" +
         R"({"name":"gauntlet-serve","version":"0.1.0"}}}})";
}

}  // namespace gauntlet::server
