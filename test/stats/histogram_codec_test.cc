#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <zlib.h>

#include <cstdint>
#include <string>
#include <vector>

#include "stats/base64.h"
#include "stats/histogram.h"
#include "stats/histogram_layout.h"

namespace gauntlet::stats {
namespace {

constexpr std::string_view kHeader(
    "\x1c\x84\x93\x13\0\0\0\1\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\1\0\0\0\0\xd6\x93\xa4\0"
    "\x3f\xf0\0\0\0\0\0\0",
    40);
constexpr std::string_view kCompressedCookie("\x1c\x84\x93\x14", 4);

std::string big_endian(std::size_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 0xFF);
  return bytes;
}

std::string with_counts(const std::string& counts) {
  return std::string(kHeader).replace(4, 4, big_endian(counts.size())) + counts;
}

std::string deflated(const std::string& bytes) {
  std::string out(compressBound(bytes.size()), '\0');
  uLongf size = out.size();
  compress(reinterpret_cast<Bytef*>(out.data()), &size,
           reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  out.resize(size);
  return out;
}

std::string compressed(const std::string& stream) {
  return to_base64(std::string(kCompressedCookie) + big_endian(stream.size()) + stream);
}

std::string error_of(const core::Result<Histogram>& result) {
  constexpr std::string_view kPrefix = "not an HdrHistogram V2 encoding: ";
  if (result) return "no error";
  EXPECT_EQ(result.error().kind, core::ErrorKind::usage);
  EXPECT_TRUE(result.error().text.starts_with(kPrefix)) << result.error().text;
  return result.error().text.substr(kPrefix.size());
}

std::string decode_error(const std::string& bytes) { return error_of(Histogram::decode_v2(bytes)); }

std::string decode_text_error(const std::string& text) {
  return error_of(Histogram::decode_v2_compressed_base64(text));
}

TEST(Base64, FollowsItsRfc) {
  const std::vector<std::pair<std::string, std::string>> vectors = {{"", ""},
                                                                    {"f", "Zg=="},
                                                                    {"fo", "Zm8="},
                                                                    {"foo", "Zm9v"},
                                                                    {"foob", "Zm9vYg=="},
                                                                    {"fooba", "Zm9vYmE="},
                                                                    {"foobar", "Zm9vYmFy"},
                                                                    {"\xfb\xff\xfe", "+//+"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
}

TEST(Base64, IsStrict) {
  for (const auto* text : {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z===", "====", "Zm9v\n", " Zm9",
                           "Zm9v====", "Zg==Zg==", "Zm-_", "Zm\xc3\xa9"}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

RC_GTEST_PROP(Base64, GivesBackWhatItTook, (const std::string& bytes)) {
  RC_ASSERT(from_base64(to_base64(bytes)) == bytes);
}

TEST(Base64, ForUrlsHasItsOwnAlphabetAndNoPadding) {
  EXPECT_EQ(to_base64_url(std::string("\xfb\xff\xfe!")), "-__-IQ");
  EXPECT_EQ(from_base64_url("-__-IQ"), "\xfb\xff\xfe!");
  EXPECT_EQ(from_base64_url(""), "");
  for (const auto* text : {"+//+IQ", "-__-IQ==", "-__-I", "-__-IR", "IQ=", "I Q"}) {
    EXPECT_FALSE(from_base64_url(text)) << text;
  }
}

TEST(HistogramCodec, EncodesByteForByte) {
  EXPECT_EQ(Histogram().encode_v2(), with_counts(std::string(1, '\0')));
  Histogram histogram;
  histogram.record_us(1, 5);   // one zero, then 5
  histogram.record_us(5, 64);  // three zeros, then 64: two bytes
  EXPECT_EQ(histogram.encode_v2(), with_counts(std::string("\0\x0a\x05\x80\x01", 5)));
}

TEST(HistogramCodec, TakesCountsOfNineBytes) {
  Histogram histogram;
  histogram.record_us(0, 0x7FFF'FFFF'FFFF'FFFF);
  const std::string counts = "\xfe\xff\xff\xff\xff\xff\xff\xff\xff";
  EXPECT_EQ(histogram.encode_v2(), with_counts(counts));
  const auto decoded = Histogram::decode_v2(with_counts(counts));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->count(), 0x7FFF'FFFF'FFFF'FFFFU);
  EXPECT_EQ(decode_error(with_counts(counts + "\x02")), "its counts overflow");
}

TEST(HistogramCodec, TakesNoCountsAtAll) {
  const auto decoded = Histogram::decode_v2(with_counts(""));
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(decoded->empty());
}

TEST(HistogramCodec, TakesCellsUpToTheLast) {
  const std::string zeros_to_last = "\xfd\xef\x02";  // -23551
  const auto decoded = Histogram::decode_v2(with_counts(zeros_to_last + "\x06"));
  ASSERT_TRUE(decoded) << decoded.error().text;
  EXPECT_EQ(decoded->count(), 3U);
  EXPECT_EQ(decoded->max_us(), 0xFFFF'FFFFU);
  EXPECT_EQ(decoded->encode_v2(), with_counts(zeros_to_last + "\x06"));
  const std::string error = "counts values above the highest";
  EXPECT_EQ(decode_error(with_counts(zeros_to_last + "\x06\x06")), error);
  EXPECT_EQ(decode_error(with_counts(zeros_to_last + "\x03")), error);
  EXPECT_EQ(decode_error(with_counts("\xff\xff\xff\xff\xff\xff\xff\xff\xff")), error);
}

TEST(HistogramCodec, SaysWhatIsWrongWithTheBytes) {
  EXPECT_EQ(decode_error(""), "shorter than its header");
  EXPECT_EQ(decode_error(std::string(kHeader.substr(0, 39))), "shorter than its header");
  EXPECT_EQ(decode_error(std::string(300'000, '\0')), "longer than any histogram");
  EXPECT_EQ(decode_error(std::string(40, '\0')), "wrong cookie");
  EXPECT_EQ(decode_error(std::string(kHeader)), "its length is not that of its counts");
  EXPECT_EQ(decode_error(std::string(kHeader) + "\2\2"), "its length is not that of its counts");
  EXPECT_EQ(decode_error(with_counts("\2").replace(15, 1, "\2")), "not of 3 significant digits");
  EXPECT_EQ(decode_error(with_counts("\2").replace(23, 1, "\2")), "not of lowest value 1");
  EXPECT_EQ(decode_error(with_counts("\2\x80")), "ends in the middle of a count");
  EXPECT_EQ(decode_error(with_counts("\xff\xff\xff\xff\xff\xff\xff\xff")),
            "ends in the middle of a count");
}

TEST(HistogramCodec, SaysWhatIsWrongWithTheText) {
  const std::string stream = deflated(with_counts("\2"));
  ASSERT_TRUE(Histogram::decode_v2_compressed_base64(compressed(stream)));
  EXPECT_EQ(decode_text_error(""), "shorter than its header");
  EXPECT_EQ(decode_text_error("HISTFAAA"), "shorter than its header");
  EXPECT_EQ(decode_text_error("hello"), "not base64");
  EXPECT_EQ(decode_text_error(std::string(400'000, 'A')), "longer than any histogram");
  EXPECT_EQ(decode_text_error(to_base64(with_counts("\2"))), "wrong cookie");
  EXPECT_EQ(decode_text_error(to_base64(std::string(kCompressedCookie) + big_endian(99) + stream)),
            "its length is not that of its zlib stream");
  EXPECT_EQ(decode_text_error(compressed(stream + "x")), "bytes follow its zlib stream");
  EXPECT_EQ(decode_text_error(compressed(deflated("nothing"))), "shorter than its header");
  const std::string damaged = "its zlib stream is damaged, or larger than any histogram";
  EXPECT_EQ(decode_text_error(compressed("")), damaged);
  EXPECT_EQ(decode_text_error(compressed(stream.substr(0, stream.size() - 1))), damaged);
}

TEST(HistogramCodec, DoesNotInflateBombs) {
  const std::string bomb = deflated(std::string(64 << 20, '\0'));
  ASSERT_LT(bomb.size(), 100'000U);
  EXPECT_EQ(decode_text_error(compressed(bomb)),
            "its zlib stream is damaged, or larger than any histogram");
}

TEST(HistogramCodec, TakesBackTheLargestThereIs) {
  Histogram histogram;
  for (std::size_t cell = 0; cell <= cell_of(Histogram::kHighestUs); ++cell) {
    histogram.record_us(lowest_of(cell), (cell + 1) * 0x9E3779B97F4AULL % (1ULL << 48));
  }
  const auto decoded =
      Histogram::decode_v2_compressed_base64(histogram.encode_v2_compressed_base64());
  ASSERT_TRUE(decoded) << decoded.error().text;
  EXPECT_EQ(decoded->encode_v2(), histogram.encode_v2());
}

RC_GTEST_PROP(HistogramCodec, GivesBackWhatItTook,
              (const std::vector<std::pair<std::uint32_t, std::uint32_t>>& records)) {
  Histogram histogram;
  for (const auto& [value, count] : records) histogram.record_us(value % 3'600'000'000, count);
  const auto raw = Histogram::decode_v2(histogram.encode_v2());
  const auto text = Histogram::decode_v2_compressed_base64(histogram.encode_v2_compressed_base64());
  RC_ASSERT(raw.has_value() && text.has_value());
  for (const auto& decoded : {*raw, *text}) {
    RC_ASSERT(decoded.count() == histogram.count());
    RC_ASSERT(decoded.mean_us() == histogram.mean_us());
    for (const auto& [value, count] : records) {
      RC_ASSERT(decoded.count_above_us(value) == histogram.count_above_us(value));
    }
    RC_ASSERT(decoded.encode_v2() == histogram.encode_v2());
  }
}

RC_GTEST_PROP(HistogramCodec, TakesAnyBytes, (const std::string& bytes)) {
  static_cast<void>(Histogram::decode_v2(bytes));
  static_cast<void>(Histogram::decode_v2(with_counts(bytes)));
  static_cast<void>(Histogram::decode_v2_compressed_base64(bytes));
  static_cast<void>(Histogram::decode_v2_compressed_base64(compressed(bytes)));
}

}  // namespace
}  // namespace gauntlet::stats
