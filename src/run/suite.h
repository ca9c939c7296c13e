// Suites: TOML files that describe a run, and how they become a Plan. docs/suites.md is the
// reference of the format. Whatever is wrong with a file is one usage error of one line,
// "my.toml:14: unknown key `conections` in [load]; did you mean `connections`?".
// Plain functions of their arguments, callable from any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "run/plan.h"

namespace gauntlet::run {

// `file` is the name that messages carry; without a `suite` key its stem names the suite.
core::Result<Plan> parse_suite(std::string_view toml, std::string_view file, Mode mode);

// The text and name of a shipped suite ("baseline"), or of a file ("my.toml", "./suite").
struct SuiteText {
  std::string file;
  std::string toml;
};
core::Result<SuiteText> find_suite(std::string_view name_or_path);

core::Result<Plan> load_suite(std::string_view name_or_path, Mode mode);

// A file of [[mix]] entries alone, as `--mix` takes it.
core::Result<std::vector<Operation>> load_mix(const std::string& path);

core::Result<Mode> parse_mode(std::string_view text);  // demo, short, extended

// An HTTP header that a plan may add: a token, a value without control characters, and none of
// those that frame a message.
core::Result<std::pair<std::string, std::string>> checked_header(std::string_view name,
                                                                 std::string_view value);

// A tool's arguments: one JSON object, given back on one line. In it "{{nonce}}" stands for each
// call's own nonce, so it can only be inside a string.
core::Result<std::string> checked_arguments(std::string_view json);

}  // namespace gauntlet::run
