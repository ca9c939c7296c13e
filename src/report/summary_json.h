// summary.json: a whole run and its verdict as one versioned JSON document.
// summary.schema.json beside this file describes it and ships inside the binary; keys are only ever
// added. Seconds, milliseconds and megabytes are floats with the unit in the key; the seed is a
// decimal string, because JSON numbers lose 64-bit integers; a quantity without samples is null.
#pragma once

#include <span>
#include <string>

#include "run/record.h"
#include "run/shipped.h"
#include "run/verdict.h"

namespace gauntlet::report {

inline constexpr std::string_view kSummarySchema = "gauntlet/summary/v1";

std::string summary_json(const run::Record& record, const run::Verdict& verdict, int exit_code);

// The JSON Schemas of our documents; "summary" is the only one.
std::span<const run::ShippedFile> shipped_schemas();

}  // namespace gauntlet::report
