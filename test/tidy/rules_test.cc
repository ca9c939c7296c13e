#include "rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gauntlet::tidy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> rules_in(const Findings& findings) {
  std::vector<std::string> rules;
  for (const Finding& finding : findings) rules.push_back(finding.rule);
  return rules;
}

std::string include(const char* path) { return std::string("#include \"") + path + "\"\n"; }

TEST(Floors, AllowTheOwnFolderAndLowerOnes) {
  EXPECT_THAT(check_floors({"src/load/a.cc", include("load/a.h") + include("mcp/b.h")}), IsEmpty());
  EXPECT_THAT(check_floors({"src/main/a.cc", include("load/a.h") + include("core/b.h")}),
              IsEmpty());
}

TEST(Floors, ForbidTheSameFloorAndHigherOnes) {
  EXPECT_THAT(rules_in(check_floors({"src/load/a.cc", include("server/b.h")})),
              ElementsAre("floors"));
  EXPECT_THAT(rules_in(check_floors({"src/core/a.h", include("net/b.h")})), ElementsAre("floors"));
  EXPECT_THAT(rules_in(check_floors({"src/wire/a.h", include("json/b.h")})), ElementsAre("floors"));
}

TEST(Floors, ForbidUnknownFolders) {
  EXPECT_THAT(rules_in(check_floors({"src/attic/a.cc", ""})), ElementsAre("floors"));
  EXPECT_THAT(rules_in(check_floors({"src/core/a.cc", include("a.h")})), ElementsAre("floors"));
}

TEST(LinksRule, ComparesIncludesWithTheBuild) {
  const Links links = links_of("# text\ngauntlet_folder(mcp core json)\n");
  EXPECT_THAT(check_links({"src/mcp/a.cc", include("json/b.h") + include("mcp/c.h")}, links),
              IsEmpty());
  EXPECT_THAT(rules_in(check_links({"src/mcp/a.cc", include("net/b.h")}, links)),
              ElementsAre("links"));
}

TEST(Lengths, PassAtTheirLimits) {
  const std::string function = "int f() {\n" + std::string(68, '\n') + "}\n";
  EXPECT_THAT(check_lengths({"src/core/a.cc", function}), IsEmpty());
  EXPECT_THAT(check_lengths({"src/core/a.cc", std::string(500, '\n')}), IsEmpty());
  EXPECT_THAT(check_lengths({"src/core/a.cc", std::string(100, 'x')}), IsEmpty());
}

TEST(Lengths, FailBeyondThem) {
  const std::string function = "int f() {\n" + std::string(69, '\n') + "}\n";
  const Findings found = check_lengths({"src/core/a.cc", function});
  ASSERT_THAT(rules_in(found), ElementsAre("function_lines"));
  EXPECT_EQ(found[0].key(), "function_lines src/core/a.cc:f");
  EXPECT_EQ(found[0].value, 71);
  EXPECT_THAT(rules_in(check_lengths({"src/core/a.cc", std::string(501, '\n')})),
              ElementsAre("line_count"));
  EXPECT_THAT(rules_in(check_lengths({"src/core/a.cc", std::string(101, 'x')})),
              ElementsAre("columns"));
}

TEST(Lengths, AddUpOverTheTree) {
  std::string half;
  for (std::size_t i = 0; i < kSourceLinesMax / 2; ++i) half += "x;\n\n  // why\n";
  EXPECT_THAT(check_size({{"src/core/a.cc", half}, {"src/core/b.cc", half}}), IsEmpty());
  EXPECT_THAT(rules_in(check_size({{"src/core/a.cc", half}, {"src/core/b.cc", half + "}\n"}})),
              ElementsAre("source_lines"));
}

TEST(Lengths, CountCharactersAndNotBytes) {
  std::string line;
  for (int i = 0; i < 100; ++i) line += "…";
  EXPECT_THAT(check_lengths({"src/core/a.cc", line}), IsEmpty());
  EXPECT_THAT(rules_in(check_lengths({"src/core/a.cc", line + "…"})), ElementsAre("columns"));
}

TEST(Names, FindBannedWordsInFilesAndIdentifiers) {
  EXPECT_THAT(rules_in(check_names({"src/core/slab_helper.h", ""})), ElementsAre("names"));
  EXPECT_THAT(rules_in(check_names({"src/core/a.h", "class SessionManager;"})),
              ElementsAre("names"));
  EXPECT_THAT(rules_in(check_names({"src/core/a.h", "void parse_impl();"})), ElementsAre("names"));
}

TEST(Names, LeaveCommentsAndLongerWordsAlone) {
  EXPECT_THAT(check_names({"src/core/a.h", "int implicit, utility;  // a helper\n"}), IsEmpty());
}

TEST(Header, NeedsAFirstSentenceAndAGuard) {
  EXPECT_THAT(check_header({"src/core/a.h", "// A thing.\n\n#pragma once\n"}), IsEmpty());
  EXPECT_THAT(check_header({"src/core/a.cc", "int a;\n"}), IsEmpty());
  EXPECT_THAT(rules_in(check_header({"src/core/a.h", "#pragma once\n"})), ElementsAre("header"));
  EXPECT_THAT(rules_in(check_header({"src/core/a.h", "// A thing.\n"})), ElementsAre("header"));
}

TEST(Text, FindsNotesPathsAndHosts) {
  // In parts, because this file is looked at too.
  const std::string slash = "/", to = "TO", fix = "FIX", x = "X", npm = "npm";
  for (const std::string& bad :
       {"// " + to + "DO: later", fix + "ME", x + "XX here", "cd " + slash + "work/main",
        '"' + slash + "home/me\"", slash + "root/.x", "https://registry." + npm + "js.org/x"})
    EXPECT_THAT(rules_in(check_text({"docs/a.md", bad})), testing::Contains("text")) << bad;
}

TEST(Text, AllowsWhatOnlyLooksAlike) {
  for (const char* good : {"mktemp a.XXXXXX", "src/work/x", "https://example.org/home/x",
                           "$HOME/root/x", "./root/x", "mastodon"})
    EXPECT_THAT(check_text({"docs/a.md", good}), IsEmpty()) << good;
}

TEST(Excerpts, AreWordForWord) {
  const auto read = [](std::string_view path) {
    return std::string(path == "src/a.cc" ? "int a;\nint b;\nint c;\n" : "");
  };
  const auto found = [&](const std::string& block) {
    return check_excerpts({"docs/a.md", "Text\n\n```cpp\n" + block + "```\nmore\n"}, read);
  };
  EXPECT_TRUE(found("// src/a.cc\nint b;\nint c;\n").empty());
  EXPECT_TRUE(found("int anything;\n").empty());
  ASSERT_EQ(found("// src/a.cc\nint d;\n").size(), 1U);
  EXPECT_EQ(found("// src/a.cc\nint d;\n")[0].where, "docs/a.md");
  EXPECT_EQ(found("// src/b.cc\nint b;\n").size(), 1U) << "no such file";
  EXPECT_EQ(found("// src/a.cc\n").size(), 1U) << "nothing is no part";
}

TEST(Ratchet, LetsListedFindingsPassAndOnlyShrinks) {
  const Findings found = {{"columns", "src/core/a.h", 120, ""}};
  EXPECT_THAT(apply_ratchet(found, "# why\n\ncolumns src/core/a.h 120\n"), IsEmpty());
  EXPECT_THAT(rules_in(apply_ratchet(found, "")), ElementsAre("columns"));
  EXPECT_THAT(rules_in(apply_ratchet(found, "columns src/core/a.h 110\n")), ElementsAre("columns"));
  EXPECT_THAT(rules_in(apply_ratchet(found, "columns src/core/a.h 130\n")), ElementsAre("ratchet"));
  EXPECT_THAT(rules_in(apply_ratchet({}, "columns src/core/a.h 120\n")), ElementsAre("ratchet"));
}

}  // namespace
}  // namespace gauntlet::tidy
