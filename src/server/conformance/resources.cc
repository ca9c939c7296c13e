// Resources: a text, bytes, one that is watched, and a template.
#include <fmt/format.h>

#include "server/conformance/fixtures.h"
#include "server/resources/all.h"

namespace gauntlet::server {
namespace {

namespace json = boost::json;

constexpr std::string_view kTemplate = "test://template/{id}/data";

Task read_text(Call& call) {
  co_return text_resource(call.uri(), "text/plain",
                          "This is the content of the static text resource.");
}

Task read_binary(Call& call) {
  json::object content;
  content["uri"] = json::string_view(call.uri().data(), call.uri().size());
  content["mimeType"] = "image/png";
  content["blob"] = json::string_view(kPng.data(), kPng.size());
  Outcome outcome;
  outcome.result["contents"].emplace_array().push_back(std::move(content));
  co_return outcome;
}

Task read_watched(Call& call) {
  co_return text_resource(call.uri(), "text/plain",
                          fmt::format("version {}", call.contents().touched.load()));
}

Task read_template(Call& call) {
  const std::string id(match(kTemplate, call.uri()).value_or(""));
  json::object data;
  data["id"] = id;
  data["templateTest"] = true;
  data["data"] = "Data for ID: " + id;
  co_return text_resource(call.uri(), "application/json", json::serialize(data));
}

}  // namespace

std::span<const Resource> test_resources() {
  static constexpr Resource kResources[] = {
      {.uri = "test://static-text",
       .name = "static-text",
       .description = "A text that never changes.",
       .mime_type = "text/plain",
       .read = read_text},
      {.uri = "test://static-binary",
       .name = "static-binary",
       .description = "An image that never changes.",
       .mime_type = "image/png",
       .read = read_binary},
      {.uri = kWatchedResource,
       .name = "watched-resource",
       .description = "A text that the tool touch changes.",
       .mime_type = "text/plain",
       .read = read_watched},
  };
  return kResources;
}

std::span<const ResourceTemplate> test_templates() {
  static constexpr ResourceTemplate kTemplates[] = {
      {.uri_template = kTemplate,
       .name = "template",
       .description = "Data about any id.",
       .mime_type = "application/json",
       .read = read_template},
  };
  return kTemplates;
}

}  // namespace gauntlet::server
