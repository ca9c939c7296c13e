#include "server/publication.h"

#include <algorithm>

#include "json/writer.h"

namespace gauntlet::server {
namespace {

std::string list_changed(std::string_view what) {
  return R"({"jsonrpc":"2.0","method":"notifications/)" + std::string(what) + R"(/list_changed"})";
}

std::string resource_updated(std::string_view uri) {
  std::string json =
      R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":)";
  json::append_string(json, uri);
  return json + "}}";
}

}  // namespace

std::string publication_of(const Letter& letter) {
  switch (letter.kind) {
    case Letter::Kind::tools_changed: return list_changed("tools");
    case Letter::Kind::prompts_changed: return list_changed("prompts");
    case Letter::Kind::resources_changed: return list_changed("resources");
    case Letter::Kind::resource_updated: return resource_updated(letter.text);
    case Letter::Kind::backpressure: return letter.text;
    case Letter::Kind::job_changed:
      return letter.text.substr(std::min(letter.text.size(), SessionId().size()));
    default: return {};
  }
}

bool wants(const Session& session, const Letter& letter) {
  return letter.kind != Letter::Kind::resource_updated || session.watches(uri_hash(letter.text));
}

}  // namespace gauntlet::server
