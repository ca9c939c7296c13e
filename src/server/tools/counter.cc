// counter: counts up, and tells whoever watches the resource gauntlet://counter.
#include <fmt/format.h>

#include "server/call.h"
#include "server/mailbox.h"
#include "server/tools/all.h"

namespace gauntlet::server {
namespace {

Task start(Call& call) {
  const std::uint64_t count = ++call.contents().counter;
  Letter letter;
  letter.kind = Letter::Kind::resource_updated;
  letter.text = "gauntlet://counter";
  call.announce(letter);
  co_return text_result(fmt::format("{}", count));
}

}  // namespace

constinit const Tool kCounter = {
    .name = "counter",
    .description = "Adds one to the resource gauntlet://counter and returns it.",
    .input_schema = R"({"type":"object"})",
    .start = start};

}  // namespace gauntlet::server
