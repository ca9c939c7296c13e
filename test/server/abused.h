// Abused: a server with small limits, and two clients that must go on being served whatever a third
// one does: one that was there before, and one that comes after.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "served.h"

namespace gauntlet::server {

inline Config abused_config() {
  Config config = test_config();
  config.limits.message_ns = 50 * core::kMillisecond;
  config.limits.output_ns = 50 * core::kMillisecond;
  config.limits.linger_ns = 50 * core::kMillisecond;
  config.limits.output_bytes_max = 64 * 1024;
  return config;
}

class Abused : public testing::Test {
 protected:
  explicit Abused(const Config& config = abused_config())
      : served_(config), witness_(served_.http()) {}

  void TearDown() override { expect_others_served(); }

  void expect_others_served() {
    EXPECT_EQ(witness_.ask(stateless_echo("1")).body, stateless_echoed("1"));
    EXPECT_EQ(Client(served_.http()).ask(stateless_echo("2")).body, stateless_echoed("2"));
  }

  // The status of a request on a connection of its own.
  int status_of(std::string_view request) { return Client(served_.http()).ask(request).status; }

  // What follows on the same connection must not be taken for a request.
  void expect_refused_and_closed(const std::string& request, int status) {
    Client client(served_.http());
    client.send(request + stateless_echo("99"));
    EXPECT_EQ(client.read_response().status, status) << request;
    EXPECT_EQ(client.read_to_end(), "") << request;
  }

  void wait_for_connections(double count) {
    while (served_.metric("gauntlet_server_connections") > count) usleep(1000);
  }

  Served served_;
  Client witness_;
};

}  // namespace gauntlet::server
