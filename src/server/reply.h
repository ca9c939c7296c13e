// Reply: writes the one answer to a tools/call as JSON text. Exactly one of its members is called.
#pragma once

#include <string>
#include <string_view>

#include "mcp/revision.h"

namespace gauntlet::server {

// What every answer that has an id begins with; the id's token follows.
inline constexpr std::string_view kAnswerHead = R"({"jsonrpc":"2.0","id":)";

class Reply {
 public:
  // `body` is empty; `id` is a raw token.
  Reply(std::string& body, std::string_view id, mcp::Era era) : body_(body), id_(id), era_(era) {}

  void text(std::string_view plain);
  // `token` is a JSON string as it stood in a valid document, quotes included: copied as it is.
  void text_token(std::string_view token);
  // A result with isError: the call reached the tool, and failed there.
  void tool_error(std::string_view plain);
  // A JSON-RPC error; over HTTP with this status.
  void error(int code, std::string_view message, int http_status = 200);

  bool given() const { return !body_.empty(); }
  int http_status() const { return http_status_; }
  int error_code() const { return error_code_; }  // 0: none

 private:
  void begin_text();

  std::string& body_;
  std::string_view id_;
  mcp::Era era_;
  int http_status_ = 200;
  int error_code_ = 0;
};

}  // namespace gauntlet::server
