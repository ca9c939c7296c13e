#include "server/question.h"

#include <algorithm>

#include "server/task.h"

namespace gauntlet::server {
namespace {

namespace json = boost::json;

json::string_view to_json(std::string_view text) { return {text.data(), text.size()}; }

const json::string* string_in(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(to_json(key));
  return value == nullptr ? nullptr : value->if_string();
}

bool is_block(const json::value& value) {
  const json::object* const block = value.if_object();
  return block != nullptr && string_in(*block, "type") != nullptr;
}

bool is_message(const json::object& result) {
  const json::string* const role = string_in(result, "role");
  const json::value* const content = result.if_contains("content");
  if (role == nullptr || content == nullptr || string_in(result, "model") == nullptr) return false;
  if (*role != "user" && *role != "assistant") return false;
  const json::array* const blocks = content->if_array();
  return blocks == nullptr ? is_block(*content) : std::ranges::all_of(*blocks, is_block);
}

bool is_filled_form(const json::object& result) {
  const json::string* const action = string_in(result, "action");
  const json::value* const content = result.if_contains("content");
  if (action == nullptr || (content != nullptr && !content->is_object())) return false;
  return *action == "accept" || *action == "decline" || *action == "cancel";
}

bool is_root(const json::value& value) {
  const json::object* const root = value.if_object();
  return root != nullptr && string_in(*root, "uri") != nullptr;
}

bool are_roots(const json::object& result) {
  const json::value* const roots = result.if_contains("roots");
  return roots != nullptr && roots->is_array() && std::ranges::all_of(roots->get_array(), is_root);
}

}  // namespace

Question elicitation(std::string_view message, json::object requested_schema) {
  Question question;
  question.method = "elicitation/create";
  question.params["message"] = to_json(message);
  question.params["requestedSchema"] = std::move(requested_schema);
  question.needs = kCanElicit;
  return question;
}

Question sampling(std::string_view prompt, int max_tokens) {
  json::object message;
  message["role"] = "user";
  message["content"] = text_content(prompt);
  Question question;
  question.method = "sampling/createMessage";
  question.params["messages"] = json::array{std::move(message)};
  question.params["maxTokens"] = max_tokens;
  question.needs = kCanSample;
  return question;
}

Question roots() {
  Question question;
  question.method = "roots/list";
  question.needs = kCanListRoots;
  return question;
}

std::optional<ClientCapability> needs_of(std::string_view method) {
  if (method == "sampling/createMessage") return kCanSample;
  if (method == "elicitation/create") return kCanElicit;
  if (method == "roots/list") return kCanListRoots;
  return std::nullopt;
}

bool answers(ClientCapability needs, const json::object& result) {
  switch (needs) {
    case kCanSample: return is_message(result);
    case kCanElicit: return is_filled_form(result);
    case kCanListRoots: return are_roots(result);
    case kKnowsTasks: break;
  }
  return false;
}

bool ClientReply::accepted() const {
  const json::string* const action = string_in(result, "action");
  return action != nullptr && *action == "accept";
}

std::string ClientReply::text(std::string_view field) const {
  const auto text_of = [field](const json::value& value) -> const json::string* {
    const json::object* const block = value.if_object();
    return block == nullptr ? nullptr : string_in(*block, field);
  };
  const json::value* const content = result.if_contains("content");
  if (content == nullptr) return {};
  if (const json::string* const text = text_of(*content)) return std::string(*text);
  if (const json::array* const blocks = content->if_array())
    for (const json::value& block : *blocks)
      if (const json::string* const text = text_of(block)) return std::string(*text);
  return {};
}

}  // namespace gauntlet::server
