#include "mcp/answer_memo.h"

#include <charconv>

namespace gauntlet::mcp {
const Answer& AnswerMemo::read(json::Reader& reader, std::span<const char> bytes) {
  if (const Answer* const known = find(bytes)) return *known;
  answer_ = read_answer(reader, bytes);
  learn(bytes);
  return answer_;
}

const Answer* AnswerMemo::find(std::span<const char> bytes) {
  Known* const known = shapes_.find(bytes);
  if (known == nullptr) return nullptr;
  Answer& answer = known->answer;
  answer.raw_id = known->shape.hole(known->id_hole);
  std::from_chars(answer.raw_id.data(), answer.raw_id.data() + answer.raw_id.size(), answer.id);
  if (known->has_text) answer.text = known->shape.hole(known->text_hole);
  return &answer;
}

void AnswerMemo::learn(std::span<const char> bytes) {
  const bool usual = answer_.kind == Answer::Kind::result && answer_.has_number_id &&
                     answer_.error_message.empty() && answer_.protocol_version.empty() &&
                     answer_.server_name.empty() && answer_.server_version.empty();
  if (usual) shapes_.learn([&](Known& known) { return take(known, bytes, answer_); });
}

// Texts that had to be unescaped lie elsewhere: such an answer is not taken.
bool AnswerMemo::take(Known& known, std::span<const char> bytes, const Answer& answer) {
  known.shape.learn({}, {});
  known.answer = answer;
  known.has_text = !answer.text.empty();
  if (!json::lies_in(answer.text, bytes) || !json::lies_in(answer.result_type, bytes)) return false;
  const auto place = [&](std::string_view view) {
    return static_cast<std::size_t>(view.data() - bytes.data());
  };
  json::Shape::Hole id{place(answer.raw_id), answer.raw_id.size(), false};
  json::Shape::Hole text{0, answer.text.size(), true};
  if (known.has_text) text.at = place(answer.text);
  const bool text_first = known.has_text && text.at < id.at;
  known.id_hole = text_first ? 1 : 0;
  known.text_hole = text_first ? 0 : 1;
  const std::array holes = {text_first ? text : id, text_first ? id : text};
  if (!known.shape.learn(bytes, std::span(holes).first(known.has_text ? 2 : 1))) return false;
  if (!answer.result_type.empty())
    known.answer.result_type = {known.shape.bytes().data() + place(answer.result_type),
                                answer.result_type.size()};
  return true;
}

}  // namespace gauntlet::mcp
