// LinkEmulator: a process in the lab's link that moves the packets between its two wires, instead
// of the kernel, and does to them what faults ask for: delay, loss, reordering and the rest that
// this kernel need not be able to do (link_model.h).
//
// While it runs all packets go through it, at the cost that docs/faults.md says; when it is gone
// the kernel routes them again. It ends when this object does, and with the lab. Start it before
// there are threads. Belongs to one thread.
#pragma once

#include <sys/types.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "chaos/fault.h"
#include "chaos/lab.h"
#include "chaos/link_pump.h"
#include "chaos/side_probe.h"
#include "core/fd.h"
#include "stats/histogram.h"

namespace gauntlet::chaos {

struct LinkFindings {
  LinkReport report;
  std::array<stats::Histogram, 2> delays;  // applied, by LinkWay
};

class LinkEmulator {
 public:
  static core::Result<std::unique_ptr<LinkEmulator>> start(const Lab& lab);
  ~LinkEmulator();
  LinkEmulator(const LinkEmulator&) = delete;
  LinkEmulator& operator=(const LinkEmulator&) = delete;

  std::uint64_t next_id() { return ++last_id_; }
  core::Result<LinkFindings> add(const LinkStage& stage);
  core::Result<LinkFindings> remove(std::uint64_t id);        // with its last findings
  core::Result<LinkFindings> report(std::uint64_t id) const;  // 0: of no stage
  pid_t pid() const { return pid_; }

 private:
  explicit LinkEmulator(const Lab& lab) : lab_(lab) {}

  core::Result<LinkFindings> ask(const LinkOrder& order) const;

  const Lab& lab_;
  core::Fd control_;
  pid_t pid_ = -1;
  std::uint64_t last_id_ = 0;
};

// What the link does to the packets of all clients, or of one load address.
struct LinkEffect {
  LinkSettings to_server = {};
  LinkSettings to_load = {};
  std::optional<std::string> only_client = {};
  std::uint64_t seed = 1;
};

// One effect as a fault. The emulator ends it by itself after its ttl. Evidence: exact counts of
// packets and the histogram of applied delay; losses within their binomial interval. The emulator
// is ours, so its word is not enough: of a delay that has bounds, a side probe's round trips have
// to be longer by what was ordered than right before it, too. arm() takes up to a moment for that.
class LinkFault final : public Fault {
 public:
  LinkFault(LinkEmulator& emulator, LinkEffect effect)
      : emulator_(emulator), effect_(std::move(effect)) {}
  ~LinkFault() override { std::ignore = stop(); }
  LinkFault(const LinkFault&) = delete;
  LinkFault& operator=(const LinkFault&) = delete;

  core::Result<void> probe() override;
  core::Result<void> arm(core::Nanos ttl) override;
  core::Result<void> start() override;
  Evidence evidence() override;
  core::Result<void> stop() override;
  core::Result<void> verify_clean() override;

 private:
  core::Result<void> open_side_probe();
  void look_aside();
  void ask_aside();
  bool shown_aside() const;
  void tell_aside(Evidence& found) const;

  LinkEmulator& emulator_;
  LinkEffect effect_;
  core::Nanos ttl_ = 0;
  std::optional<SideProbe> side_;        // of effects that add to a round trip, within bounds
  RoundTrips aside_;                     // since the start
  std::optional<double> rtt_before_ms_;  // the least; nothing came back: nothing
  bool alone_ = true;                    // no other fault of the link was in force
  core::Nanos started_ns_ = 0, looked_ns_ = 0, asked_ns_ = 0;
  std::uint64_t id_ = 0;  // 0: not started
  bool stopped_ = true;
  std::uint64_t overtaken_before_ = 0;
  std::optional<LinkFindings> last_;
};

}  // namespace gauntlet::chaos
