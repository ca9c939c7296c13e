#include "rules.h"

#include <algorithm>
#include <array>
#include <regex>
#include <sstream>

#include "source.h"

namespace gauntlet::tidy {
namespace {

const std::map<std::string, int> kFloors = {
    {"core", 0},  {"stats", 1},   {"json", 1},   {"wire", 1}, {"net", 1},
    {"mcp", 2},   {"run", 2},     {"server", 3}, {"load", 3}, {"record", 3},
    {"chaos", 3}, {"verdict", 3}, {"report", 3}, {"main", 4}};

constexpr std::array<std::string_view, 7> kBannedWords = {"util", "helper", "manager", "common",
                                                          "misc", "impl",   "utils"};

std::string folder_of(std::string_view path) {
  return std::string(path.substr(0, std::min(path.find('/'), path.size())));
}

bool contains(const auto& range, const auto& value) {
  return std::ranges::find(range, value) != std::ranges::end(range);
}

// Characters, not bytes: UTF-8 continuation bytes do not count.
std::size_t columns_of(std::string_view line) {
  return static_cast<std::size_t>(std::ranges::count_if(
      line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void add_if_over(Findings& findings, const char* rule, const std::string& where, std::size_t value,
                 std::size_t limit) {
  if (value > limit)
    findings.push_back({rule, where, value,
                        std::to_string(value) + ", and the limit is " + std::to_string(limit)});
}

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

}  // namespace

std::string File::folder() const {
  return path.starts_with("src/") ? folder_of(std::string_view(path).substr(4)) : "";
}

Findings check_floors(const File& file) {
  Findings findings;
  const auto add = [&](std::string text) {
    findings.push_back({"floors", file.path, 0, std::move(text)});
  };
  const auto own = kFloors.find(file.folder());
  if (own == kFloors.end()) {
    add("its folder has no floor");
    return findings;
  }
  for (const std::string& include : own_includes_of(file.text)) {
    const auto other = kFloors.find(folder_of(include));
    if (other == kFloors.end()) {
      add("includes " + in_quotes(include) + ", which is in no folder of src/");
    } else if (other->first != own->first && other->second >= own->second) {
      add("includes " + in_quotes(include) + ", which does not stand below it");
    }
  }
  return findings;
}

Links links_of(std::string_view cmake_text) {
  static const std::regex folder(R"(^gauntlet_folder\((\w+)([^)]*)\).*)");
  Links links;
  for (const std::string& line : lines_of(cmake_text)) {
    std::smatch match;
    if (!std::regex_match(line, match, folder)) continue;
    std::istringstream rest(match[2]);
    auto& linked = links[match[1]];
    for (std::string word; rest >> word;) linked.push_back(word);
  }
  return links;
}

Findings check_links(const File& file, const Links& links) {
  Findings findings;
  const auto own = links.find(file.folder());
  if (own == links.end()) return findings;
  for (const std::string& include : own_includes_of(file.text)) {
    const std::string other = folder_of(include);
    if (other == own->first || contains(own->second, other)) continue;
    findings.push_back(
        {"links", file.path, 0,
         "includes " + in_quotes(include) + ", but is not linked to " + in_quotes(other)});
  }
  return findings;
}

Findings check_lengths(const File& file) {
  Findings findings;
  const auto lines = lines_of(file.text);
  add_if_over(findings, "line_count", file.path, lines.size(), kFileLinesMax);
  std::size_t widest = 0;
  for (const std::string& line : lines) widest = std::max(widest, columns_of(line));
  add_if_over(findings, "columns", file.path, widest, kColumnsMax);
  for (const Function& function : functions_of(file.text))
    add_if_over(findings, "function_lines", file.path + ":" + function.name, function.lines,
                kFunctionLinesMax);
  return findings;
}

namespace {

// Neither blank nor all comment: explaining more must not cost anything.
bool holds_code(const std::string& line) {
  const std::size_t first = line.find_first_not_of(" \t");
  return first != std::string::npos && line.compare(first, 2, "//") != 0;
}

}  // namespace

Findings check_size(const std::vector<File>& source_files) {
  Findings findings;
  std::size_t lines = 0;
  for (const File& file : source_files)
    lines += static_cast<std::size_t>(std::ranges::count_if(lines_of(file.text), holds_code));
  add_if_over(findings, "source_lines", "src", lines, kSourceLinesMax);
  return findings;
}

Findings check_names(const File& file) {
  Findings findings;
  const auto check = [&](const std::string& name) {
    for (const std::string& word : words_of(name))
      if (contains(kBannedWords, word))
        findings.push_back({"names", file.path, 0, in_quotes(name) + " says nothing: " + word});
  };
  check(file.path);
  for (const std::string& name : identifiers_of(file.text)) check(name);
  return findings;
}

Findings check_header(const File& file) {
  Findings findings;
  if (!file.is_header()) return findings;
  if (!file.text.starts_with("// "))
    findings.push_back({"header", file.path, 0, "its first line does not say what it is"});
  if (!contains(lines_of(file.text), std::string("#pragma once")))
    findings.push_back({"header", file.path, 0, "has no #pragma once"});
  return findings;
}

Findings check_text(const File& file) {
  // The brackets keep these patterns from finding themselves.
  static const std::regex notes(R"(\b(T[O]DO|F[I]XME|X[X]X)\b)");
  static const std::regex paths(R"((^|[^\w.~}])/(w[o]rk|r[o]ot|h[o]me)/)");
  static const std::regex hosts("registry[.]npm|npmjs[.](org|com)|deb[.]debian|node[s]ource");
  Findings findings;
  const auto look = [&](const std::regex& what, const char* text) {
    for (std::sregex_iterator i(file.text.begin(), file.text.end(), what), end; i != end; ++i)
      findings.push_back({"text", file.path, 0, std::string(text) + in_quotes(i->str())});
  };
  look(notes, "a note to self: ");
  look(paths, "a path of one machine: ");
  look(hosts, "a registry's host: ");
  return findings;
}

Findings check_excerpts(const File& document,
                        const std::function<std::string(std::string_view path)>& read) {
  constexpr std::string_view kBegin = "\n```cpp\n// src/";
  Findings findings;
  const std::string_view text = document.text;
  for (std::size_t at = text.find(kBegin); at != text.npos; at = text.find(kBegin, at + 1)) {
    const std::size_t name = at + kBegin.find("src/");
    const std::size_t code = std::min(text.find('\n', name) + 1, text.size());
    const std::string_view path = text.substr(name, code - name - 1);
    const std::string_view excerpt = text.substr(code, text.find("```\n", code) - code);
    if (excerpt.empty() || read(path).find(excerpt) == std::string::npos)
      findings.push_back({"excerpts", document.path, 0, in_quotes(path) + " does not say this"});
  }
  return findings;
}

Findings apply_ratchet(const Findings& findings, std::string_view ratchet) {
  std::map<std::string, std::size_t> allowed;
  for (const std::string& line : lines_of(ratchet)) {
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t blank = line.rfind(' ');
    allowed[line.substr(0, blank)] = std::stoul(line.substr(blank));
  }
  Findings left;
  for (const Finding& finding : findings) {
    const auto entry = allowed.find(finding.key());
    if (entry == allowed.end() || finding.value > entry->second) {
      left.push_back(finding);
    } else if (finding.value < entry->second) {
      left.push_back({"ratchet", finding.key(), finding.value, "is better now: lower its entry"});
    }
    if (entry != allowed.end()) allowed.erase(entry);
  }
  for (const auto& [key, value] : allowed)
    left.push_back({"ratchet", key, value, "is fine now: remove its entry"});
  return left;
}

}  // namespace gauntlet::tidy
