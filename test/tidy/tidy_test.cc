// The rules of rules.h, applied to this repository. test/tidy/ratchet.txt holds the exceptions.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>

#include "rules.h"
#include "source.h"

namespace gauntlet::tidy {
namespace {

const std::filesystem::path kRoot = GAUNTLET_SOURCE_DIR;

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<File> files_below(const std::string& folder) {
  std::vector<File> files;
  std::filesystem::recursive_directory_iterator entry(kRoot / folder), end;
  for (; entry != end; ++entry) {
    const std::filesystem::path& path = entry->path();
    if (path.filename() == "node_modules") entry.disable_recursion_pending();
    if (path.extension() == ".h" || path.extension() == ".cc")
      files.push_back({std::filesystem::relative(path, kRoot), read(path)});
  }
  return files;
}

const std::vector<File>& sources() {
  static const std::vector<File> files = files_below("src");
  return files;
}

const std::vector<File>& all_code() {
  static const std::vector<File> files = [] {
    std::vector<File> all = sources();
    for (const char* folder : {"test", "fuzz", "bench"})
      for (File& file : files_below(folder)) all.push_back(std::move(file));
    return all;
  }();
  return files;
}

// What git would carry, lock files apart: they are machine-made.
std::vector<File> tracked_files() {
  const std::string list = testing::TempDir() + "gauntlet_tracked_" + std::to_string(getpid());
  const std::string command = "git -C '" + kRoot.string() + "' ls-files > '" + list + "'";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  std::vector<File> files;
  for (const std::string& path : lines_of(read(list)))
    if (!path.ends_with("package-lock.json")) files.push_back({path, read(kRoot / path)});
  return files;
}

template <typename Rule>
Findings findings_in(const std::vector<File>& files, Rule rule) {
  EXPECT_FALSE(files.empty());
  Findings all;
  for (const File& file : files)
    for (Finding& finding : rule(file)) all.push_back(std::move(finding));
  return all;
}

void expect_none(const Findings& findings) {
  for (const Finding& finding : findings)
    ADD_FAILURE() << finding.rule << ": " << finding.where << ": " << finding.text;
}

TEST(Tidy, Floors) { expect_none(findings_in(sources(), check_floors)); }

TEST(Tidy, LinksMatchIncludes) {
  const Links links = links_of(read(kRoot / "src/CMakeLists.txt"));
  ASSERT_FALSE(links.empty());
  expect_none(findings_in(sources(), [&](const File& file) { return check_links(file, links); }));
}

TEST(Tidy, Lengths) {
  Findings findings = findings_in(sources(), check_lengths);
  for (Finding& finding : check_size(sources())) findings.push_back(std::move(finding));
  expect_none(apply_ratchet(findings, read(kRoot / "test/tidy/ratchet.txt")));
}

TEST(Tidy, Names) { expect_none(findings_in(all_code(), check_names)); }

TEST(Tidy, Headers) { expect_none(findings_in(all_code(), check_header)); }

TEST(Tidy, Text) { expect_none(findings_in(tracked_files(), check_text)); }

TEST(Tidy, Excerpts) {
  const auto read_source = [](std::string_view path) { return read(kRoot / path); };
  expect_none(findings_in(tracked_files(), [&](const File& file) {
    return file.path.ends_with(".md") ? check_excerpts(file, read_source) : Findings();
  }));
}

std::vector<std::string> folders() {
  std::set<std::string> names;
  for (const File& file : sources()) names.insert(file.folder());
  return {names.begin(), names.end()};
}

// A header that its own source includes first compiles alone: the build has just shown it.
bool proven_by_source(const File& header) {
  const std::string stem = header.path.substr(0, header.path.size() - 2);
  const std::string source = read(kRoot / (stem + ".cc"));
  const std::size_t first = source.find("#include");
  return first != std::string::npos &&
         source.substr(first).starts_with("#include \"" + header.path.substr(4) + "\"");
}

class HeadersOf : public testing::TestWithParam<std::string> {};

TEST_P(HeadersOf, CompileAlone) {
  std::string headers;
  for (const File& file : sources())
    if (file.is_header() && file.folder() == GetParam() && !proven_by_source(file))
      headers += " '" + (kRoot / file.path).string() + "'";
  const std::string command = GAUNTLET_COMPILER " -std=c++23 -fsyntax-only -w -x c++ -I '" +
                              (kRoot / "src").string() + "'" + headers;
  EXPECT_TRUE(headers.empty() || std::system(command.c_str()) == 0) << command;
}

INSTANTIATE_TEST_SUITE_P(Tidy, HeadersOf, testing::ValuesIn(folders()),
                         [](const auto& folder) { return folder.param; });

}  // namespace
}  // namespace gauntlet::tidy
