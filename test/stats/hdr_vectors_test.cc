// The files of test/vectors/hdr hold what hdr-histogram-js makes of the values that they list.
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json/src.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "stats/histogram.h"

namespace gauntlet::stats {
namespace {

namespace json = boost::json;

std::filesystem::path vectors_folder() {
  return std::filesystem::path(GAUNTLET_SOURCE_DIR) / "test/vectors/hdr";
}

std::vector<std::string> vector_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(vectors_folder())) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem());
  }
  return names;
}

json::object read_vector(const std::string& name) {
  std::stringstream text;
  text << std::ifstream(vectors_folder() / (name + ".json")).rdbuf();
  return json::parse(text.str()).as_object();
}

std::uint64_t whole(const json::value& value) { return value.to_number<std::uint64_t>(); }

Histogram recorded(const json::value& pairs) {
  Histogram histogram;
  for (const auto& pair : pairs.as_array()) {
    histogram.record_us(whole(pair.at(0)), whole(pair.at(1)));
  }
  return histogram;
}

Histogram recorded_in_parts(const json::object& vector) {
  Histogram histogram;
  for (const auto& part : vector.at("parts").as_array()) histogram.merge(recorded(part));
  return histogram;
}

// The quantile that a percentile's name stands for: "99.9" is exactly the double 0.999.
double quantile_of(std::string_view percentile) {
  return std::strtod((std::string(percentile) + "e-2").c_str(), nullptr);
}

void expect_figures(const Histogram& histogram, const json::object& expected) {
  EXPECT_EQ(histogram.count(), whole(expected.at("count")));
  EXPECT_EQ(histogram.min_us(), whole(expected.at("min")));
  EXPECT_EQ(histogram.max_us(), whole(expected.at("max")));
  const double mean = expected.at("mean").to_number<double>();
  EXPECT_NEAR(histogram.mean_us(), mean, 1e-12 * mean);
  for (const auto& [percentile, value] : expected.at("percentiles").as_object()) {
    EXPECT_EQ(histogram.quantile_us(quantile_of(percentile)), whole(value)) << percentile;
  }
}

// One line of what check_ours.mjs reads: our encoding and our figures.
json::object summary_of(const std::string& name, const Histogram& histogram,
                        const json::object& expected) {
  json::object percentiles;
  for (const auto& [percentile, value] : expected.at("percentiles").as_object()) {
    percentiles[percentile] = histogram.quantile_us(quantile_of(percentile));
  }
  return {{"name", name},
          {"encoded", histogram.encode_v2_compressed_base64()},
          {"count", histogram.count()},
          {"min", histogram.min_us()},
          {"max", histogram.max_us()},
          {"mean", histogram.mean_us()},
          {"percentiles", percentiles}};
}

class HdrVectors : public testing::Test {
 protected:
  void SetUp() override { ASSERT_GE(vector_names().size(), 10U); }
};

TEST_F(HdrVectors, OurFiguresAreTheirs) {
  for (const auto& name : vector_names()) {
    SCOPED_TRACE(name);
    const auto vector = read_vector(name);
    expect_figures(recorded_in_parts(vector), vector);
  }
}

TEST_F(HdrVectors, WeDecodeTheirs) {
  for (const auto& name : vector_names()) {
    SCOPED_TRACE(name);
    const auto vector = read_vector(name);
    const auto theirs =
        Histogram::decode_v2_compressed_base64(vector.at("compressed_v2").as_string());
    ASSERT_TRUE(theirs) << theirs.error().text;
    expect_figures(*theirs, vector);
    EXPECT_EQ(theirs->encode_v2(), recorded_in_parts(vector).encode_v2());
  }
}

// Leaves our encodings for check_ours.mjs, which names the file in HDR_OUT.
TEST_F(HdrVectors, OurEncodingsAreWrittenForThem) {
  const char* path = std::getenv("HDR_OUT");
  std::ofstream out(path != nullptr ? path
                                    : testing::TempDir() + "hdr_ours_" + std::to_string(getpid()));
  for (const auto& name : vector_names()) {
    const auto vector = read_vector(name);
    out << json::serialize(summary_of(name, recorded_in_parts(vector), vector)) << '\n';
  }
  EXPECT_TRUE(out.flush());
}

}  // namespace
}  // namespace gauntlet::stats
