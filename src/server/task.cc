#include "server/task.h"

namespace gauntlet::server {

namespace json = boost::json;

json::object text_content(std::string_view text) {
  json::object block;
  block["type"] = "text";
  block["text"] = json::string_view(text.data(), text.size());
  return block;
}

Outcome content_result(json::array content) {
  Outcome outcome;
  outcome.result["content"] = std::move(content);
  return outcome;
}

Outcome text_result(std::string_view text) {
  json::array content;
  content.push_back(text_content(text));
  return content_result(std::move(content));
}

Outcome tool_error(std::string_view text) {
  Outcome outcome = text_result(text);
  outcome.result["isError"] = true;
  return outcome;
}

Outcome rpc_error(int code, std::string_view message, json::object data) {
  Outcome outcome;
  outcome.error_code = code;
  outcome.error_message = message;
  outcome.error_data = std::move(data);
  return outcome;
}

}  // namespace gauntlet::server
