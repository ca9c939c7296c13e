#include "source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gauntlet::tidy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(CodeOnly, BlanksCommentsLiteralsAndDirectives) {
  EXPECT_EQ(code_only("a // {\nb"), "a     \nb");
  EXPECT_EQ(code_only("a /* {\n} */ b"), "a     \n     b");
  EXPECT_EQ(code_only("f(\"{\\\"\", '{', '\\'')"), "f(     ,    ,     )");
  EXPECT_EQ(code_only("R\"x({\")x\" + 1'000"), "          + 1'000");
  EXPECT_EQ(code_only("  #define A {\\\n  {\nb"), "              \n   \nb");
}

TEST(CodeOnly, SurvivesUnfinishedText) {
  for (const char* text : {"\"", "'", "/*", "R\"(", "R\"", "#", "//", "\"\\"})
    EXPECT_THAT(code_only(text), Not(HasSubstr("\"")));
}

std::vector<std::pair<std::string, std::size_t>> named(const char* text) {
  std::vector<std::pair<std::string, std::size_t>> found;
  for (const Function& function : functions_of(text))
    found.emplace_back(function.name, function.lines);
  return found;
}
using Found = std::pair<std::string, std::size_t>;

TEST(FunctionsOf, FindsFreeFunctionsMembersAndTemplates) {
  EXPECT_THAT(named("namespace a {\nint f() {\n  return 1;\n}\n}"), ElementsAre(Found{"f", 3}));
  EXPECT_THAT(named("class A {\n public:\n  void g() { if (x) { y(); } }\n};\nvoid A::h()\n{\n}"),
              ElementsAre(Found{"g", 2}, Found{"A::h", 3}));
  EXPECT_THAT(named("template <class T, typename U = B<T>>\nT* make(U u) {\n}"),
              ElementsAre(Found{"make", 3}));
}

TEST(FunctionsOf, CountsTheBodyBehindAnInitialiserList) {
  EXPECT_THAT(named("A::A() : a_{1}, b_{} {\n\n\n}\nint g() {}"),
              ElementsAre(Found{"A::A", 4}, Found{"g", 1}));
}

TEST(FunctionsOf, IgnoresWhatIsNoFunction) {
  EXPECT_THAT(named("enum class E : int { a, b };\nstruct S { int a[2] = {1, 2}; int b{}; };\n"
                    "constexpr int k[] = {1,\n2};\nvoid declared();\nextern \"C\" { }"),
              ElementsAre());
}

TEST(FunctionsOf, IsNotMisledByBracesInLiterals) {
  EXPECT_THAT(named("int f() {\n  g(\"}\", '}');  // }\n  return 1'000;\n}\nint h() {}"),
              ElementsAre(Found{"f", 4}, Found{"h", 1}));
}

TEST(WordsOf, SplitsBothSpellings) {
  EXPECT_THAT(words_of("slab_helper_"), ElementsAre("slab", "helper"));
  EXPECT_THAT(words_of("SlabHelper"), ElementsAre("slab", "helper"));
  EXPECT_THAT(words_of("src/util/x.cc"), ElementsAre("src", "util", "x", "cc"));
}

TEST(IdentifiersOf, LooksAtCodeOnly) {
  EXPECT_THAT(identifiers_of("int a = b1; // c\n\"d\""), ElementsAre("a", "b1", "int"));
}

TEST(OwnIncludesOf, LeavesTheSystemsOut) {
  EXPECT_THAT(own_includes_of("#include <a.h>\n#include \"b/c.h\"\n// #include \"d.h\"\n"),
              ElementsAre("b/c.h"));
}

TEST(LinesOf, TakesALastLineWithoutItsEnd) {
  EXPECT_THAT(lines_of("a\n\nb"), ElementsAre("a", "", "b"));
  EXPECT_THAT(lines_of("a\n"), ElementsAre("a"));
}

}  // namespace
}  // namespace gauntlet::tidy
