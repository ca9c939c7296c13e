#include "server/subscription.h"

namespace gauntlet::server {
namespace {

namespace json = boost::json;

constexpr const char* kUris = "resourceSubscriptions";

// The key of a filter, and the method of the notification.
struct Kind {
  const char* key;
  const char* method;
};

Kind kind_of(Letter::Kind kind) {
  switch (kind) {
    case Letter::Kind::tools_changed:
      return {"toolsListChanged", "notifications/tools/list_changed"};
    case Letter::Kind::prompts_changed:
      return {"promptsListChanged", "notifications/prompts/list_changed"};
    case Letter::Kind::resources_changed:
      return {"resourcesListChanged", "notifications/resources/list_changed"};
    case Letter::Kind::resource_updated: return {kUris, "notifications/resources/updated"};
    default: return {"", ""};
  }
}

std::optional<json::array> uris_of(const json::value& asked) {
  if (!asked.is_array() || asked.get_array().size() > kListenedUrisMax) return std::nullopt;
  for (const json::value& uri : asked.get_array())
    if (!uri.is_string()) return std::nullopt;
  return asked.get_array();
}

std::string notification(const char* method, json::object params) {
  json::object message;
  message["jsonrpc"] = "2.0";
  message["method"] = method;
  message["params"] = std::move(params);
  return json::serialize(message);
}

}  // namespace

std::optional<json::object> honoured_filter(const json::object& asked) {
  json::object filter;
  for (const char* const key : {"toolsListChanged", "promptsListChanged", "resourcesListChanged"}) {
    const json::value* const wanted = asked.if_contains(key);
    if (wanted == nullptr) continue;
    if (!wanted->is_bool()) return std::nullopt;
    if (wanted->get_bool()) filter[key] = true;
  }
  if (const json::value* const uris = asked.if_contains(kUris)) {
    auto list = uris_of(*uris);
    if (!list) return std::nullopt;
    filter[kUris] = std::move(*list);
  }
  return filter;
}

bool listens_for(const json::object& filter, const Letter& letter) {
  const json::value* const wanted = filter.if_contains(kind_of(letter.kind).key);
  if (wanted == nullptr) return false;
  if (wanted->is_bool()) return true;
  for (const json::value& uri : wanted->get_array())
    if (std::string_view(uri.get_string().data(), uri.get_string().size()) == letter.text)
      return true;
  return false;
}

json::object subscription_meta(std::string_view id) {
  json::object meta;
  meta["io.modelcontextprotocol/subscriptionId"] = json::parse({id.data(), id.size()});
  return meta;
}

std::string acknowledgement(std::string_view id, const json::object& filter) {
  json::object params;
  params["_meta"] = subscription_meta(id);
  params["notifications"] = filter;
  return notification("notifications/subscriptions/acknowledged", std::move(params));
}

std::string publication_for(const Letter& letter, std::string_view id) {
  json::object params;
  params["_meta"] = subscription_meta(id);
  if (letter.kind == Letter::Kind::resource_updated) params["uri"] = letter.text;
  return notification(kind_of(letter.kind).method, std::move(params));
}

}  // namespace gauntlet::server
