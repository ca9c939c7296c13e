#include "chaos/proxy_board.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <type_traits>

namespace gauntlet::chaos {

static_assert(std::is_trivially_copyable_v<ToxicTable>);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

core::Result<ProxyBoard::Owner> ProxyBoard::make(std::size_t processes, std::uint64_t seed) {
  void* const memory =
      mmap(nullptr, sizeof(ProxyBoard), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return std::unexpected(core::errno_error("mmap"));
  Owner board(new (memory) ProxyBoard(processes, seed));
  board->publish();
  return board;
}

void ProxyBoard::Unmap::operator()(ProxyBoard* board) const { munmap(board, sizeof(ProxyBoard)); }

// Without fences, which ThreadSanitizer does not know: whoever reads a new word finds the odd
// version that came before it, or a later one.
void ProxyBoard::publish() {
  std::array<std::uint64_t, kWords> words{};
  std::memcpy(words.data(), &table_, sizeof table_);
  const std::uint64_t version = version_.load(std::memory_order_relaxed);
  version_.store(version + 1, std::memory_order_relaxed);
  for (std::size_t i = 0; i < kWords; ++i) words_[i].store(words[i], std::memory_order_release);
  version_.store(version + 2, std::memory_order_release);
}

std::optional<std::uint64_t> ProxyBoard::read(ToxicTable& into) const {
  const std::uint64_t before = version();
  if (before % 2 != 0) return std::nullopt;
  std::array<std::uint64_t, kWords> words{};
  for (std::size_t i = 0; i < kWords; ++i) words[i] = words_[i].load(std::memory_order_acquire);
  if (version_.load(std::memory_order_relaxed) != before) return std::nullopt;
  std::memcpy(static_cast<void*>(&into), words.data(), sizeof into);
  return before;
}

bool ProxyBoard::all_have_seen(std::uint64_t version) const {
  return std::all_of(seen_.begin(), seen_.begin() + static_cast<std::ptrdiff_t>(processes_),
                     [&](const auto& seen) { return seen.load() >= version; });
}

bool ProxyBoard::settled() const { return all_have_seen(version()); }

// That of an ended one of the same name, else an unused one, else the one ended first; and only
// once no process counts on for the toxic that was there.
ToxicRow* ProxyBoard::place_for(std::string_view name) {
  const auto rank = [&](const ToxicRow& row) {
    return std::pair(row.serial != 0 && row.toxic.name() != name,
                     row.serial == 0 ? 1 : row.ended_at_version);
  };
  ToxicRow* best = nullptr;
  for (ToxicRow& row : table_) {
    const bool taken = row.serial != 0 && row.ended == ToxicEnd::none;
    if (taken || !all_have_seen(row.ended_at_version)) continue;
    if (best == nullptr || rank(row) < rank(*best)) best = &row;
  }
  return best;
}

core::Result<void> ProxyBoard::add(const Toxic& toxic, core::Nanos now) {
  for (const ToxicRow& row : table_)
    if (row.active(now) && row.toxic.name() == toxic.name())
      return core::usage_error(fmt::format("there is a toxic named '{}' already", toxic.name()));
  ToxicRow* const row = place_for(toxic.name());
  if (row == nullptr)
    return core::usage_error(fmt::format("{} toxics at once are all there can be", kToxicsMax));
  for (ToxicRow& other : table_)  // a name stands for one toxic: ended ones lose theirs
    if (other.toxic.name() == toxic.name()) other.toxic.name_text.fill('\0');
  ToxicCounters& counters = counters_[static_cast<std::size_t>(row - table_.data())];
  for (auto* count : {&counters.connections, &counters.chunks, &counters.bytes, &counters.messages,
                      &counters.seen})
    count->store(0);
  *row = {.toxic = toxic,
          .serial = ++serials_,
          .started_ns = now,
          .until_ns = toxic.ttl_ns > 0 ? now + toxic.ttl_ns : INT64_MAX};
  publish();
  return {};
}

void ProxyBoard::end(ToxicRow& row, ToxicEnd how) {
  row.ended = how;
  row.ended_at_version = version() + 2;
  publish();
}

bool ProxyBoard::remove(std::string_view name) {
  for (ToxicRow& row : table_) {
    if (row.serial == 0 || row.ended != ToxicEnd::none || row.toxic.name() != name) continue;
    end(row, ToxicEnd::order);
    return true;
  }
  return false;
}

void ProxyBoard::remove_all() {
  for (ToxicRow& row : table_)
    if (row.serial != 0 && row.ended == ToxicEnd::none) end(row, ToxicEnd::order);
}

void ProxyBoard::end_overdue(core::Nanos now) {
  for (ToxicRow& row : table_)
    if (row.serial != 0 && row.ended == ToxicEnd::none && now >= row.until_ns)
      end(row, ToxicEnd::ttl);
}

}  // namespace gauntlet::chaos
