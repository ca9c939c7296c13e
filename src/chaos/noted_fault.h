// NotedFault: a fault that the kernel would not end by itself, and that the warden therefore knows
// of before it begins. What such faults share: note, then the effect; undo, then forget.
#pragma once

#include <optional>
#include <tuple>

#include "chaos/fault.h"
#include "chaos/undo.h"
#include "chaos/warden.h"

namespace gauntlet::chaos {

class NotedFault : public Fault {
 public:
  ~NotedFault() override { std::ignore = take_back(); }
  NotedFault(const NotedFault&) = delete;
  NotedFault& operator=(const NotedFault&) = delete;

  core::Result<void> stop() override { return take_back(); }

 protected:
  explicit NotedFault(Warden& warden) : warden_(warden) {}

  // Right before the effect.
  core::Result<void> note(Undo undo, core::Nanos ttl) {
    auto number = warden_.note(undo, core::monotonic_ns() + ttl);
    if (!number) return std::unexpected(number.error());
    noted_ = Noted{*number, std::move(undo)};
    return {};
  }

 private:
  struct Noted {
    std::uint64_t number = 0;
    Undo undo;
  };

  // Nothing where there was no effect, or where the warden has undone it when its time was up.
  core::Result<void> take_back() {
    if (!noted_) return {};
    const bool gone = !warden_.still_has(noted_->number).value_or(true);
    if (const auto done = gone ? core::Result<void>() : carry_out(noted_->undo); !done) return done;
    std::ignore = warden_.forget(noted_->number);
    noted_.reset();
    return {};
  }

  Warden& warden_;
  std::optional<Noted> noted_;
};

}  // namespace gauntlet::chaos
