// Rules: what the project asks of its own sources. Each rule looks at one file and says what it
// found; tidy_test.cc applies them to the tree, rules_test.cc shows that each can fail.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gauntlet::tidy {

struct File {
  std::string path;  // below the repository's root
  std::string text;

  std::string folder() const;  // "wire" of src/wire/http.cc
  bool is_header() const { return path.ends_with(".h"); }
};

struct Finding {
  std::string rule;       // "line_count"
  std::string where;      // the file, or file:function
  std::size_t value = 0;  // what was measured, for the rules that may be in ratchet.txt
  std::string text;       // one sentence

  std::string key() const { return rule + " " + where; }
};
using Findings = std::vector<Finding>;

inline constexpr std::size_t kFileLinesMax = 500;
inline constexpr std::size_t kColumnsMax = 100;
inline constexpr std::size_t kFunctionLinesMax = 70;
inline constexpr std::size_t kSourceLinesMax = 44'000;  // that hold code, in all of src/

// A file includes its own folder and lower floors only.
Findings check_floors(const File& file);

// …and of those only what src/CMakeLists.txt links the folder to.
using Links = std::map<std::string, std::vector<std::string>>;
Links links_of(std::string_view cmake_text);
Findings check_links(const File& file, const Links& links);

Findings check_lengths(const File& file);
Findings check_size(const std::vector<File>& source_files);
Findings check_names(const File& file);
Findings check_header(const File& file);
// No notes to self, no machine's paths, no registry's hosts.
Findings check_text(const File& file);

// A code block of a document that begins with the name of a source file, "// src/…", is part of
// that file. `read` gives a file's text, or nothing.
Findings check_excerpts(const File& document,
                        const std::function<std::string(std::string_view path)>& read);

// ratchet.txt: "rule where value" a line. What is left over: findings that are not in it or are
// worse than it says, and entries that are too generous.
Findings apply_ratchet(const Findings& findings, std::string_view ratchet);

}  // namespace gauntlet::tidy
