#include "record/json_codec.h"

namespace gauntlet::record::codec {

namespace {

constexpr std::string_view kBase64 = "base64";

}  // namespace

void write_text(std::string& out, std::string_view text) {
  if (simdjson::validate_utf8(text.data(), text.size())) return json::append_string(out, text);
  out += "{\"base64\":";
  json::append_string(out, stats::to_base64(text));
  out += '}';
}

bool read_text(const JsonElement& json, std::string& text) {
  std::string_view plain;
  if (json.get_string().get(plain) == simdjson::SUCCESS) {
    text = plain;
    return true;
  }
  if (json[kBase64].get_string().get(plain) != simdjson::SUCCESS) return false;
  auto bytes = stats::from_base64(plain);
  if (bytes) text = std::move(*bytes);
  return bytes.has_value();
}

void write_double(std::string& out, double value) {
  if (std::isnan(value)) return json::append_string(out, "nan");
  if (std::isinf(value)) return json::append_string(out, value > 0 ? "inf" : "-inf");
  const std::size_t begin = out.size();
  json::append_number(out, value);
  // Digits alone are read as an integer, and these would be too large for one.
  const bool is_digits = out.find_first_of(".e", begin) == std::string::npos;
  if (is_digits && std::abs(value) >= 0x1p63) out += ".0";
}

bool read_double(const JsonElement& json, double& value) {
  if (json.get_double().get(value) == simdjson::SUCCESS) return true;
  std::string_view name;
  if (json.get_string().get(name) != simdjson::SUCCESS) return false;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (name == "nan") value = std::numeric_limits<double>::quiet_NaN();
  if (name == "inf") value = kInfinity;
  if (name == "-inf") value = -kInfinity;
  return name == "nan" || name == "inf" || name == "-inf";
}

void write_histogram(std::string& out, const stats::Histogram& histogram) {
  json::append_string(out, histogram.encode_v2_compressed_base64());
}

bool read_histogram(const JsonElement& json, stats::Histogram& histogram) {
  std::string_view text;
  if (json.get_string().get(text) != simdjson::SUCCESS) return false;
  auto decoded = stats::Histogram::decode_v2_compressed_base64(text);
  if (decoded) histogram = std::move(*decoded);
  return decoded.has_value();
}

}  // namespace gauntlet::record::codec
