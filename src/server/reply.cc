#include "server/reply.h"

#include "json/writer.h"
#include "mcp/rules.h"

namespace gauntlet::server {

void Reply::begin_text() {
  body_ += kAnswerHead;
  body_ += id_;
  body_ += era_ == mcp::Era::stateless
               ? std::string_view(
                     R"(,"result":{"resultType":"complete","content":[{"type":"text","text":)")
               : std::string_view(R"(,"result":{"content":[{"type":"text","text":)");
}

void Reply::text(std::string_view plain) {
  begin_text();
  json::append_string(body_, plain);
  body_ += "}]}}";
}

void Reply::text_token(std::string_view token) {
  begin_text();
  body_ += token;
  body_ += "}]}}";
}

void Reply::tool_error(std::string_view plain) {
  begin_text();
  json::append_string(body_, plain);
  body_ += R"(}],"isError":true}})";
}

void Reply::error(int code, std::string_view message, int http_status) {
  error_code_ = code;
  http_status_ = http_status;
  mcp::append_error(body_, id_, {code, http_status, message});
}

}  // namespace gauntlet::server
