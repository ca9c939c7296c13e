// Any bytes as WebSocket frames: no crash, and the same messages whole and in pieces.
// The first byte gives the role and the size of the pieces.
#include "../test/wire/trace.h"
#include "core/check.h"

using namespace gauntlet::wire;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto role = data[0] < 128 ? WebSocketParser::Role::server : WebSocketParser::Role::client;
  const trace::Cuts cuts = trace::cut_every(std::size_t{1} + data[0] % 128, stream);
  constexpr std::size_t kMessageBytesMax = 200;
  const std::string whole = trace::of_web_socket(role, kMessageBytesMax, stream);
  GAUNTLET_CHECK(whole == trace::of_web_socket(role, kMessageBytesMax, stream, cuts));
  return 0;
}
