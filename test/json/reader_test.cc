#include "json/reader.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace gauntlet::json {
namespace {

constexpr std::size_t kPadding = 64;

struct Read {
  std::vector<std::string> texts;  // key, value, key, …
  bool failed = false;
  bool operator==(const Read&) const = default;
};

template <typename OnField>
Read read_with(const std::string& json, OnField on_field) {
  std::string bytes = json + std::string(kPadding, '"');
  Reader reader;
  ondemand::document document;
  ondemand::object fields;
  Read read;
  if (reader.open({bytes.data(), json.size()}).get(document) || document.get_object().get(fields))
    return {{}, true};
  for (auto field : fields) {
    std::string_view key, text;
    if (on_field(field, key, text)) return {std::move(read.texts), true};
    read.texts.emplace_back(key);
    read.texts.emplace_back(text);
  }
  return read;
}

Read read_ours(const std::string& json) {
  return read_with(json, [](auto& field, std::string_view& key, std::string_view& text) {
    ondemand::value value;
    if (read_key(field, key) || field.value().get(value)) return true;
    return read_string(value, text) != simdjson::SUCCESS;
  });
}

Read read_theirs(const std::string& json) {
  return read_with(json, [](auto& field, std::string_view& key, std::string_view& text) {
    return field.unescaped_key().get(key) || field.value().get_string().get(text);
  });
}

TEST(Reader, TextWithoutEscapesIsNotCopied) {
  const std::string json = R"({"key":"some text beyond eight bytes"})";
  std::string bytes = json + std::string(kPadding, '\0');
  Reader reader;
  ondemand::document document = reader.open({bytes.data(), json.size()}).value();
  for (auto field : document.get_object()) {
    std::string_view key, text;
    ondemand::value value;
    ASSERT_EQ(read_key(field, key), simdjson::SUCCESS);
    ASSERT_EQ(field.value().get(value), simdjson::SUCCESS);
    ASSERT_EQ(read_string(value, text), simdjson::SUCCESS);
    EXPECT_EQ(key.data(), bytes.data() + 2);
    EXPECT_EQ(text.data(), bytes.data() + 8);
    EXPECT_EQ(text, "some text beyond eight bytes");
  }
}

TEST(Reader, EscapesAreUndoneAndBadOnesRefused) {
  EXPECT_EQ(read_ours(R"({"a\u0062":"\"\\\n"})"), (Read{{"ab", "\"\\\n"}, false}));
  EXPECT_TRUE(read_ours(R"({"a":"\x"})").failed);
  EXPECT_TRUE(read_ours(R"({"a\x":"b"})").failed);
  EXPECT_TRUE(read_ours(R"({"a":1})").failed);
  EXPECT_TRUE(read_ours(R"({"a":"b)").failed);
}

RC_GTEST_PROP(ReaderProperty, KeysAndStringsAreWhatSimdjsonSaysTheyAre, ()) {
  const auto text = rc::gen::map(
      rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
          "a", "bcdefgh", " ", ":", ",", "\xC3\xA9", "\\n", "\\\\", "\\\"", "\\u00e9", "\\", "\"")),
      [](const std::vector<std::string>& parts) {
        std::string all;
        for (const std::string& part : parts) all += part;
        return all;
      });
  std::string json = "{";
  const std::size_t fields = *rc::gen::inRange<std::size_t>(1, 4);
  for (std::size_t i = 0; i < fields; ++i)
    json += (i == 0 ? "\"" : " ,\"") + *text + "\" : \"" + *text + '"';
  json += '}';
  RC_ASSERT(read_ours(json) == read_theirs(json));
}

}  // namespace
}  // namespace gauntlet::json
