// FaultSpec: a fault as words and plain values, from a command line or a suite, and the object that
// it becomes. kFaultKinds is the list of all there are.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "chaos/fault.h"
#include "chaos/lab.h"
#include "chaos/link_emulator.h"
#include "chaos/order_fault.h"
#include "chaos/packet_fault.h"
#include "chaos/process.h"
#include "chaos/warden.h"

namespace gauntlet::chaos {

struct FaultSpec {
  std::string name;    // of a FaultKind
  std::string amount;  // "100ms", "2%", "64MB": what it means is said in FaultKind::amount
  core::Nanos jitter = 0;
  Direction direction = Direction::both;
  std::optional<std::string> only_client = {};
  ProcessTarget processes = {};
  pid_t supervisor = 0;
  std::uint16_t port = 0;
  ExecCommands commands = {};
  FailpointOrder failpoint = {};
  std::uint64_t seed = 1;
};

// What faults are made with; the caller keeps them as long as the faults.
struct FaultContext {
  Warden* warden = nullptr;
  Lab* lab = nullptr;
  LinkEmulator* emulator = nullptr;
};

struct FaultKind {
  enum class Needs : std::uint8_t { lab, emulator, process, port, order };

  std::string_view name;
  Needs needs;
  std::string_view amount;    // "" where there is none
  std::string_view example;   // of an amount
  std::string_view evidence;  // for people
  bool instant = false;       // over as soon as it has begun
};

std::span<const FaultKind> fault_kinds();
const FaultKind* find_fault_kind(std::string_view name);

// Usage errors say what is missing or wrong. That the fault works here is for probe() to say.
core::Result<std::unique_ptr<Fault>> make_fault(const FaultSpec& spec, const FaultContext& context);

// Whether it works on this machine, for this user; tried on a process or in a lab of its own.
core::Result<void> fault_works_here(const FaultKind& kind);

}  // namespace gauntlet::chaos
