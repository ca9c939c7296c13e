#include "mcp/message_memo.h"

#include <algorithm>

namespace gauntlet::mcp {
namespace {

constexpr std::size_t kNone = SIZE_MAX;

template <typename Visit>
void each_view(Message& message, Visit visit) {
  for (std::string_view* const view :
       {&message.id, &message.method, &message.name, &message.uri, &message.task_id,
        &message.arguments, &message.protocol_version, &message.claimed_version})
    visit(*view);
  const std::size_t kept = std::min(message.argument_count, kFirstArguments);
  for (Argument& argument : std::span(message.first_arguments).first(kept)) {
    visit(argument.name);
    visit(argument.token);
  }
}

bool is_number(std::string_view token) {
  return !token.empty() && token.front() >= '0' && token.front() <= '9';
}
bool is_string(std::string_view token) { return token.size() >= 2 && token.front() == '"'; }

}  // namespace

std::expected<const Message*, MessageError> MessageMemo::parse(json::Reader& reader,
                                                               std::span<const char> bytes) {
  if (const Message* const known = find(bytes)) return known;
  auto parsed = parse_message(reader, bytes);
  if (!parsed) return std::unexpected(parsed.error());
  message_ = *parsed;
  learn(bytes, message_);
  return &message_;
}

const Message* MessageMemo::find(std::span<const char> bytes) {
  Known* const known = shapes_.find(bytes);
  if (known == nullptr) return nullptr;
  Message& message = known->message;
  if (known->id_hole != kNone) message.id = known->shape.hole(known->id_hole);
  for (std::size_t a = 0; a < kFirstArguments; ++a) {
    if (known->argument_holes[a] == kNone) continue;
    const std::string_view text = known->shape.hole(known->argument_holes[a]);
    message.first_arguments[a].token = {text.data() - 1, text.size() + 2};
  }
  message.arguments = known->shape.between(known->arguments_from, known->arguments_to);
  return &message;
}

void MessageMemo::learn(std::span<const char> bytes, const Message& message) {
  if (message.kind == Message::Kind::request)
    shapes_.learn([&](Known& known) { return take(known, bytes, message); });
}

// An id that is a string, or negative, stays a fixed part. A message with a text that had to be
// unescaped has views elsewhere and is not taken.
bool MessageMemo::take(Known& known, std::span<const char> bytes, const Message& message) {
  known.shape.learn({}, {});
  known.message = message;
  bool whole = message.argument_count <= kFirstArguments;
  each_view(known.message,
            [&](std::string_view view) { whole = whole && json::lies_in(view, bytes); });
  if (!whole) return false;
  const auto place = [&](const char* at) { return static_cast<std::size_t>(at - bytes.data()); };
  known.arguments_from = message.arguments.empty() ? 0 : place(message.arguments.data());
  known.arguments_to = known.arguments_from + message.arguments.size();

  std::array<json::Shape::Hole, kFirstArguments + 1> holes;
  std::size_t count = 0;
  const auto take_id = [&] {
    known.id_hole = count;
    holes[count++] = {place(message.id.data()), message.id.size(), false};
  };
  known.id_hole = kNone;
  known.argument_holes.fill(kNone);
  const bool id_varies = is_number(message.id);  // before the arguments or behind them
  const bool id_first = id_varies && place(message.id.data()) <= known.arguments_from;
  if (id_first) take_id();
  for (std::size_t a = 0; a < message.argument_count; ++a) {
    const std::string_view token = message.first_arguments[a].token;
    if (!is_string(token)) continue;
    known.argument_holes[a] = count;
    holes[count++] = {place(token.data()) + 1, token.size() - 2, true};
  }
  if (id_varies && !id_first) take_id();
  if (!known.shape.learn(bytes, std::span(holes).first(count))) return false;
  const char* const kept = known.shape.bytes().data();
  each_view(known.message, [&](std::string_view& view) {
    view = view.empty() ? view : std::string_view(kept + place(view.data()), view.size());
  });
  return true;
}

}  // namespace gauntlet::mcp
