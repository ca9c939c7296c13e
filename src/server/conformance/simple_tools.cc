// Tools that answer at once, with each type of content.
#include "server/conformance/fixtures.h"

namespace gauntlet::server {
namespace {

namespace json = boost::json;

// A millisecond of sound: eight samples, in base64.
constexpr std::string_view kWav =
    "UklGRiwAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQgAAACA/4AAgP+AAA==";

Outcome one_block(json::object block) {
  json::array content;
  content.push_back(std::move(block));
  return content_result(std::move(content));
}

Task text(Call&) { co_return text_result("This is a simple text response for testing."); }

Task image(Call&) { co_return one_block(image_content()); }

Task audio(Call&) {
  json::object block;
  block["type"] = "audio";
  block["data"] = json::string_view(kWav.data(), kWav.size());
  block["mimeType"] = "audio/wav";
  co_return one_block(std::move(block));
}

Task embedded(Call&) {
  co_return one_block(embedded_resource("test://embedded-resource", "text/plain",
                                        "This is an embedded resource content."));
}

Task mixed(Call&) {
  json::array content;
  content.push_back(text_content("Multiple content types test:"));
  content.push_back(image_content());
  content.push_back(embedded_resource("test://mixed-content-resource", "application/json",
                                      R"({"test":"data","value":123})"));
  co_return content_result(std::move(content));
}

Task error(Call&) { co_return tool_error("This tool intentionally returns an error for testing"); }

}  // namespace

std::span<const Tool> simple_tools() {
  static constexpr Tool kTools[] = {
      {.name = "test_simple_text",
       .description = "Returns a text.",
       .input_schema = kNoArguments,
       .start = text},
      {.name = "test_image_content",
       .description = "Returns an image.",
       .input_schema = kNoArguments,
       .start = image},
      {.name = "test_audio_content",
       .description = "Returns a sound.",
       .input_schema = kNoArguments,
       .start = audio},
      {.name = "test_embedded_resource",
       .description = "Returns an embedded resource.",
       .input_schema = kNoArguments,
       .start = embedded},
      {.name = "test_multiple_content_types",
       .description = "Returns a text, an image and an embedded resource.",
       .input_schema = kNoArguments,
       .start = mixed},
      {.name = "test_error_handling",
       .description = "Fails, always.",
       .input_schema = kNoArguments,
       .start = error},
  };
  return kTools;
}

}  // namespace gauntlet::server
