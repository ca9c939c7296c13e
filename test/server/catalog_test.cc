// What the catalog takes in and lists.
#include "server/catalog.h"

#include <gtest/gtest.h>

#include "server/params.h"

namespace gauntlet::server {
namespace {

Task run(Call&) { co_return text_result(""); }

TEST(CatalogDeathTest, TakesNoSchemaOfSeveralLines) {
  const Config config;
  const Contents contents;
  Catalog catalog(config, contents);
  const Tool fine{.name = "a", .description = "b", .input_schema = "{}", .start = run};
  catalog.add(fine);
  EXPECT_EQ(catalog.find_tool("a"), &fine);
  const Tool broken{.name = "c", .description = "d", .input_schema = "{\n}", .start = run};
  EXPECT_DEATH(catalog.add(broken), "catalog.cc");
}

TEST(Catalog, ListsAreOneLine) {
  Config config;
  config.conformance = true;
  config.page_size = 1000;
  const Contents contents;
  const Catalog catalog(config, contents);
  using List = Catalog::List;
  for (const List list : {List::tools, List::resources, List::templates, List::prompts})
    EXPECT_FALSE(catalog.page(list, std::nullopt)->contains('\n'));
}

TEST(Capabilities, ElicitationIsThatOfForms) {
  const auto bits = [](std::string_view modes) {
    const std::string json = R"({"capabilities":{"elicitation":)" + std::string(modes) + "}}";
    return capabilities_in(boost::json::parse(json).as_object(), "capabilities");
  };
  for (const char* modes : {"{}", R"({"form":{}})", R"({"form":{},"url":{}})"})
    EXPECT_EQ(bits(modes), kCanElicit) << modes;
  for (const char* modes : {R"({"url":{}})", "true", R"({"form":true})", "null"})
    EXPECT_EQ(bits(modes), 0) << modes;
}

}  // namespace
}  // namespace gauntlet::server
