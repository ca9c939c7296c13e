#include "server/mailbox.h"

#include <sys/socket.h>

#include <cstring>
#include <optional>

#include "core/check.h"

namespace gauntlet::server {
namespace {

// What precedes a letter's text. It goes from a process to another copy of the same program.
struct Head {
  std::uint64_t kind;
  SessionKey session;
  std::uint64_t number;
};

constexpr auto kLastKind = Letter::Kind::job_changed;
constexpr std::size_t kBytesMax = sizeof(Head) + kLetterBytesMax;
constexpr int kBacklogBytes = 4 << 20;  // letters on their way to one worker
constexpr int kLettersPerTurn = 64;

}  // namespace

std::optional<SessionKey> job_in(const Letter& letter) {
  if (letter.kind != Letter::Kind::job_changed) return std::nullopt;
  return parse_session_id(std::string_view(letter.text).substr(0, SessionId().size()));
}

std::string bytes_of(const Letter& letter) {
  const Head head{static_cast<std::uint64_t>(letter.kind), letter.session, letter.number};
  std::string bytes(sizeof head, '\0');
  std::memcpy(bytes.data(), &head, sizeof head);
  return bytes += letter.text;
}

std::optional<Letter> parse_letter(std::string_view bytes) {
  Head head;
  if (bytes.size() < sizeof head || bytes.size() > kBytesMax) return std::nullopt;
  std::memcpy(&head, bytes.data(), sizeof head);
  if (head.kind > static_cast<std::uint64_t>(kLastKind)) return std::nullopt;
  return Letter{static_cast<Letter::Kind>(head.kind), head.session, head.number,
                std::string(bytes.substr(sizeof head))};
}

core::Result<PostOffice> PostOffice::open(std::size_t workers) {
  PostOffice office;
  for (std::size_t i = 0; i < workers; ++i) {
    auto pair = DatagramPair::open(kBacklogBytes);
    if (!pair) return std::unexpected(pair.error());
    office.pairs_.push_back(std::move(*pair));
  }
  return office;
}

Mailbox::Mailbox(std::uint32_t worker, const PostOffice* office)
    : worker_(worker), office_(office) {
  GAUNTLET_CHECK(office == nullptr || worker < office->workers());
}

std::uint32_t Mailbox::workers() const {
  return office_ == nullptr ? 0 : static_cast<std::uint32_t>(office_->workers());
}

void Mailbox::listen(net::Loop& loop, std::function<void(const Letter&)> on_letter) {
  on_letter_ = std::move(on_letter);
  if (office_ == nullptr) return;
  buffer_.resize(kBytesMax + 1);
  while (receive()) ++lost_;
  loop.watch(socket(), [this] { deliver(); });
}

void Mailbox::close(net::Loop& loop) {
  if (office_ != nullptr && on_letter_) loop.unwatch(socket());
  on_letter_ = nullptr;
}

int Mailbox::socket() const { return office_->pairs_[worker_].receive.get(); }

// One letter's bytes, or nothing when there is none for now.
std::optional<std::string_view> Mailbox::receive() {
  const ssize_t size = recv(socket(), buffer_.data(), buffer_.size(), 0);
  if (size < 0) return std::nullopt;
  return std::string_view(buffer_).substr(0, static_cast<std::size_t>(size));
}

void Mailbox::deliver() {
  for (int i = 0; i < kLettersPerTurn && on_letter_; ++i) {
    const auto bytes = receive();
    if (!bytes) return;
    const auto letter = parse_letter(*bytes);
    if (letter) {
      on_letter_(*letter);
    } else {
      ++lost_;
    }
  }
}

void Mailbox::send(std::uint32_t worker, const Letter& letter) {
  if (worker == worker_) return deliver_here(letter);
  post(worker, letter);
}

void Mailbox::broadcast(const Letter& letter) {
  for (std::uint32_t worker = 0; worker < workers(); ++worker)
    if (worker != worker_) post(worker, letter);
  deliver_here(letter);
}

void Mailbox::deliver_here(const Letter& letter) {
  if (on_letter_) {
    on_letter_(letter);
  } else {
    ++lost_;
  }
}

void Mailbox::post(std::uint32_t worker, const Letter& letter) {
  const Way way = way_to_ && worker < workers() ? way_to_(worker) : Way::open;
  if (way == Way::absent) return;
  if (way == Way::cut || !arrives(worker, letter)) ++lost_;
}

bool Mailbox::arrives(std::uint32_t worker, const Letter& letter) const {
  if (worker >= workers()) return false;
  if (letter.text.size() > kLetterBytesMax) return false;
  const std::string bytes = bytes_of(letter);
  constexpr int kFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
  return ::send(office_->pairs_[worker].send.get(), bytes.data(), bytes.size(), kFlags) >= 0;
}

}  // namespace gauntlet::server
