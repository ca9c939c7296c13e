// JSON codec: any value that fields.h describes, as JSON text and back, without loss: numbers as
// their shortest form that reads back the same, "nan", "inf" and "-inf" as strings, enumerators by
// name, histograms as HdrHistogram V2 in base64, text that is not UTF-8 as {"base64": …}.
// Reading takes what there is: members that are missing keep their value. It is false where a value
// is of another type, or of none of its names. Pure functions, safe on any thread.
#pragma once

#include <simdjson.h>
#include <boost/describe.hpp>
#include <boost/mp11.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "json/writer.h"
#include "stats/base64.h"
#include "stats/histogram.h"

namespace gauntlet::record {

using JsonElement = simdjson::dom::element;

template <typename T>
concept Described = boost::describe::has_describe_members<T>::value;

template <typename T>
using MembersOf = boost::describe::describe_members<T, boost::describe::mod_public>;

template <typename T>
void write_json(std::string& out, const T& value);
template <typename T>
bool read_json(const JsonElement& json, T& value);

namespace codec {

void write_text(std::string& out, std::string_view text);
bool read_text(const JsonElement& json, std::string& text);
void write_double(std::string& out, double value);
bool read_double(const JsonElement& json, double& value);
void write_histogram(std::string& out, const stats::Histogram& histogram);
bool read_histogram(const JsonElement& json, stats::Histogram& histogram);

template <typename Integer>
bool read_integer(const JsonElement& json, Integer& value) {
  if constexpr (std::is_signed_v<Integer>) {
    std::int64_t number = 0;
    if (json.get_int64().get(number) != simdjson::SUCCESS) return false;
    if (!std::in_range<Integer>(number)) return false;
    value = static_cast<Integer>(number);
  } else {
    std::uint64_t number = 0;
    if (json.get_uint64().get(number) != simdjson::SUCCESS) return false;
    if (!std::in_range<Integer>(number)) return false;
    value = static_cast<Integer>(number);
  }
  return true;
}

template <typename Enum>
bool read_enum(const JsonElement& json, Enum& value) {
  std::string_view name;
  if (json.get_string().get(name) != simdjson::SUCCESS) return false;
  return boost::describe::enum_from_string(std::string(name).c_str(), value);
}

// Arrays of unknown length, and of one that is fixed: what is missing keeps its value.
template <typename T>
bool read_each(const simdjson::dom::array& array, std::vector<T>& all) {
  all.clear();
  for (const JsonElement element : array) {
    all.emplace_back();
    if (!read_json(element, all.back())) return false;
  }
  return true;
}
inline bool read_each(const simdjson::dom::array& array, std::vector<bool>& all) = delete;
template <typename T, std::size_t kSize>
bool read_each(const simdjson::dom::array& array, std::array<T, kSize>& all) {
  std::size_t i = 0;
  for (const JsonElement element : array) {
    if (i == kSize || !read_json(element, all[i])) return false;
    ++i;
  }
  return true;
}

template <typename A, typename B>
bool read_pair(const simdjson::dom::array& array, std::pair<A, B>& value) {
  return array.size() == 2 && read_json(array.at(0).value_unsafe(), value.first) &&
         read_json(array.at(1).value_unsafe(), value.second);
}

template <Described T>
void write_members(std::string& out, const T& value) {
  char before = '{';
  boost::mp11::mp_for_each<MembersOf<T>>([&](auto member) {
    out += std::exchange(before, ',');
    json::append_string(out, member.name);
    out += ':';
    write_json(out, value.*member.pointer);
  });
  out += '}';
}

template <Described T>
bool read_members(const JsonElement& json, T& value) {
  simdjson::dom::object object;
  if (json.get_object().get(object) != simdjson::SUCCESS) return false;
  bool good = true;
  boost::mp11::mp_for_each<MembersOf<T>>([&](auto member) {
    JsonElement element;
    if (object.at_key(member.name).get(element) != simdjson::SUCCESS) return;
    good = good && read_json(element, value.*member.pointer);
  });
  return good;
}

template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <typename T>
inline constexpr bool kIsPair = false;
template <typename A, typename B>
inline constexpr bool kIsPair<std::pair<A, B>> = true;

template <typename List>
void write_each(std::string& out, const List& all) {
  char before = '[';
  for (const auto& each : all) {
    out += std::exchange(before, ',');
    write_json(out, each);
  }
  out += all.empty() ? "[]" : "]";
}

}  // namespace codec

template <typename T>
void write_json(std::string& out, const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    out += value ? "true" : "false";
  } else if constexpr (std::is_same_v<T, std::string>) {
    codec::write_text(out, value);
  } else if constexpr (std::is_same_v<T, stats::Histogram>) {
    codec::write_histogram(out, value);
  } else if constexpr (std::is_enum_v<T>) {
    json::append_string(out, boost::describe::enum_to_string(value, ""));
  } else if constexpr (std::is_floating_point_v<T>) {
    codec::write_double(out, value);
  } else if constexpr (std::is_signed_v<T>) {
    json::append_int(out, value);
  } else if constexpr (std::is_unsigned_v<T>) {
    json::append_uint(out, value);
  } else if constexpr (codec::kIsOptional<T>) {
    if (value)
      write_json(out, *value);
    else
      out += "null";
  } else if constexpr (codec::kIsPair<T>) {
    out += '[';
    write_json(out, value.first);
    out += ',';
    write_json(out, value.second);
    out += ']';
  } else if constexpr (Described<T>) {
    codec::write_members(out, value);
  } else {
    codec::write_each(out, value);
  }
}

template <typename T>
bool read_json(const JsonElement& json, T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return json.get_bool().get(value) == simdjson::SUCCESS;
  } else if constexpr (std::is_same_v<T, std::string>) {
    return codec::read_text(json, value);
  } else if constexpr (std::is_same_v<T, stats::Histogram>) {
    return codec::read_histogram(json, value);
  } else if constexpr (std::is_enum_v<T>) {
    return codec::read_enum(json, value);
  } else if constexpr (std::is_floating_point_v<T>) {
    return codec::read_double(json, value);
  } else if constexpr (std::is_integral_v<T>) {
    return codec::read_integer(json, value);
  } else if constexpr (codec::kIsOptional<T>) {
    value.reset();
    return json.is_null() || read_json(json, value.emplace());
  } else if constexpr (Described<T>) {
    return codec::read_members(json, value);
  } else {
    simdjson::dom::array array;
    if (json.get_array().get(array) != simdjson::SUCCESS) return false;
    if constexpr (codec::kIsPair<T>)
      return codec::read_pair(array, value);
    else
      return codec::read_each(array, value);
  }
}

// A whole document; false where it is none, too.
template <typename T>
bool from_json(std::string_view text, T& value) {
  simdjson::dom::parser parser;
  JsonElement root;
  return parser.parse(simdjson::padded_string(text)).get(root) == simdjson::SUCCESS &&
         read_json(root, value);
}

template <typename T>
std::string to_json(const T& value) {
  std::string out;
  write_json(out, value);
  return out;
}

}  // namespace gauntlet::record
