// Histogram decoding: no bytes and no text crash it, and what it takes it gives back unchanged.
#include <cstddef>
#include <cstdint>

#include "core/check.h"
#include "stats/histogram.h"

namespace {

using gauntlet::stats::Histogram;

void check_round_trip(const gauntlet::core::Result<Histogram>& decoded) {
  if (!decoded) {
    GAUNTLET_CHECK(!decoded.error().text.empty());
    return;
  }
  const auto encoded = decoded->encode_v2();
  const auto again = Histogram::decode_v2(encoded);
  GAUNTLET_CHECK(again && again->encode_v2() == encoded && again->count() == decoded->count());
  const auto text = decoded->encode_v2_compressed_base64();
  const auto from_text = Histogram::decode_v2_compressed_base64(text);
  GAUNTLET_CHECK(from_text && from_text->encode_v2() == encoded);
  GAUNTLET_CHECK(decoded->quantile_us(0.5) <= decoded->max_us());
  GAUNTLET_CHECK(decoded->min_us() <= decoded->quantile_us(0.5));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* bytes = reinterpret_cast<const char*>(data);
  check_round_trip(Histogram::decode_v2({bytes, size}));
  check_round_trip(Histogram::decode_v2_compressed_base64({bytes, size}));
  return 0;
}
