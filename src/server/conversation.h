// ConversationTransport: what the transports share whose connection is the session (lines,
// WebSocket, stdio): many calls in flight, messages both ways as they come. LineTransport and
// WebSocketTransport say how a message is framed.
//
// A connection that is lost takes its calls with it (Service::abandon). One that the peer has ended
// on its side only still gets the answers it is owed, for Limits::half_closed_ns.
// Belongs to the loop's thread.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "server/batch.h"
#include "server/flow.h"
#include "server/transport.h"

namespace gauntlet::server {

struct Conversation : Peer {
  explicit Conversation(const Limits& limits) : pressure(limits.peer_calls_max) {}

  LocalSession session;
  std::vector<CallId> calls;            // whose answers are still to come
  std::shared_ptr<BatchAnswers> batch;  // of the batch being handled
  QueueSteps pressure;                  // of its calls
};

class ConversationTransport : public Transport {
 public:
  std::unique_ptr<Outlet> open_outlet(const ReturnPath& path,
                                      const OutletRequest& request) override;
  void on_letter(const Letter& letter) override;

 protected:
  using Transport::Transport;

  // Serves one message, or a batch of them.
  void on_message(Conversation& peer, std::span<char> json);
  // Appends one message to the peer's output.
  virtual void append(Conversation& peer, std::string_view json) = 0;
  // … and one that ends in the middle.
  virtual void append_half(Conversation& peer, std::string_view json) = 0;

  bool held_up(const Peer& peer) const override;
  void on_gone(Peer& peer) override;
  void on_turned_away(Peer& peer) override;

 private:
  class CallOutlet;

  void answer(Conversation& peer, const Answer& answer);
  void on_batch(Conversation& peer, std::span<char> json);
  void write_batch(Conversation& peer, BatchAnswers& batch);
  void finish(const ReturnPath& path, CallId call, const Answer& answer, BatchAnswers* batch);
  void tell_pressure(Conversation& peer);
};

}  // namespace gauntlet::server
