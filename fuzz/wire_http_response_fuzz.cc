// Any bytes as responses: no crash, and the same events whole and in pieces,
// with a memo of heads (new, and one that knows them) and without.
// The first byte gives the size of the pieces.
#include "../test/wire/trace.h"
#include "core/check.h"

using namespace gauntlet::wire;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  const trace::Cuts cuts = trace::cut_every(std::size_t{1} + data[0], stream);
  constexpr HttpLimits kLimits{.head_bytes_max = 1024, .body_bytes_max = 256};
  constexpr auto kRole = HttpParser::Role::response;
  const std::string whole = trace::of_http(kRole, kLimits, stream);
  GAUNTLET_CHECK(whole == trace::of_http(kRole, kLimits, stream, cuts));
  HttpHeadMemo memo(kRole, kLimits);
  GAUNTLET_CHECK(whole == trace::of_http(memo, stream));
  GAUNTLET_CHECK(whole == trace::of_http(memo, stream, cuts));
  GAUNTLET_CHECK(whole == trace::of_http(memo, stream));
  return 0;
}
