// ServiceTest: a Service asked without sockets, as over a stream of lines or over HTTP.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "requests.h"
#include "server/service.h"
#include "wire.h"

namespace gauntlet::server {

class ServiceTest : public testing::Test {
 protected:
  explicit ServiceTest(Config config = {}) : config_(std::move(config)) {
    service_.add_transport(wire_);
    mailbox_.listen(*loop_, [this](const Letter& letter) { service_.on_letter(letter); });
  }

  Answer handle(std::string_view json, Caller caller) {
    bytes_ = json;
    bytes_.append(net::kReadPadding, ' ');
    caller.path.transport = &wire_;
    caller.now_ns = core::monotonic_ns();
    return service_.handle({bytes_.data(), json.size()}, caller);
  }

  // An answer as over a stream of lines whose connection was opened; empty where it comes later.
  std::string ask(std::string_view json) {
    Caller caller;
    caller.connection = &connection_;
    return std::string(handle(json, caller).body);
  }

  std::string tool(std::string_view name, std::string_view arguments) {
    return ask(call("1", name, arguments));
  }

  // Everything that is due within a minute, and what that makes due.
  void run_timers() {
    for (int i = 0; i < 1000 && timers_.count() > 0; ++i)
      timers_.run_due(core::monotonic_ns() + 60 * core::kSecond);
  }

  Config config_;
  std::unique_ptr<net::Loop> loop_ = net::make_loop();
  Timers timers_;
  LocalSession connection_{.opened = true, .session = {}};
  Registry registry_{1000, core::kSecond};
  EventLog events_{1 << 16};
  Mailbox mailbox_;
  Contents contents_;
  Shared shared_{registry_, events_, &mailbox_, {}, &contents_};
  Service service_{config_, timers_, shared_};
  Wire wire_{*loop_, service_, config_.limits};
  std::string bytes_;
};

}  // namespace gauntlet::server
