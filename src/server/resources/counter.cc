// gauntlet://counter: how often the tool counter was called; those who subscribe hear of each time.
#include "server/resources/all.h"

namespace gauntlet::server {
namespace {

Task read(Call& call) {
  co_return text_resource(call.uri(), "text/plain", std::to_string(call.contents().counter.load()));
}

}  // namespace

constinit const Resource kCounterResource = {.uri = "gauntlet://counter",
                                             .name = "counter",
                                             .description = "Counts the calls of the tool counter.",
                                             .mime_type = "text/plain",
                                             .read = read};

}  // namespace gauntlet::server
