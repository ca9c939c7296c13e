#include "server/conformance/fixtures.h"

namespace gauntlet::server {
namespace {

namespace json = boost::json;

json::string_view to_json(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

json::object image_content() {
  json::object block;
  block["type"] = "image";
  block["data"] = to_json(kPng);
  block["mimeType"] = "image/png";
  return block;
}

json::object embedded_resource(std::string_view uri, std::string_view mime_type,
                               std::string_view text) {
  json::object block;
  block["type"] = "resource";
  json::object& resource = block["resource"].emplace_object();
  resource["uri"] = to_json(uri);
  resource["mimeType"] = to_json(mime_type);
  resource["text"] = to_json(text);
  return block;
}

Question form_of_one(std::string_view message, std::string_view field, std::string_view type) {
  json::object schema;
  schema["type"] = "object";
  schema["properties"].emplace_object()[to_json(field)].emplace_object()["type"] = to_json(type);
  schema["required"].emplace_array().emplace_back(to_json(field));
  return elicitation(message, std::move(schema));
}

std::string action_in(const ClientReply& reply) {
  const json::value* const action = reply.result.if_contains("action");
  return action != nullptr && action->is_string() ? std::string(action->get_string()) : "none";
}

std::string filled_in(const ClientReply& reply) {
  const json::value* const content = reply.result.if_contains("content");
  return content == nullptr ? "{}" : json::serialize(*content);
}

}  // namespace gauntlet::server
