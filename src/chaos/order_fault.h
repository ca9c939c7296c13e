// ExecFault and FailpointFault: faults that somebody else makes, by order.
//
// ExecFault runs a user's shell commands: one that starts, one that gives evidence, one that stops.
// Evidence is shown while the middle one exits with 0; the lines that it prints, "name value", are
// the facts. The warden runs the last one where we cannot.
// FailpointFault orders a failpoint of `gauntlet serve --failpoints` (docs/serve.md): evidence is
// by how much its hit counter rose; the warden takes it back where we cannot. Each command or
// request may take kCommandTimeout, and the caller waits for it.
#pragma once

#include <cstdint>
#include <string>

#include "chaos/noted_fault.h"

namespace gauntlet::chaos {

struct ExecCommands {
  std::string start, evidence, stop;
};

class ExecFault final : public NotedFault {
 public:
  ExecFault(Warden& warden, ExecCommands commands)
      : NotedFault(warden), commands_(std::move(commands)) {}

  core::Result<void> probe() override;
  core::Result<void> arm(core::Nanos ttl) override;
  core::Result<void> start() override;
  Evidence evidence() override;
  // Where the evidence can still be had, the stop command has not worked.
  core::Result<void> verify_clean() override;

 private:
  ExecCommands commands_;
  core::Nanos ttl_ = 0;
  Evidence last_;
};

struct FailpointOrder {
  std::string endpoint;  // "unix:/path" or "127.0.0.1:port"
  std::string token;
  std::string order;  // "handler-delay?ms=200", "registry?shards=0-31", …

  std::string name() const { return order.substr(0, order.find('?')); }
};

class FailpointFault final : public NotedFault {
 public:
  FailpointFault(Warden& warden, FailpointOrder order)
      : NotedFault(warden), order_(std::move(order)) {}

  core::Result<void> probe() override;
  core::Result<void> arm(core::Nanos ttl) override;
  core::Result<void> start() override;
  Evidence evidence() override;
  core::Result<void> verify_clean() override;

 private:
  struct State {
    std::string settings;  // "": off
    std::uint64_t hits = 0;
  };
  std::string request(const std::string& method, const std::string& what) const;
  core::Result<State> read() const;

  FailpointOrder order_;
  core::Nanos ttl_ = 0;
  std::uint64_t hits_before_ = 0;
};

}  // namespace gauntlet::chaos
