// The TLS streams of a loop, whichever it is.
#include <cerrno>

#include "net/stream_loop.h"

namespace gauntlet::net {

void StreamLoop::add_tls(StreamId id, const TlsContext& context) {
  plain_buffer_.resize(kReadBufferBytes + kTlsRecordBytesMax + kReadPadding);
  streams_[id.slot].tls = std::make_unique<TlsSession>(context);
  handshakes_.push_back({id, core::monotonic_ns() + limits_.handshake_ns});
}

void StreamLoop::begin_tls(StreamId id, Stream& stream) {
  stream.tls->begin(stream.out);
  send_output(id, stream);
}

void StreamLoop::seal_output(Stream& stream) {
  if (stream.tls->plain().empty()) return;
  take_buffer(stream.out);
  stream.tls->seal(stream.out);
  if (stream.tls->plain().empty()) release_buffer(stream.tls->plain());
}

void StreamLoop::seal_end(Stream& stream) {
  seal_output(stream);
  stream.tls->end(stream.out);
}

void StreamLoop::open_input(StreamId id, Stream& stream, std::span<const char> received) {
  const bool was_ready = stream.tls->is_ready();
  const std::span<char> plain(plain_buffer_.data(), plain_buffer_.size() - kReadPadding);
  take_buffer(stream.out);
  const TlsSession::Opened opened = stream.tls->open(received, plain, stream.out);
  const int error = stream.tls->error();
  if (!was_ready && stream.tls->is_ready() && stream.tls->is_client())
    stream.handler->on_connected(id, stream.tag);
  if (Stream* const open = find(id); open != nullptr && opened.size > 0)
    open->handler->on_data(id, open->tag, plain.first(opened.size));
  flush(id);
  Stream* const open = find(id);
  if (open == nullptr) return;
  if (opened.outcome == TlsSession::Outcome::ended) end_reading(id, *open);
  if (opened.outcome == TlsSession::Outcome::failed) fail_tls(id, error);
}

// An alert, if there is one to send, has gone out by now.
void StreamLoop::fail_tls(StreamId id, int error) {
  const TlsSession& session = *streams_[id.slot].tls;
  const bool connects = session.is_client() && !session.is_ready();
  end_stream(id, connects ? CloseReason::connect_failed : CloseReason::reset, error);
}

void StreamLoop::end_slow_handshakes() {
  while (!handshakes_.empty()) {
    const Handshake first = handshakes_.front();
    const Stream* const stream = find(first.stream);
    const bool waits = stream != nullptr && !stream->tls->is_ready();
    if (waits && first.due_ns > now_) return;
    handshakes_.pop_front();
    if (waits) fail_tls(first.stream, ETIMEDOUT);
  }
}

}  // namespace gauntlet::net
