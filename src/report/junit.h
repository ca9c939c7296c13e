// A verdict as JUnit XML: one testsuite, one testcase a test. FAIL is a <failure>, INCONCLUSIVE and
// SKIPPED are <skipped> with the reason, WARN passes with a note in its <system-out>.
// Text is escaped as XML 1.0 asks; what XML 1.0 cannot hold becomes U+FFFD.
#pragma once

#include <string>
#include <string_view>

#include "run/record.h"
#include "run/verdict.h"

namespace gauntlet::report {

std::string junit_xml(const run::Record& record, const run::Verdict& verdict);

// For attribute values and text alike.
std::string xml_escaped(std::string_view text);

}  // namespace gauntlet::report
