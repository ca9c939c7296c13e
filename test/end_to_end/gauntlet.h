// The built binary as a user runs it: its exit code, what it printed, and its summary.json.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "core/clock.h"
#include "net/child.h"
#include "net/endpoint.h"

namespace gauntlet::end_to_end {

namespace fs = std::filesystem;

// A folder of its own that goes with the test. Everybody may write there, ordinary users too.
class Scratch {
 public:
  Scratch() {
    std::string name = (fs::temp_directory_path() / "gauntlet-test-XXXXXX").string();
    path_ = mkdtemp(name.data());
    fs::permissions(path_, fs::perms::all);
  }
  ~Scratch() { fs::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const fs::path& path() const { return path_; }
  // The path of a new file.
  std::string write(const std::string& name, std::string_view text) const {
    const fs::path file = path_ / name;
    std::ofstream(file) << text;
    return file.string();
  }

 private:
  fs::path path_;
};

inline std::string read_whole(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Where nobody listens.
inline std::string free_address() {
  const auto listening = net::listen_on(*net::Endpoint::parse("127.0.0.1:auto"));
  return net::local_endpoint(listening->get())->text();
}

// One `gauntlet …` process, with its results in a scratch folder.
class Gauntlet {
 public:
  // `through`: a command that runs it, such as setpriv or unshare with their arguments.
  explicit Gauntlet(const std::vector<std::string>& arguments,
                    const std::vector<std::string>& through = {}) {
    std::vector<std::string> argv = {"sh", "-c", "exec \"$@\" >\"$OUT/out\" 2>\"$OUT/err\"", "sh"};
    argv.insert(argv.end(), through.begin(), through.end());
    argv.emplace_back(GAUNTLET_BINARY);
    setenv("OUT", scratch_.path().c_str(), 1);
    has_results_ = arguments.empty() ||
                   (arguments.front() != "run" && arguments.front() != "capacity") ||
                   std::ranges::count(arguments, "--results") > 0;
    for (const auto& word : arguments) {
      if (word == "--") add_results(argv);
      argv.push_back(word);
    }
    add_results(argv);
    auto child = net::Child::start(argv, {});
    if (child) child_ = std::make_unique<net::Child>(std::move(*child));
  }

  pid_t pid() const { return child_->pid(); }
  void signal(int number) { child_->signal(number); }

  // Waits for its end; -1 where it was killed or did not end.
  int wait(core::Nanos patience = 150 * core::kSecond) {
    const core::Nanos limit = core::monotonic_ns() + patience;
    while (!child_->poll_exit() && core::monotonic_ns() < limit) usleep(20'000);
    const std::string how = child_->poll_exit().value_or("");
    const std::string prefix = "exited with status ";
    return how.starts_with(prefix) ? std::stoi(how.substr(prefix.size())) : -1;
  }

  // Waits until it has printed this; false where it does not in two minutes.
  bool says(std::string_view text) const {
    const core::Nanos limit = core::monotonic_ns() + 120 * core::kSecond;
    while (out().find(text) == std::string::npos) {
      if (core::monotonic_ns() > limit) return false;
      usleep(10'000);
    }
    return true;
  }
  // Waits until it has shown so many seconds of a phase; it shows every fifth of the run, from the
  // first on.
  bool reaches(const std::string& phase, int seconds) const {
    const core::Nanos limit = core::monotonic_ns() + 120 * core::kSecond;
    for (;; usleep(10'000)) {
      const std::string text = out();
      const std::size_t at = text.rfind("\n" + phase + " ");
      if (at != std::string::npos && std::atoi(text.c_str() + at + phase.size() + 2) >= seconds)
        return true;
      if (core::monotonic_ns() > limit) return false;
    }
  }
  std::string out() const { return read_whole(scratch_.path() / "out"); }
  std::string err() const { return read_whole(scratch_.path() / "err"); }

  // The folder of its one run; empty where it left none.
  fs::path folder() const {
    if (!fs::exists(scratch_.path() / "results")) return {};
    for (const auto& entry : fs::directory_iterator(scratch_.path() / "results"))
      return entry.path();
    return {};
  }
  boost::json::object summary() const {
    const std::string text = read_whole(folder() / "summary.json");
    return text.empty() ? boost::json::object() : boost::json::parse(text).as_object();
  }
  // Whether its self-check vouches for the generator.
  bool trusted() const {
    const auto found = summary();
    return found.empty() || found.at("self_check").as_object().at("trusted").as_bool();
  }
  // Whether other programs had the cores that the target waited for, in the measured phase or in
  // the time that a test of a fault speaks of.
  bool machine_busy() const {
    if (out().find("machine_busy: ") != std::string::npos) return true;
    const auto found = summary();
    return !found.empty() && !found.at("self_check").as_object().at("machine_busy").is_null();
  }
  // Whether it failed its target, as it had to; only a busy machine may keep it from that.
  bool failed_its_target() {
    const int exit_code = wait();
    return exit_code == 1 || (exit_code == 4 && machine_busy());
  }
  const fs::path& scratch() const { return scratch_.path(); }

 private:
  void add_results(std::vector<std::string>& argv) {
    if (has_results_) return;
    has_results_ = true;
    argv.push_back("--results");
    argv.push_back((scratch_.path() / "results").string());
  }

  Scratch scratch_;
  bool has_results_ = false;
  std::unique_ptr<net::Child> child_;
};

// `gauntlet serve` with these arguments, ready to be loaded: without a rate limit, unless they say
// otherwise.
class Server {
 public:
  explicit Server(std::vector<std::string> arguments) {
    const auto listeners = std::ranges::count(arguments, "--http") +
                           std::ranges::count(arguments, "--tcp") +
                           std::ranges::count(arguments, "--unix");
    if (std::ranges::count(arguments, "--rate-limit") == 0)
      arguments.insert(arguments.begin(), {"--rate-limit", "0"});
    arguments.insert(arguments.begin(), {GAUNTLET_BINARY, "serve"});
    start(arguments, "listening on ");
    if (listeners > 1) read_url(second_url_, "listening on ");
  }
  // Any other command that says "listening http://…" once it is ready.
  Server(const std::vector<std::string>& argv, const std::string& before_url) {
    start(argv, before_url);
  }

  const std::string& url() const { return url_; }
  const std::string& second_url() const { return second_url_; }  // of `serve` with two listeners
  pid_t pid() const { return child_->pid(); }
  void signal(int number) { child_->signal(number); }
  // Supervisor and workers: a child has its own process group.
  void signal_all(int number) { kill(-pid(), number); }

 private:
  void start(const std::vector<std::string>& argv, const std::string& before_url) {
    auto child = net::Child::start(argv, {.stdout_pipe = true});
    ASSERT_TRUE(child) << child.error().text;
    child_ = std::make_unique<net::Child>(std::move(*child));
    read_url(url_, before_url);
  }
  void read_url(std::string& into, const std::string& before_url) {
    const core::Nanos deadline = core::monotonic_ns() + 30 * core::kSecond;
    while (into.empty()) {
      const auto line = child_->read_line(deadline);
      ASSERT_TRUE(line) << line.error().text;
      const std::size_t at = line->find(before_url);
      if (at != std::string::npos) into = line->substr(at + before_url.size());
    }
  }

  std::unique_ptr<net::Child> child_;
  std::string url_, second_url_;
};

// Runs until the self-check lets the run judge, for tests of verdicts: a machine that is busy with
// other things makes Gauntlet refuse to judge, as it should. `start` begins afresh each time.
template <typename Start>
std::unique_ptr<Gauntlet> judged(Start start) {
  constexpr int kAttempts = 6;
  for (int attempt = 1;; ++attempt) {
    std::unique_ptr<Gauntlet> gauntlet = start();
    gauntlet->wait();
    const bool held_back = gauntlet->machine_busy() && gauntlet->wait() == 4;
    if ((gauntlet->trusted() && !held_back) || attempt == kAttempts) return gauntlet;
  }
}
inline std::unique_ptr<Gauntlet> judged(const std::vector<std::string>& arguments) {
  return judged([&] { return std::make_unique<Gauntlet>(arguments); });
}

inline std::int64_t count(const boost::json::object& object, std::string_view a,
                          std::string_view b) {
  return object.at(a).as_object().at(b).to_number<std::int64_t>();
}

inline std::string verdict_of(const boost::json::object& summary, std::string_view test) {
  for (const auto& row : summary.at("tests").as_array())
    if (row.at("name").as_string() == test) return std::string(row.at("verdict").as_string());
  return "no such test";
}

}  // namespace gauntlet::end_to_end
