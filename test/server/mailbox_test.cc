#include "server/mailbox.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <vector>

namespace gauntlet::server {
namespace {

constexpr auto kMillisecond = core::kMillisecond;

struct Reader {
  Reader(std::uint32_t worker, const PostOffice* office) : mailbox(worker, office) {
    mailbox.listen(*loop, [this](const Letter& letter) { letters.push_back(letter); });
  }
  ~Reader() { mailbox.close(*loop); }

  void turn() { loop->turn(core::monotonic_ns() + 10 * kMillisecond); }

  std::unique_ptr<net::Loop> loop = net::make_loop();
  Mailbox mailbox;
  std::vector<Letter> letters;
};

Letter letter_of(std::string text) {
  return {Letter::Kind::client_response, {1, 2}, 3, std::move(text)};
}

class MailboxTest : public testing::Test {
 protected:
  PostOffice office_ = PostOffice::open(3).value();
  Reader first_{0, &office_};
  Reader second_{1, &office_};
};

TEST_F(MailboxTest, ALetterArrivesWhole) {
  first_.mailbox.send(1, letter_of("text"));
  second_.turn();
  ASSERT_EQ(second_.letters.size(), 1u);
  EXPECT_EQ(second_.letters[0].kind, Letter::Kind::client_response);
  EXPECT_EQ(second_.letters[0].session, (SessionKey{1, 2}));
  EXPECT_EQ(second_.letters[0].number, 3u);
  EXPECT_EQ(second_.letters[0].text, "text");
  first_.turn();
  EXPECT_TRUE(first_.letters.empty());
  EXPECT_EQ(first_.mailbox.lost(), 0u);
}

TEST_F(MailboxTest, EveryKindArrivesAsItself) {
  for (int kind = 0; kind <= static_cast<int>(Letter::Kind::stream_taken); ++kind)
    first_.mailbox.send(1, {static_cast<Letter::Kind>(kind), {}, 0, {}});
  second_.turn();
  ASSERT_EQ(second_.letters.size(), 9u);
  for (int kind = 0; kind < 9; ++kind)
    EXPECT_EQ(static_cast<int>(second_.letters[static_cast<std::size_t>(kind)].kind), kind);
}

TEST_F(MailboxTest, ABroadcastGoesToAllAndToOneselfAtOnce) {
  Reader third(2, &office_);
  first_.mailbox.broadcast(letter_of("all"));
  EXPECT_EQ(first_.letters.size(), 1u);
  for (Reader* reader : {&first_, &second_, &third}) {
    reader->turn();
    EXPECT_EQ(reader->letters.size(), 1u);
  }
}

TEST_F(MailboxTest, ALetterToOneselfComesAtOnce) {
  first_.mailbox.send(0, letter_of("me"));
  ASSERT_EQ(first_.letters.size(), 1u);
  EXPECT_EQ(first_.letters[0].text, "me");
}

// net.unix.max_dgram_qlen is 10 on many machines, and does not apply.
TEST_F(MailboxTest, ManyLettersWait) {
  for (int i = 0; i < 100; ++i) first_.mailbox.send(1, letter_of(std::to_string(i)));
  for (int i = 0; i < 4; ++i) second_.turn();
  ASSERT_EQ(second_.letters.size(), 100u);
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(second_.letters[i].text, std::to_string(i));
}

// How long a letter may be depends on what the kernel permits: it arrives whole or is counted.
TEST_F(MailboxTest, ALetterIsWholeOrLost) {
  first_.mailbox.send(1, letter_of(std::string(kLetterBytesMax, 'x')));
  second_.turn();
  EXPECT_EQ(second_.letters.size() + first_.mailbox.lost(), 1u);
  for (const Letter& letter : second_.letters) EXPECT_EQ(letter.text.size(), kLetterBytesMax);
}

TEST_F(MailboxTest, ATooLongLetterIsLostAndCounted) {
  first_.mailbox.send(1, letter_of(std::string(kLetterBytesMax + 1, 'x')));
  second_.turn();
  EXPECT_TRUE(second_.letters.empty());
  EXPECT_EQ(first_.mailbox.lost(), 1u);
}

TEST_F(MailboxTest, AFullMailboxLosesAndCounts) {
  std::uint64_t sent = 0;
  for (; first_.mailbox.lost() < 3; ++sent) {
    ASSERT_LT(sent, 100'000u);
    first_.mailbox.send(1, letter_of(std::string(10'000, 'x')));
  }
  EXPECT_GE(sent, 10u);
  for (int i = 0; i < 10'000 && second_.letters.size() + 3 < sent; ++i) second_.turn();
  EXPECT_EQ(second_.letters.size() + 3, sent);
}

TEST_F(MailboxTest, LettersToNobodyAreCounted) {
  first_.mailbox.send(7, letter_of("who"));
  EXPECT_EQ(first_.mailbox.lost(), 1u);
  first_.mailbox.close(*first_.loop);
  first_.mailbox.send(0, letter_of("nobody listens"));
  EXPECT_EQ(first_.mailbox.lost(), 2u);
}

TEST_F(MailboxTest, ACutIsOneWayAndHeals) {
  bool is_cut = true;
  first_.mailbox.set_way([&](std::uint32_t worker) {
    return worker == 1 && is_cut ? Mailbox::Way::cut : Mailbox::Way::open;
  });
  first_.mailbox.send(1, letter_of("cut"));
  first_.mailbox.broadcast(letter_of("cut"));
  second_.mailbox.send(0, letter_of("back"));
  first_.turn();
  second_.turn();
  EXPECT_TRUE(second_.letters.empty());
  EXPECT_EQ(first_.mailbox.lost(), 2u);
  EXPECT_EQ(first_.letters.size(), 2u);  // its own broadcast, and what came back
  is_cut = false;
  first_.mailbox.send(1, letter_of("again"));
  second_.turn();
  EXPECT_EQ(second_.letters.size(), 1u);
}

TEST_F(MailboxTest, NobodyMissesALetterToAnEmptySeat) {
  first_.mailbox.set_way(
      [](std::uint32_t worker) { return worker == 1 ? Mailbox::Way::absent : Mailbox::Way::open; });
  first_.mailbox.broadcast(letter_of("all"));
  first_.mailbox.send(1, letter_of("you"));
  second_.turn();
  EXPECT_TRUE(second_.letters.empty());
  EXPECT_EQ(first_.mailbox.lost(), 0u);
}

TEST_F(MailboxTest, ASuccessorHasTheMailboxButNotTheLettersInIt) {
  const pid_t child = fork();
  if (child == 0) {
    first_.mailbox.send(2, letter_of("from a child"));
    _exit(0);
  }
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  Reader third(2, &office_);
  EXPECT_EQ(third.mailbox.lost(), 1u);
  first_.mailbox.send(2, letter_of("new"));
  third.turn();
  ASSERT_EQ(third.letters.size(), 1u);
  EXPECT_EQ(third.letters[0].text, "new");
}

TEST(Letter, IsReadBackOrIsNone) {
  const std::string bytes = bytes_of(letter_of("text"));
  const auto letter = parse_letter(bytes);
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->text, "text");
  EXPECT_EQ(letter->session, (SessionKey{1, 2}));
  for (std::size_t size = 0; size < bytes.size() - 4; ++size)
    EXPECT_FALSE(parse_letter(bytes.substr(0, size))) << size;
  for (std::size_t place = 0; place < 8; ++place) {
    std::string wrong = bytes;
    wrong[place] = '\x7F';
    EXPECT_FALSE(parse_letter(wrong)) << place;
  }
  EXPECT_FALSE(parse_letter(bytes + std::string(kLetterBytesMax, 'x')));
}

TEST(Mailbox, WithoutAnOfficeAllLettersComeBack) {
  Reader only(0, nullptr);
  only.mailbox.broadcast(letter_of("a"));
  only.mailbox.send(0, letter_of("b"));
  EXPECT_EQ(only.letters.size(), 2u);
  only.mailbox.send(1, letter_of("c"));
  EXPECT_EQ(only.mailbox.lost(), 1u);
}

}  // namespace
}  // namespace gauntlet::server
