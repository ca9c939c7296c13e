#include "server/conversation.h"

#include <algorithm>

#include "server/gate.h"
#include "server/publication.h"

namespace gauntlet::server {

class ConversationTransport::CallOutlet final : public Outlet {
 public:
  CallOutlet(ConversationTransport& transport, const ReturnPath& path, CallId call,
             std::shared_ptr<BatchAnswers> batch)
      : transport_(transport), path_(path), call_(call), batch_(std::move(batch)) {}
  ~CallOutlet() override {
    if (!finished_) transport_.finish(path_, call_, {}, batch_.get());
  }

  void send(std::string_view json) override {
    auto* const peer = static_cast<Conversation*>(transport_.find(path_));
    if (peer == nullptr || !transport_.takes_more(*peer)) return;
    transport_.append(*peer, json);
  }
  void finish(const Answer& answer) override {
    finished_ = true;
    transport_.finish(path_, call_, answer, batch_.get());
  }
  bool disconnect(core::Nanos) override { return false; }

 private:
  ConversationTransport& transport_;
  ReturnPath path_;
  CallId call_;
  std::shared_ptr<BatchAnswers> batch_;
  bool finished_ = false;
};

std::unique_ptr<Outlet> ConversationTransport::open_outlet(const ReturnPath& path,
                                                           const OutletRequest& request) {
  auto& peer = static_cast<Conversation&>(*find(path));
  peer.calls.push_back(request.call);
  ++peer.later;
  tell_pressure(peer);
  if (peer.batch != nullptr) peer.batch->expect();
  return std::make_unique<CallOutlet>(*this, path, request.call, peer.batch);
}

void ConversationTransport::on_letter(const Letter& letter) {
  const std::string json = publication_of(letter);
  if (json.empty()) return;
  each_peer([&](Peer& base) {
    auto& peer = static_cast<Conversation&>(base);
    if (letter.session != SessionKey{} && letter.session != peer.session.key) return;
    if (peer.session.opened && wants(peer.session.session, letter) && takes_more(peer))
      append(peer, json);
  });
}

// A stateful client is told how near it is to where its messages are not read any more.
void ConversationTransport::tell_pressure(Conversation& peer) {
  const auto step = peer.pressure.observe(peer.later);
  if (step && peer.session.opened && takes_more(peer))
    append(peer,
           backpressure_notification("connection", *step, peer.later, peer.pressure.capacity()));
}

bool ConversationTransport::held_up(const Peer& peer) const {
  return peer.later >= limits_.peer_calls_max || Transport::held_up(peer);
}

void ConversationTransport::on_gone(Peer& base) {
  auto& peer = static_cast<Conversation&>(base);
  for (const CallId call : std::exchange(peer.calls, {})) service_.abandon(call);
  if (peer.session.opened) service_.forget_jobs(peer.session.key);
}

void ConversationTransport::on_turned_away(Peer& peer) {
  const Answer refusal = service_.refuse({kOverloaded, 503, kTooManyConnections});
  append(static_cast<Conversation&>(peer), refusal.body);
  begin_close(peer);
}

void ConversationTransport::on_message(Conversation& peer, std::span<char> json) {
  if (takes_batches(peer.session) && is_batch(json)) return on_batch(peer, json);
  Caller caller = caller_of(peer);
  caller.connection = &peer.session;
  const Answer given = handle(peer, json, caller);
  if (!given.later) answer(peer, given);
  check_output(peer);
}

void ConversationTransport::answer(Conversation& peer, const Answer& answer) {
  if (swallows(peer, answer) || answer.body.empty()) return;
  if (answer.delivery.half_then_close) {
    append_half(peer, answer.body);
    return begin_close(peer);
  }
  for (int i = 0; i < answer.delivery.copies; ++i) append(peer, answer.body);
}

void ConversationTransport::finish(const ReturnPath& path, CallId call, const Answer& given,
                                   BatchAnswers* batch) {
  if (batch != nullptr) batch->take(given);
  auto* const peer = static_cast<Conversation*>(find(path));
  if (peer == nullptr) return;
  std::erase(peer->calls, call);
  --peer->later;
  tell_pressure(*peer);
  if (takes_more(*peer)) {
    if (batch == nullptr) {
      answer(*peer, given);
    } else if (batch->complete()) {
      write_batch(*peer, *batch);
    }
  }
  go_on(*peer);
}

void ConversationTransport::on_batch(Conversation& peer, std::span<char> json) {
  const auto batch = split_batch(json, limits_.batch_max);
  if (!batch) return answer(peer, service_.refuse(batch.error()));
  spend(peer, batch->size());
  peer.batch = std::make_shared<BatchAnswers>();
  Caller caller = caller_of(peer);
  caller.connection = &peer.session;
  for (const std::string& message : *batch) {
    const Answer given = handle(peer, message_of(message), caller);
    if (!given.later) peer.batch->add(given);
  }
  const auto answers = std::exchange(peer.batch, nullptr);
  if (answers->complete()) write_batch(peer, *answers);
  check_output(peer);
}

void ConversationTransport::write_batch(Conversation& peer, BatchAnswers& batch) {
  if (!batch.empty()) append(peer, batch.text());
}

}  // namespace gauntlet::server
