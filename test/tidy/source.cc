#include "source.h"

#include <algorithm>
#include <cctype>
#include <regex>
#include <set>

namespace gauntlet::tidy {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

// Walks over the text once and blanks what is not code.
class Blanker {
 public:
  explicit Blanker(std::string_view text) : text_(text) {}

  std::string run() {
    while (at_ < text_.size()) {
      if (starts("//")) {
        blank_until("\n");
      } else if (starts("/*")) {
        blank_through("*/", 2);
      } else if (line_start_ && text_[at_] == '#') {
        blank_directive();
      } else if (starts("R\"") && !in_word()) {
        blank_raw_string();
      } else if (text_[at_] == '"' || (text_[at_] == '\'' && !in_word())) {
        blank_quoted(text_[at_]);
      } else {
        keep();
      }
    }
    return std::move(out_);
  }

 private:
  bool starts(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  // A quote within a number separates digits.
  bool in_word() const { return at_ > 0 && is_word(text_[at_ - 1]); }

  void keep() {
    const char c = text_[at_++];
    out_ += c;
    line_start_ = c == '\n' || (line_start_ && is_space(c));
  }
  void blank(std::size_t count) {
    for (; count > 0 && at_ < text_.size(); --count, ++at_) out_ += text_[at_] == '\n' ? '\n' : ' ';
  }
  void blank_until(std::string_view end) { blank(text_.find(end, at_) - at_); }
  void blank_through(std::string_view end, std::size_t skip) {
    blank(skip);
    blank_until(end);
    blank(end.size());
  }
  void blank_directive() {
    do blank_until("\n");
    while (at_ < text_.size() && text_[at_ - 1] == '\\' && (blank(1), true));
  }
  void blank_raw_string() {
    const std::size_t open = text_.find('(', at_);
    const auto mark = text_.substr(at_ + 2, open - at_ - 2);
    blank_through(")" + std::string(mark) + "\"", open - at_);
  }
  void blank_quoted(char quote) {
    blank(1);
    while (at_ < text_.size() && text_[at_] != quote) blank(text_[at_] == '\\' ? 2 : 1);
    blank(1);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool line_start_ = true;
  std::string out_;
};

std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (!is_space(c)) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// The text behind `template <…>`; angle brackets nest.
std::string_view without_template(std::string_view head) {
  while (head.starts_with("template")) {
    int depth = 0;
    std::size_t i = head.find('<');
    for (; i < head.size(); ++i) {
      depth += head[i] == '<' ? 1 : head[i] == '>' ? -1 : 0;
      if (depth == 0) break;
    }
    head.remove_prefix(std::min(head.size(), i + 1));
    head.remove_prefix(std::min(head.size(), head.find_first_not_of(' ')));
  }
  return head;
}

enum class Block { scope, function, other };

Block kind_of(std::string_view head) {
  static const std::regex scope(
      R"((public:|private:|protected:| )*((inline )?namespace|class|struct|union|enum|extern)\b.*)");
  head = without_template(head);
  if (std::regex_match(head.begin(), head.end(), scope)) return Block::scope;
  return head.find('(') == std::string_view::npos ? Block::other : Block::function;
}

// The last name before the parameters.
std::string name_in(std::string_view head) {
  head = without_template(head);
  head = head.substr(0, head.find('('));
  while (head.ends_with(' ')) head.remove_suffix(1);
  return std::string(head.substr(head.find_last_of(" *&") + 1));
}

// Finds the bodies: remembers where the present head began, and skips what is no scope.
class FunctionFinder {
 public:
  explicit FunctionFinder(std::string code) : code_(std::move(code)) {}

  std::vector<Function> run() {
    for (; at_ < code_.size(); ++at_) {
      if (code_[at_] == '{') {
        open_block();
      } else if (code_[at_] == '}' || code_[at_] == ';') {
        head_ = at_ + 1;
      }
    }
    return std::move(found_);
  }

 private:
  void open_block() {
    const std::string head = one_line(std::string_view(code_).substr(head_, at_ - head_));
    const Block kind = kind_of(head);
    if (kind == Block::scope) {
      head_ = at_ + 1;
      return;
    }
    skip_block();
    // A member's braces in a constructor's initialiser list: the body is still to come.
    const std::size_t next = code_.find_first_not_of(" \n", at_ + 1);
    if (next != std::string::npos && (code_[next] == ',' || code_[next] == '{')) return;
    if (kind == Block::function) add(head);
    head_ = at_ + 1;
  }
  void skip_block() {  // to its closing brace
    for (int depth = 0; at_ < code_.size(); ++at_) {
      depth += code_[at_] == '{' ? 1 : code_[at_] == '}' ? -1 : 0;
      if (depth == 0) return;
    }
  }
  void add(std::string_view head) {
    const std::size_t first = line_of(code_.find_first_not_of(" \n", head_));
    found_.push_back({name_in(head), line_of(at_) - first + 1});
  }
  std::size_t line_of(std::size_t offset) const {
    const auto end = code_.begin() + static_cast<std::ptrdiff_t>(std::min(offset, code_.size()));
    return 1 + static_cast<std::size_t>(std::count(code_.begin(), end, '\n'));
  }

  std::string code_;
  std::size_t at_ = 0;
  std::size_t head_ = 0;
  std::vector<Function> found_;
};

}  // namespace

std::string code_only(std::string_view text) { return Blanker(text).run(); }

std::vector<Function> functions_of(std::string_view text) {
  return FunctionFinder(code_only(text)).run();
}

std::vector<std::string> identifiers_of(std::string_view text) {
  static const std::regex name("[A-Za-z_][A-Za-z0-9_]*");
  const std::string code = code_only(text);
  std::set<std::string> names;
  for (std::sregex_iterator i(code.begin(), code.end(), name), end; i != end; ++i)
    names.insert(i->str());
  return {names.begin(), names.end()};
}

std::vector<std::string> words_of(std::string_view identifier) {
  std::vector<std::string> words(1);
  char before = '_';
  for (const char c : identifier) {
    const bool upper = std::isupper(static_cast<unsigned char>(c)) != 0;
    const bool after_lower = std::islower(static_cast<unsigned char>(before)) != 0;
    if (!is_word(c) || c == '_' || (upper && after_lower)) words.emplace_back();
    if (is_word(c) && c != '_')
      words.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    before = c;
  }
  std::erase(words, "");
  return words;
}

std::vector<std::string> own_includes_of(std::string_view text) {
  static const std::regex include(R"re(^\s*#\s*include\s+"([^"]+)".*)re");
  std::vector<std::string> paths;
  for (const std::string& line : lines_of(text))
    if (std::smatch m; std::regex_match(line, m, include)) paths.push_back(m[1]);
  return paths;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return lines;
}

}  // namespace gauntlet::tidy
