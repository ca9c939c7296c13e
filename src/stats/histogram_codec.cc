// HdrHistogram's V2 encoding, all numbers big-endian:
//   int32 cookie, int32 length of the counts, int32 normalizing offset, int32 digits,
//   int64 lowest, int64 highest, double integer-to-double ratio, then the counts.
// Counts are ZigZag LEB128 (64b9B: the ninth byte holds eight bits), cell by cell up to the last
// one in use; a negative number -n stands for n cells of zero.
// Compressed: int32 cookie, int32 length, then the above as a zlib stream.
// Source: AbstractHistogram.encodeIntoByteBuffer and ZigZagEncoding of HdrHistogram 2.
#include <fmt/format.h>
#include <zlib.h>

#include <bit>
#include <limits>

#include "core/check.h"
#include "stats/base64.h"
#include "stats/histogram.h"
#include "stats/histogram_layout.h"

namespace gauntlet::stats {
namespace {

constexpr std::uint32_t kCookie = 0x1C849303 | 0x10;
constexpr std::uint32_t kCompressedCookie = 0x1C849304 | 0x10;
constexpr std::size_t kHeaderBytes = 40;
constexpr std::size_t kCompressedHeaderBytes = 8;
constexpr int kCountBytesMax = 9;
constexpr std::size_t kEncodedBytesMax = kHeaderBytes + kCells * kCountBytesMax;
// zlib's compressBound() of that, rounded up, and as base64.
constexpr std::size_t kCompressedBytesMax =
    kCompressedHeaderBytes + kEncodedBytesMax + kEncodedBytesMax / 1000 + 64;
constexpr std::size_t kBase64BytesMax = (kCompressedBytesMax + 2) / 3 * 4;
constexpr std::uint64_t kCountMax = std::numeric_limits<std::int64_t>::max();

std::unexpected<core::Error> bad(std::string_view what) {
  return core::usage_error(fmt::format("not an HdrHistogram V2 encoding: {}", what));
}

template <typename T>
void put(std::string& out, T value) {
  for (int shift = std::numeric_limits<T>::digits - 8; shift >= 0; shift -= 8) {
    out += static_cast<char>(value >> shift & 0xFF);
  }
}

void put_header(std::string& out) {
  put(out, kCookie);
  put(out, std::uint32_t{0});  // the length, written last
  put(out, std::uint32_t{0});  // no normalizing offset
  put(out, std::uint32_t{Histogram::kSignificantDigits});
  put(out, Histogram::kLowestUs);
  put(out, Histogram::kHighestUs);
  put(out, std::bit_cast<std::uint64_t>(1.0));
}

void put_zigzag(std::string& out, std::int64_t number) {
  auto bits = static_cast<std::uint64_t>(number) << 1 ^ static_cast<std::uint64_t>(number >> 63);
  for (int i = 1; i < kCountBytesMax && bits >= 0x80; ++i) {
    out += static_cast<char>(bits | 0x80);
    bits >>= 7;
  }
  out += static_cast<char>(bits);
}

// Takes big-endian numbers and counts off the front. Fixed-size numbers need enough bytes left;
// for counts, ok() turns false where the bytes end too soon.
class Reader {
 public:
  explicit Reader(std::span<const char> bytes) : rest_(bytes) {}

  template <typename T>
  T take() {
    GAUNTLET_CHECK(rest_.size() >= sizeof(T));
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>(value << 8 | take_byte());
    return value;
  }

  std::uint64_t take_zigzag_bits() {
    std::uint64_t bits = 0;
    for (int i = 0; i < kCountBytesMax && ok_; ++i) {
      if (rest_.empty()) {
        ok_ = false;
        return 0;
      }
      const std::uint64_t byte = take_byte();
      const bool last = i == kCountBytesMax - 1 || byte < 0x80;
      bits |= (last ? byte : byte & 0x7F) << (7 * i);
      if (last) break;
    }
    return bits;
  }

  bool ok() const { return ok_; }
  std::span<const char> rest() const { return rest_; }

 private:
  std::uint8_t take_byte() {
    const auto byte = static_cast<std::uint8_t>(rest_.front());
    rest_ = rest_.subspan(1);
    return byte;
  }

  std::span<const char> rest_;
  bool ok_ = true;
};

// The counts that follow a header which fits this histogram's layout.
core::Result<std::span<const char>> take_header(std::span<const char> bytes) {
  if (bytes.size() < kHeaderBytes) return bad("shorter than its header");
  if (bytes.size() > kEncodedBytesMax) return bad("longer than any histogram");
  Reader reader(bytes);
  if (reader.take<std::uint32_t>() != kCookie) return bad("wrong cookie");
  const auto length = reader.take<std::uint32_t>();
  // Its counts are written in the order of their values, whatever the offset.
  reader.take<std::uint32_t>();
  const auto digits = reader.take<std::uint32_t>();
  const auto lowest = reader.take<std::uint64_t>();
  const auto highest = reader.take<std::uint64_t>();
  reader.take<std::uint64_t>();  // the ratio is for histograms of doubles
  if (length != reader.rest().size()) return bad("its length is not that of its counts");
  if (digits != Histogram::kSignificantDigits) return bad("not of 3 significant digits");
  if (lowest != Histogram::kLowestUs || highest < 2) return bad("not of lowest value 1");
  return reader.rest();
}

core::Result<std::string> inflate_bounded(std::span<const char> compressed) {
  std::string bytes(kEncodedBytesMax, '\0');
  uLongf size = bytes.size();
  uLong used = compressed.size();
  const int status = uncompress2(reinterpret_cast<Bytef*>(bytes.data()), &size,
                                 reinterpret_cast<const Bytef*>(compressed.data()), &used);
  if (status != Z_OK) return bad("its zlib stream is damaged, or larger than any histogram");
  if (used != compressed.size()) return bad("bytes follow its zlib stream");
  bytes.resize(size);
  return bytes;
}

}  // namespace

std::string Histogram::encode_v2() const {
  std::string out;
  put_header(out);
  const std::size_t end = empty() ? 1 : cell_at_rank(total_) + 1;
  for (std::size_t cell = 0; cell < end;) {
    std::size_t next = cell;
    while (next < end && counts_[next] == 0) ++next;
    const std::size_t zeros = next - cell;
    if (zeros > 1) {
      put_zigzag(out, -static_cast<std::int64_t>(zeros));
      cell = next;
    } else {
      put_zigzag(out, static_cast<std::int64_t>(counts_[cell++]));
    }
  }
  std::string length;
  put(length, static_cast<std::uint32_t>(out.size() - kHeaderBytes));
  out.replace(sizeof(kCookie), length.size(), length);
  return out;
}

std::string Histogram::encode_v2_compressed() const {
  const std::string raw = encode_v2();
  std::string compressed(compressBound(raw.size()), '\0');
  uLongf size = compressed.size();
  const int status = compress(reinterpret_cast<Bytef*>(compressed.data()), &size,
                              reinterpret_cast<const Bytef*>(raw.data()), raw.size());
  GAUNTLET_CHECK(status == Z_OK);
  std::string out;
  put(out, kCompressedCookie);
  put(out, static_cast<std::uint32_t>(size));
  out.append(compressed, 0, size);
  return out;
}

std::string Histogram::encode_v2_compressed_base64() const {
  return to_base64(encode_v2_compressed());
}

core::Result<Histogram> Histogram::decode_v2(std::span<const char> bytes) {
  const auto counts = take_header(bytes);
  if (!counts) return std::unexpected(counts.error());
  Histogram histogram;
  Reader reader(*counts);
  std::uint64_t cell = 0;
  while (!reader.rest().empty()) {
    const std::uint64_t bits = reader.take_zigzag_bits();
    if (!reader.ok()) return bad("ends in the middle of a count");
    const bool zeros = bits % 2 == 1;
    const std::uint64_t cells = zeros ? bits / 2 + 1 : 1;
    if (cells > kCells - cell) return bad("counts values above the highest");
    if (!zeros && bits / 2 > kCountMax - histogram.total_) return bad("its counts overflow");
    if (!zeros && bits > 0) histogram.add(cell, bits / 2);
    cell += cells;
  }
  return histogram;
}

core::Result<Histogram> Histogram::decode_v2_compressed(std::span<const char> bytes) {
  if (bytes.size() > kCompressedBytesMax) return bad("longer than any histogram");
  if (bytes.size() < kCompressedHeaderBytes) return bad("shorter than its header");
  Reader reader(bytes);
  if (reader.take<std::uint32_t>() != kCompressedCookie) return bad("wrong cookie");
  const auto length = reader.take<std::uint32_t>();
  if (length != reader.rest().size()) return bad("its length is not that of its zlib stream");
  const auto raw = inflate_bounded(reader.rest());
  if (!raw) return std::unexpected(raw.error());
  return decode_v2(*raw);
}

core::Result<Histogram> Histogram::decode_v2_compressed_base64(std::string_view text) {
  if (text.size() > kBase64BytesMax) return bad("longer than any histogram");
  const auto bytes = from_base64(text);
  return bytes ? decode_v2_compressed(*bytes) : bad("not base64");
}

}  // namespace gauntlet::stats
