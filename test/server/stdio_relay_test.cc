// Standard input and output as a stream of lines.
#include "server/stdio_relay.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "requests.h"
#include "server/worker.h"

namespace gauntlet::server {
namespace {

using testing::HasSubstr;

struct Pipe {
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    read.reset(ends[0]);
    write.reset(ends[1]);
  }
  core::Fd read, write;
};

std::string read_to_end(int fd) {
  std::string text;
  char bytes[4096];
  for (ssize_t n = ::read(fd, bytes, sizeof bytes); n > 0; n = ::read(fd, bytes, sizeof bytes))
    text.append(bytes, static_cast<std::size_t>(n));
  return text;
}

// A server of one conversation, which ends with it.
class StdioConversation : public testing::Test {
 protected:
  void converse(int input) {
    auto relay = StdioRelay::open(input, output_.write.get());
    ASSERT_TRUE(relay);
    server_ = std::thread([this, owned = std::move(*relay)]() mutable {
      Registry registry(10, core::kSecond);
      EventLog events(1 << 16);
      Mailbox mailbox;
      Contents contents;
      Shared shared{registry, events, &mailbox, {}, &contents};
      Worker worker(Config{}, net::make_loop(), shared);
      worker.loop().watch(owned->over_fd(), [&worker] { worker.stop(); });
      ASSERT_TRUE(worker.start());
      worker.serve_lines(owned->take_socket());
      worker.run();
      worker.loop().unwatch(owned->over_fd());
      owned.reset();
      output_.write.reset();
    });
  }
  ~StdioConversation() override {
    if (server_.joinable()) server_.join();
  }

  Pipe output_;
  std::thread server_;
};

TEST_F(StdioConversation, EndsAfterTheLastAnswer) {
  Pipe input;
  converse(input.read.get());
  const std::string lines =
      initialize() + "\n" + call("2", "sleep", R"({"ms":50})") + "\n" + echo("3") + "\n";
  ASSERT_EQ(write(input.write.get(), lines.data(), lines.size()),
            static_cast<ssize_t>(lines.size()));
  input.write.reset();
  const std::string all = read_to_end(output_.read.get());
  server_.join();  // its input is closed only now
  EXPECT_THAT(all, HasSubstr("protocolVersion"));
  EXPECT_THAT(all, HasSubstr(echoed("3") + "\n"));
  EXPECT_TRUE(all.ends_with("slept 50 ms\"}]}}\n")) << all;
}

TEST_F(StdioConversation, MayComeFromAFile) {
  const std::string path = testing::TempDir() + "stdio_relay_" + std::to_string(getpid());
  const core::Fd file(open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  unlink(path.c_str());
  std::string lines = initialize() + "\n";
  for (int i = 0; i < 5000; ++i) lines += echo(std::to_string(i)) + "\n";
  ASSERT_EQ(write(file.get(), lines.data(), lines.size()), static_cast<ssize_t>(lines.size()));
  lseek(file.get(), 0, SEEK_SET);
  converse(file.get());
  const std::string all = read_to_end(output_.read.get());
  server_.join();  // its input is closed only now
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 5001);
  EXPECT_THAT(all, HasSubstr(echoed("4999")));
}

TEST_F(StdioConversation, EndsWhenNobodyReadsTheOutput) {
  Pipe input;
  converse(input.read.get());
  output_.read.reset();
  const std::string lines = initialize() + "\n";
  ASSERT_EQ(write(input.write.get(), lines.data(), lines.size()),
            static_cast<ssize_t>(lines.size()));
  server_.join();
}

}  // namespace
}  // namespace gauntlet::server
