// gauntlet://clock: the time, different at every reading.
#include "core/clock.h"
#include "server/resources/all.h"

namespace gauntlet::server {
namespace {

Task read(Call& call) {
  co_return text_resource(call.uri(), "text/plain", core::wall_clock_iso8601());
}

}  // namespace

constinit const Resource kClockResource = {.uri = "gauntlet://clock",
                                           .name = "clock",
                                           .description = "The server's time (UTC).",
                                           .mime_type = "text/plain",
                                           .read = read};

}  // namespace gauntlet::server
