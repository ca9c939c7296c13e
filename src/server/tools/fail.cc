// fail: goes wrong in the way asked for.
#include "mcp/revision.h"
#include "server/tools/all.h"

namespace gauntlet::server {
namespace {

void run(ToolCall& call) {
  const std::string_view kind = call.string("kind").value_or("");
  Reply& reply = call.reply();
  if (kind == "jsonrpc") return reply.error(mcp::kInternalError, "failed as asked");
  if (kind == "http_429") return reply.error(mcp::kInternalError, "failed as asked", 429);
  if (kind == "http_500") return reply.error(mcp::kInternalError, "failed as asked", 500);
  if (kind == "http_503") return reply.error(mcp::kInternalError, "failed as asked", 503);
  if (kind == "tool_error") return reply.tool_error("failed as asked");
  reply.tool_error("fail needs kind: tool_error, jsonrpc, http_429, http_500 or http_503");
}

}  // namespace

constinit const Tool kFail = {
    "fail", "Fails as a tool, as JSON-RPC, or with an HTTP status.",
    R"({"type":"object","properties":{"kind":{"type":"string","enum":["tool_error","jsonrpc",)"
    R"("http_429","http_500","http_503"]}},"required":["kind"]})",
    run};

}  // namespace gauntlet::server
