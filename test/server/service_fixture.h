// ServiceTest: a Service without a transport, asked as over a stream of lines.
#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "requests.h"
#include "server/service.h"

namespace gauntlet::server {

class ServiceTest : public testing::Test {
 protected:
  // An answer as over a stream of lines whose connection was opened.
  std::string ask(std::string_view json) {
    std::string bytes(json);
    bytes.append(net::kReadPadding, ' ');
    Caller caller;
    caller.opened = true;
    return std::string(service_.handle({bytes.data(), json.size()}, caller).body);
  }

  std::string tool(std::string_view name, std::string_view arguments) {
    return ask(call("1", name, arguments));
  }

  Config config_;
  Timers timers_;
  Service service_{config_, timers_};
};

}  // namespace gauntlet::server
