// gauntlet://text/{word}: the word itself. And what every text resource is read as.
#include "server/resources/all.h"

namespace gauntlet::server {
namespace {

namespace json = boost::json;

constexpr std::string_view kTemplate = "gauntlet://text/{word}";
constexpr std::string_view kWords[] = {"alpha", "beta", "gamma"};

json::string_view to_json(std::string_view text) { return {text.data(), text.size()}; }

Task read(Call& call) {
  co_return text_resource(call.uri(), "text/plain", match(kTemplate, call.uri()).value_or(""));
}

}  // namespace

Outcome text_resource(std::string_view uri, std::string_view mime_type, std::string_view text) {
  json::object content;
  content["uri"] = to_json(uri);
  content["mimeType"] = to_json(mime_type);
  content["text"] = to_json(text);
  Outcome outcome;
  outcome.result["contents"] = json::array{std::move(content)};
  return outcome;
}

constinit const ResourceTemplate kTextTemplate = {.uri_template = kTemplate,
                                                  .name = "text",
                                                  .description = "A text of one word.",
                                                  .mime_type = "text/plain",
                                                  .read = read,
                                                  .choices = kWords};

}  // namespace gauntlet::server
