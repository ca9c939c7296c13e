// Recorder: collects what happens to its streams; `echo` sends everything back.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "net/loop.h"

namespace gauntlet::net {

struct Recorder final : StreamHandler, AcceptHandler {
  explicit Recorder(Loop& l) : loop(l) {}
  void on_connected(StreamId stream, std::uint64_t) override { connected.push_back(stream); }
  void on_data(StreamId stream, std::uint64_t tag, std::span<char> bytes) override {
    ASSERT_TRUE(loop.is_open(stream));
    data.append(bytes.data(), bytes.size());
    tags.push_back(tag);
    padding += *static_cast<volatile char*>(bytes.data() + bytes.size() + kReadPadding - 1);
    if (const auto told = when_data) told();  // it may take itself away
    if (echo) loop.output(stream).append(bytes.data(), bytes.size());
    if (pause_on_data) loop.pause_reading(stream, true);
    if (close_on_data) loop.close(stream, CloseMode::orderly);
  }
  bool on_half_closed(StreamId, std::uint64_t) override {
    ++half_closed;
    return stays_half_open;
  }
  void on_closed(StreamId, std::uint64_t, CloseReason reason, int error) override {
    closed.push_back(reason);
    errors.push_back(error);
  }
  void on_accepted(core::Fd socket, std::uint64_t tag) override {
    accepted.push_back(loop.adopt(std::move(socket), *this, tag, tls));
  }

  Loop& loop;
  const TlsContext* tls = nullptr;  // of what is accepted
  std::function<void()> when_data;
  bool echo = false;
  bool close_on_data = false;
  bool pause_on_data = false;
  bool stays_half_open = false;
  int half_closed = 0;
  char padding = 0;
  std::vector<StreamId> connected, accepted;
  std::vector<CloseReason> closed;
  std::vector<int> errors;
  std::vector<std::uint64_t> tags;
  std::string data;
};

}  // namespace gauntlet::net
