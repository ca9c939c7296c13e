// AnswerMemo: the last few results that read_answer() read, as shapes. A server answers the same
// call alike but for the id and a text: what fits a shape is what reading it would give, and costs
// a comparison (json/shape.h says why that is the same). Whether it is the right answer is verified
// as that of any other. Not thread-safe. Allocates when it learns, which grows rare where answers
// differ.
#pragma once

#include <cstddef>
#include <span>

#include "json/shapes.h"
#include "mcp/answer.h"

namespace gauntlet::mcp {

class AnswerMemo {
 public:
  // As read_answer(), whatever came before. Holds until the next call, and no longer than the bytes
  // and the reader's document.
  const Answer& read(json::Reader& reader, std::span<const char> bytes);

 private:
  struct Known {
    json::Shape shape;
    Answer answer;  // its views lie in the shape's bytes, or in the bytes that fitted last
    std::size_t id_hole = 0, text_hole = 0;
    bool has_text = false;  // a hole of its own
  };

  const Answer* find(std::span<const char> bytes);
  void learn(std::span<const char> bytes);
  static bool take(Known& known, std::span<const char> bytes, const Answer& answer);

  json::Shapes<Known> shapes_;
  Answer answer_;  // that fitted none
};

}  // namespace gauntlet::mcp
