// Wire: a transport without sockets, which keeps what the service sends through its outlets.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/transport.h"

namespace gauntlet::server {

// One call's outlet as it was left.
struct Sent {
  OutletRequest request;
  std::vector<std::string> messages;
  std::string answer;
  int http_status = 0;
  bool finished = false;
  bool closed = false;  // the outlet is gone
  int disconnects = 0;
};

class Wire final : public Transport {
 public:
  Wire(net::Loop& loop, Service& service, const Limits& limits)
      : Transport(loop, service, limits) {}

  std::unique_ptr<Outlet> open_outlet(const ReturnPath&, const OutletRequest& request) override {
    sent_.push_back(std::make_shared<Sent>());
    sent_.back()->request = request;
    return std::make_unique<Recorder>(sent_.back());
  }
  void on_letter(const Letter& letter) override { letters_.push_back(letter); }

  // Of every outlet that was opened, in order.
  const std::vector<std::shared_ptr<Sent>>& sent() const { return sent_; }
  const Sent& last() const { return *sent_.back(); }
  std::vector<std::string> answers() const {
    std::vector<std::string> all;
    for (const auto& sent : sent_)
      if (sent->finished) all.push_back(sent->answer);
    return all;
  }
  const std::vector<Letter>& letters() const { return letters_; }

 private:
  class Recorder final : public Outlet {
   public:
    explicit Recorder(std::shared_ptr<Sent> sent) : sent_(std::move(sent)) {}
    ~Recorder() override { sent_->closed = true; }
    void send(std::string_view json) override { sent_->messages.emplace_back(json); }
    void finish(const Answer& answer) override {
      sent_->finished = true;
      sent_->answer = answer.body;
      sent_->http_status = answer.http_status;
    }
    bool disconnect(core::Nanos) override { return ++sent_->disconnects > 0; }

   private:
    std::shared_ptr<Sent> sent_;
  };

  std::unique_ptr<Peer> make_peer() const override { return std::make_unique<Peer>(); }
  std::span<char> consume(Peer&, std::span<char>) override { return {}; }

  std::vector<std::shared_ptr<Sent>> sent_;
  std::vector<Letter> letters_;
};

}  // namespace gauntlet::server
