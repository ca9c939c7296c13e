#include "report/junit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "report/made_run.h"

namespace gauntlet::report {
namespace {

using testing::HasSubstr;
using testing::Not;

bool well_formed(const std::string& xml) {
  const std::string path = testing::TempDir() + "gauntlet_junit_" + std::to_string(getpid());
  std::ofstream(path) << xml;
  return std::system(("xmllint --noout " + path + " 2> /dev/null").c_str()) == 0;
}

TEST(Junit, IsWellFormedXml) {
  EXPECT_TRUE(well_formed(junit_xml(test::report_record(), test::report_verdict())));
  EXPECT_FALSE(well_formed("<a><b></a>")) << "xmllint finds mistakes";
}

TEST(Junit, OneCaseATestWithItsOutcome) {
  const auto xml = junit_xml(test::report_record(), test::report_verdict());
  EXPECT_THAT(xml, HasSubstr("<testsuite name=\"baseline\" tests=\"5\" failures=\"1\" errors=\"0\" "
                             "skipped=\"2\" time=\"3.250\" timestamp=\"2026-11-23T20:21:41Z\">"));
  EXPECT_THAT(xml, HasSubstr("<testcase classname=\"baseline\" name=\"baseline.connections_150\" "
                             "time=\"2.000\">\n      <system-out>PASS: "));
  EXPECT_THAT(xml, HasSubstr("<failure message=\"p95 2.1 ms, limit &lt;= 102 ms\" "
                             "type=\"limit\">"));
  EXPECT_THAT(xml, HasSubstr("<skipped message=\"INCONCLUSIVE: no_evidence: &quot;cut&quot; "
                             "&lt;did&gt; not happen &amp; so on\"/>"));
  EXPECT_THAT(xml, HasSubstr("<skipped message=\"SKIPPED: not \xEF\xBF\xBD here\"/>"));
  EXPECT_THAT(xml, HasSubstr("<system-out>WARN: "));
}

TEST(Junit, PropertiesMakeTheRunRepeatable) {
  const auto xml = junit_xml(test::report_record(), test::report_verdict());
  for (const char* property :
       {"name=\"run.seed\" value=\"18446744073709551615\"",
        "name=\"load.offered_per_s\" value=\"5000.0\"",
        "name=\"load.achieved_per_s\" value=\"4995.0\"",
        "name=\"host.cpu_model\" value=\"A &quot;fast&quot; CPU\"",
        "name=\"run.repro\" value=\"gauntlet run baseline --seed 18446744073709551615\""}) {
    EXPECT_THAT(xml, HasSubstr(property));
  }
}

TEST(XmlEscaped, ReplacesWhatXmlCannotHold) {
  EXPECT_EQ(xml_escaped("a<b>&\"c\""), "a&lt;b&gt;&amp;&quot;c&quot;");
  EXPECT_EQ(xml_escaped("line\nnext\t\r"), "line&#10;next&#9;&#13;");
  EXPECT_EQ(xml_escaped("\x1b[0m\x7f"), "\xEF\xBF\xBD[0m\x7f");
  EXPECT_EQ(xml_escaped("caf\xC3\xA9 \xF0\x9F\x98\x80"), "caf\xC3\xA9 \xF0\x9F\x98\x80");
  EXPECT_EQ(xml_escaped("\xEF\xBF\xBF"), "\xEF\xBF\xBD") << "U+FFFF";
  EXPECT_EQ(xml_escaped("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD") << "a surrogate";
  EXPECT_EQ(xml_escaped("\xC0\xAF|\xC3"), "\xEF\xBF\xBD\xEF\xBF\xBD|\xEF\xBF\xBD");
}

}  // namespace
}  // namespace gauntlet::report
