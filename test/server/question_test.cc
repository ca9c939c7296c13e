// What counts as an answer to a question, and what is read from it.
#include "server/question.h"

#include <gtest/gtest.h>

namespace gauntlet::server {
namespace {

namespace bj = boost::json;

bj::object object(std::string_view json) {
  return bj::parse({json.data(), json.size()}).as_object();
}

TEST(Question, AFilledFormHasAnAction) {
  for (const char* good : {R"({"action":"accept","content":{"name":"Ada"}})",
                           R"({"action":"decline"})", R"({"action":"cancel","_meta":{}})"})
    EXPECT_TRUE(answers(kCanElicit, object(good))) << good;
  for (const char* bad :
       {"{}", R"({"action":1})", R"({"action":"yes"})", R"({"action":"accept","content":"Ada"})",
        R"({"content":{"name":"Ada"}})"})
    EXPECT_FALSE(answers(kCanElicit, object(bad))) << bad;
}

TEST(Question, AMessageHasARoleAModelAndContent) {
  const auto message = [](std::string_view content) {
    return R"({"role":"assistant","model":"m","content":)" + std::string(content) + "}";
  };
  const std::string block = R"({"type":"text","text":"hi"})";
  for (const std::string& content : {block, "[" + block + "]", std::string("[]")})
    EXPECT_TRUE(answers(kCanSample, object(message(content)))) << content;
  for (const char* content : {R"("hi")", "[1]", "null", R"({"text":"hi"})"})
    EXPECT_FALSE(answers(kCanSample, object(message(content)))) << content;
  EXPECT_FALSE(answers(kCanSample, object(R"({"role":"assistant","content":)" + block + "}")));
  EXPECT_FALSE(
      answers(kCanSample, object(R"({"role":"root","model":"m","content":)" + block + "}")));
  EXPECT_FALSE(answers(kCanSample, object(R"({"model":"m","content":)" + block + "}")));
}

TEST(Question, RootsHaveUris) {
  EXPECT_TRUE(answers(kCanListRoots, object(R"({"roots":[]})")));
  EXPECT_TRUE(answers(kCanListRoots, object(R"({"roots":[{"uri":"file:///a","name":"a"}]})")));
  for (const char* bad : {"{}", R"({"roots":{}})", R"({"roots":[1]})", R"({"roots":[{"uri":1}]})"})
    EXPECT_FALSE(answers(kCanListRoots, object(bad))) << bad;
}

TEST(Question, TextIsReadFromFormsBlocksAndArraysOfThem) {
  const auto text = [](std::string_view result, std::string_view field = "text") {
    return ClientReply{object(result), ""}.text(field);
  };
  EXPECT_EQ(text(R"({"content":{"name":"Ada"}})", "name"), "Ada");
  EXPECT_EQ(text(R"({"content":{"type":"text","text":"one"}})"), "one");
  EXPECT_EQ(text(R"({"content":[{"type":"image"},7,{"type":"text","text":"two"}]})"), "two");
  for (const char* none : {"{}", R"({"content":[]})", R"({"content":{"text":7}})",
                           R"({"content":"text"})", R"({"content":[{"text":null}]})"})
    EXPECT_EQ(text(none), "") << none;
}

}  // namespace
}  // namespace gauntlet::server
