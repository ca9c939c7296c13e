// MessageMemo: the last few requests that parse_message() took, as shapes. A client asks the same
// over and over, with other ids and other texts as arguments: what fits a shape is what parsing it
// would give, and costs a comparison (json/shape.h says why that is the same). Not thread-safe.
// Allocates when it learns, which grows rare where messages differ.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

#include "json/shapes.h"
#include "mcp/message.h"

namespace gauntlet::mcp {

class MessageMemo {
 public:
  // As parse_message(), whatever came before. The message holds until the next call, and no longer
  // than the bytes and the reader's document.
  std::expected<const Message*, MessageError> parse(json::Reader& reader,
                                                    std::span<const char> bytes);

 private:
  struct Known {
    json::Shape shape;
    Message message;  // its views lie in the shape's bytes, or in the bytes that fitted last
    // Which hole is which; none: SIZE_MAX.
    std::size_t id_hole = 0;
    std::array<std::size_t, kFirstArguments> argument_holes{};
    std::size_t arguments_from = 0, arguments_to = 0;  // places in the shape's bytes
  };

  const Message* find(std::span<const char> bytes);
  void learn(std::span<const char> bytes, const Message& message);
  static bool take(Known& known, std::span<const char> bytes, const Message& message);

  json::Shapes<Known> shapes_;
  Message message_;  // that fitted none
};

}  // namespace gauntlet::mcp
