#include "server/dealer.h"

#include <algorithm>
#include <utility>

namespace gauntlet::server {
namespace {

constexpr std::size_t kHandedPerTurn = 256;

}  // namespace

Dealer::Dealer(Board& board, std::size_t seat, const Passages& passages, net::Loop& loop,
               Serve serve)
    : board_(board),
      seat_(seat),
      passages_(passages),
      loop_(loop),
      serve_(std::move(serve)),
      life_(own().life, [] {}),
      term_(own().places.now().term) {
  loop_.watch(passages_.fd(seat_), [this] { take_handed(); });
}

Dealer::~Dealer() { loop_.unwatch(passages_.fd(seat_)); }

void Dealer::deal(core::Fd socket, std::uint64_t tag) {
  const std::optional<Place> to = choose();
  if (to && to->seat != seat_) return hand_over(*to, std::move(socket), tag);
  if (to) ++counted_;
  serve_(std::move(socket), tag);
}

// In the open seat with the fewest, this one where it is among those. It is counted there.
std::optional<Dealer::Place> Dealer::choose() {
  const std::size_t seats = board_.seats().size();
  while (true) {
    std::size_t best = seat_;
    Places::Now fewest = own().places.now();
    for (std::size_t i = 1; i < seats; ++i) {
      const std::size_t other = (seat_ + i) % seats;
      const Places::Now now = look_at(board_.seat(other));
      if (now.taken >= fewest.taken) continue;
      best = other;
      fewest = now;
    }
    if (!fewest.is_open()) return std::nullopt;
    own().handing_to = best == seat_ ? kNobody : static_cast<std::uint32_t>(best);
    if (board_.seat(best).places.take(fewest)) return Place{best, fewest.term};
  }
}

Places::Now Dealer::look_at(Seat& other) const {
  if (other.places.now().is_open()) other.look_for_death();
  return other.stands_still(loop_.now()) ? Places::Now{} : other.places.now();
}

void Dealer::hand_over(Place to, core::Fd socket, std::uint64_t tag) {
  Handed handed{std::move(socket), tag, to.term};
  if (!passages_.send(to.seat, handed)) {
    board_.seat(to.seat).places.give_back(to.term, 1);
    keep(std::move(handed.socket), tag);
  }
  own().handing_to = kNobody;
}

void Dealer::keep(core::Fd socket, std::uint64_t tag) {
  if (own().places.take_any()) ++counted_;
  serve_(std::move(socket), tag);
}

void Dealer::take_handed() {
  for (std::size_t i = 0; i < kHandedPerTurn && take_one(); ++i) {
  }
}

// One that was sent to a predecessor is not counted yet.
bool Dealer::take_one() {
  auto handed = passages_.receive(seat_);
  if (!handed) return false;
  const bool counted = handed->term == term_;
  if (stopped_) {
    if (counted && awaited_ > 0) --awaited_;
    if (handed->socket.valid()) deal(std::move(handed->socket), handed->tag);
    return true;
  }
  if (counted || own().places.take_any()) ++counted_;
  if (handed->socket.valid()) {
    serve_(std::move(handed->socket), handed->tag);
  } else {
    ++own().counters.connections_refused;
  }
  return true;
}

void Dealer::note_served(std::size_t connections) {
  if (stopped_ || counted_ <= connections) return;
  const auto gone = counted_ - static_cast<std::uint32_t>(connections);
  own().places.give_back(term_, gone);
  counted_ -= gone;
}

bool Dealer::anybody_hands_over() const {
  return std::ranges::any_of(board_.seats(),
                             [this](const Seat& seat) { return seat.handing_to == seat_; });
}

// Nobody was handing over, nothing waits, and nothing was counted meanwhile: then what is counted
// has come.
void Dealer::mend() {
  const Places::Now seen = own().places.now();
  if (stopped_ || !seen.is_open() || seen.taken == counted_) return;
  if (anybody_hands_over() || take_one()) return;
  own().places.set(seen, counted_);
}

void Dealer::stop() {
  if (std::exchange(stopped_, true)) return;
  const std::uint32_t taken = own().places.close();
  awaited_ = taken - std::min(taken, counted_);
}

}  // namespace gauntlet::server
