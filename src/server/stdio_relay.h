// StdioRelay: standard input and output as one end of a socket pair, so that whatever they are
// (pipes, files, a terminal) they are served like any other stream of lines.
//
// Two threads copy, with blocking calls: the input into the socket, to its end, which becomes a
// FIN; and from the socket to the output, until the server closes its end or nobody reads the
// output. Nothing is kept but the bytes under way; a full output holds the server up as a full
// socket does.
#pragma once

#include <memory>
#include <thread>

#include "core/fd.h"
#include "core/result.h"

namespace gauntlet::server {

class StdioRelay {
 public:
  // The descriptors stay the caller's, and are left as they are (no O_NONBLOCK).
  static core::Result<std::unique_ptr<StdioRelay>> open(int input, int output);
  // What the server has written is still put out, as far as somebody takes it within kPatience.
  ~StdioRelay();
  StdioRelay(const StdioRelay&) = delete;
  StdioRelay& operator=(const StdioRelay&) = delete;

  // The server's end, once.
  core::Fd take_socket() { return std::move(server_end_); }
  // Becomes readable when nothing more can be put out: the conversation is over.
  int over_fd() const { return over_.get(); }

 private:
  StdioRelay(int input, int output) : input_(input), output_(output) {}
  core::Result<void> start();
  void copy_input();
  void copy_output();
  bool put_out(const char* bytes, std::size_t size);
  bool wait_for(int fd, short events);

  int input_;
  int output_;
  core::Fd server_end_;
  core::Fd our_end_;
  core::Fd stop_;  // eventfd: told to end
  core::Fd over_;  // eventfd
  std::thread reader_;
  std::thread writer_;
};

}  // namespace gauntlet::server
