// FaultJournal: what is about to be done to a target, on disk before it is done, so that whoever
// finds a machine in a strange state after a crash can read why. One line of JSON an event in
// <results>/<run id>/faults.jsonl; nothing is written for runs without faults.
// Main thread only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/fd.h"
#include "core/result.h"
#include "run/plan.h"

namespace gauntlet::main {

class FaultJournal {
 public:
  explicit FaultJournal(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // It is on disk when this returns; an error: it is not, and what it tells of must not happen.
  core::Result<void> note(std::string_view event, const run::Fault& fault, std::uint32_t occurrence,
                          std::string_view detail = "");

 private:
  std::filesystem::path folder_;
  core::Fd file_;  // opened with the first line
};

}  // namespace gauntlet::main
