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
    case Letter::Kind::job_changed: return {kListenedJobs, "notifications/tasks"};
    default: return {"", ""};
  }
}

std::optional<json::array> strings_of(const json::value& asked) {
  if (!asked.is_array() || asked.get_array().size() > kListenedUrisMax) return std::nullopt;
  for (const json::value& one : asked.get_array())
    if (!one.is_string()) return std::nullopt;
  return asked.get_array();
}

// What is compared with the strings of a filter.
std::string_view subject_of(const Letter& letter) {
  const std::string_view text = letter.text;
  return letter.kind == Letter::Kind::job_changed ? text.substr(0, SessionId().size()) : text;
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
  for (const char* const key : {kUris, kListenedJobs}) {
    const json::value* const wanted = asked.if_contains(key);
    if (wanted == nullptr) continue;
    auto list = strings_of(*wanted);
    if (!list) return std::nullopt;
    filter[key] = std::move(*list);
  }
  return filter;
}

bool listens_for(const json::object& filter, const Letter& letter) {
  const json::value* const wanted = filter.if_contains(kind_of(letter.kind).key);
  if (wanted == nullptr) return false;
  if (wanted->is_bool()) return true;
  for (const json::value& one : wanted->get_array())
    if (std::string_view(one.get_string().data(), one.get_string().size()) == subject_of(letter))
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

std::string task_publication(json::object task, std::string_view id) {
  task["_meta"] = subscription_meta(id);
  return notification("notifications/tasks", std::move(task));
}

}  // namespace gauntlet::server
