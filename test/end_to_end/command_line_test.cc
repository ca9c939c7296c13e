// What a user types, and what they get: messages of one line, and exit codes.
#include <csignal>

#include "end_to_end/gauntlet.h"

namespace gauntlet::end_to_end {
namespace {

struct Mistake {
  std::vector<std::string> arguments;
  std::string message;
  int exit_code;
};

void PrintTo(const Mistake& mistake, std::ostream* out) {
  for (const std::string& argument : mistake.arguments) *out << argument << " ";
}

class MistakeTest : public testing::TestWithParam<Mistake> {};

TEST_P(MistakeTest, IsOneClearLine) {
  Gauntlet gauntlet(GetParam().arguments);
  EXPECT_EQ(gauntlet.wait(), GetParam().exit_code);
  const std::string err = gauntlet.err();
  EXPECT_NE(err.find(GetParam().message), std::string::npos) << err;
  EXPECT_EQ(std::ranges::count(err, '\n'), 1) << err;
}

INSTANTIATE_TEST_SUITE_P(
    CommandLine, MistakeTest,
    testing::Values(
        Mistake{{"run", "baselin"}, "no suite is called `baselin`; did you mean `baseline`?", 2},
        Mistake{{"run", "--url", "ftp://x"}, "'ftp://x' is not a target", 2},
        Mistake{{"run", "--rate", "fast"}, "--rate", 2},
        Mistake{{"run", "-c", "0"}, "--connections must lie in 1-100000", 2},
        Mistake{{"run", "scale", "-R", "9"}, "-R: each level of `scale` has its own", 2},
        Mistake{{"run", "--slo", "p42<1ms"}, "p42", 2},
        Mistake{{"run", "--args", "{"}, "--args: not valid JSON", 2},
        Mistake{{"run", "-H", "no colon"}, "is not 'Name: value'", 2},
        Mistake{{"run", "--protocol", "2024-01-01"}, "--protocol '2024-01-01' is none of", 2},
        Mistake{{"run", "--arrivals", "poisson"}, "--arrivals needs a rate", 2},
        Mistake{{"run", "--metrics-prefix", "9x"}, "--metrics-prefix", 2},
        Mistake{{"run", "--no-such-flag"}, "--no-such-flag", 2},
        Mistake{{"serve", "--failpoints", "127.0.0.1:19999"}, "needs --failpoint-token", 2},
        Mistake{{"serve", "--failpoints", "10.1.2.3:80", "--failpoint-token", "x"}, "loopback", 2},
        Mistake{{"run", "baseline", "http://127.0.0.1:19999/mcp", "--metrics-listen", ":19998"},
                "cannot connect to http://127.0.0.1:19999/mcp: Connection refused",
                3},
        Mistake{{"run", "--", "gauntlet-no-such-program"},
                "cannot start 'gauntlet-no-such-program': No such file or directory",
                2},
        Mistake{{"run", "--", "cat"}, "stdio: cat", 3},
        Mistake{{"serve", "--http", "nonsense"}, "'nonsense' names no port", 2},
        Mistake{{"serve", "--bad", "luck"}, "--bad 'luck' is none of", 2},
        Mistake{{"serve", "--bad", "cascade:9"}, "leave the number out", 2},
        Mistake{{"serve", "--stdio", "--bad", "no-restart"}, "is about workers", 2},
        Mistake{{"run", "baseline", "--restart"}, "--restart needs the URL and", 2},
        Mistake{{"run", "baseline", "--restart", "--", "true"}, "--restart needs the URL and", 2},
        Mistake{{"run", "baseline", "builtin", "--", "true"}, "builtin is our own server", 2},
        Mistake{{"run", "baseline", "http://127.0.0.1:19999/mcp", "--", "false"},
                "`false` exited with status 1 before it accepted connections on 127.0.0.1:19999",
                3},
        Mistake{{"serve", "--stdio", "--http", "127.0.0.1:auto"}, "--http excludes --stdio", 2},
        Mistake{{"floor", "--echo", "nonsense"}, "--echo: 'nonsense' names no port", 2},
        Mistake{{"floor", "--peer", "nonsense"}, "--peer: 'nonsense' names no port", 2},
        Mistake{{"floor", "--peer", "127.0.0.1:1", "-d", "100ms"}, "could not all be opened", 3},
        Mistake{{"floor", "--peer", "127.0.0.1:1", "--json", "--echo", "127.0.0.1:auto"},
                "--echo excludes",
                2},
        Mistake{{"floor", "-d", "1"}, "--duration must lie in", 2},
        Mistake{{"capacity", "http://127.0.0.1:19999/mcp"}, "Connection refused", 3},
        Mistake{{"capacity", "--from", "9/s", "--to", "8/s"}, "--from must not be above --to", 2},
        Mistake{{"capacity", "--of", "calls"}, "--of", 2},
        Mistake{{"capacity", "--per-connection", "5/s"}, "goes with --of connections", 2},
        Mistake{{"capacity", "--of", "connections", "-c", "5"}, "-c: the search is for it", 2},
        Mistake{{"capacity", "--of", "connections", "--to", "100001"}, "--to must lie in 1-", 2},
        Mistake{{"capacity", "--slo", "recovery<1s"}, "recovery says nothing about a step", 2},
        Mistake{{"capacity", "--from", "1/s"}, "quantiles need 1100 messages, 18m20s a step", 2},
        Mistake{{"capacity", "--hold-at", "0%"}, "--hold-at must lie in 1%-100%", 2},
        Mistake{{"proxy", "--listen", ":19997"}, "--upstream is required", 2},
        Mistake{{"proxy", "--listen", "x", "--upstream", ":9"}, "--listen: 'x' names no port", 2},
        Mistake{
            {"proxy", "--listen", ":19997", "--upstream", "ftp://x"}, "--upstream: 'ftp://x'", 2},
        Mistake{{"proxy", "--listen", ":19997", "--upstream", ":9", "--toxic", "lag"},
                "--toxic: 'lag' is no toxic",
                2},
        Mistake{{"proxy", "--listen", ":19997", "--upstream", ":9", "--toxic", "drop_answer"},
                "--toxic: drop_answer needs to see messages",
                2},
        Mistake{{"proxy", "--listen", ":19997", "--upstream", ":9", "--control", ":19996"},
                "--control needs --control-token",
                2},
        Mistake{{"proxy", "--listen", ":19997", "--upstream", ":9", "--control", "10.1.2.3:80"},
                "loopback",
                2},
        Mistake{{"proxy", "--listen", "unix:/tmp/x", "--upstream", ":9", "--processes", "2"},
                "a Unix socket has one process",
                2},
        Mistake{{"frobnicate"}, "'frobnicate' is not a command", 2},
        Mistake{{}, "A subcommand is required", 2}));

TEST(CommandLine, TomlMistakesNameFileAndLine) {
  Scratch scratch;
  const fs::path file = scratch.path() / "my.toml";
  std::ofstream(file) << "suite = \"my\"\n[load]\nconections = 5\n";
  Gauntlet gauntlet({"run", file.string()});
  EXPECT_EQ(gauntlet.wait(), 2);
  EXPECT_EQ(gauntlet.err(), "gauntlet: " + file.string() +
                                ":3: unknown key `conections` in [load]; did you mean "
                                "`connections`?\n");
}

TEST(CommandLine, AShownSuiteRunsAsAFile) {
  Gauntlet show({"show", "baseline"});
  ASSERT_EQ(show.wait(), 0);
  Scratch scratch;
  const fs::path file = scratch.path() / "copy.toml";
  std::ofstream(file) << show.out();
  // A wrong target proves that the copy was read and accepted.
  Gauntlet run({"run", file.string(), "tcp://127.0.0.1:19999", "--metrics-listen", ":19997"});
  EXPECT_EQ(run.wait(), 3) << run.err();
}

TEST(CommandLine, TheSummarysSchemaCanBeShown) {
  Gauntlet show({"show", "summary.schema"});
  ASSERT_EQ(show.wait(), 0) << show.err();
  EXPECT_NE(show.out().find("\"$schema\""), std::string::npos);
  EXPECT_NE(show.out().find("\"self_check\""), std::string::npos);
}

TEST(CommandLine, TheModeMayComeFromTheEnvironment) {
  setenv("STRESS_TEST_MODE", "banana", 1);
  Gauntlet gauntlet({"run", "baseline"});
  EXPECT_EQ(gauntlet.wait(), 2);
  unsetenv("STRESS_TEST_MODE");
  EXPECT_EQ(gauntlet.err(), "gauntlet: mode `banana` is not one of demo, short, extended\n");
}

TEST(CommandLine, HelpIsComplete) {
  Gauntlet help({"run", "--help"});
  EXPECT_EQ(help.wait(), 0);
  for (const char* option : {"--connections",
                             "--rate",
                             "--duration",
                             "--threads",
                             "--burst",
                             "--pipeline",
                             "--ramp",
                             "--arrivals",
                             "--tool",
                             "--args",
                             "--mix",
                             "--protocol",
                             "--slo",
                             "--header",
                             "--timeout",
                             "--warmup",
                             "--mode",
                             "--seed",
                             "--results",
                             "--metrics-listen",
                             "--metrics-prefix",
                             "--strict",
                             "--quiet",
                             "--url",
                             "--transport"})
    EXPECT_NE(help.out().find(option), std::string::npos) << option;
  Gauntlet list({"list"});
  EXPECT_EQ(list.wait(), 0);
  EXPECT_NE(list.out().find("baseline.recovery_time"), std::string::npos);
}

TEST(CommandLine, ATakenMetricsPortIsSaidSo) {
  Server server({"--http", "127.0.0.1:auto"});
  const std::string address = server.url().substr(7, server.url().find("/mcp") - 7);
  Gauntlet gauntlet({"run", "--url", server.url(), "--metrics-listen", address});
  EXPECT_EQ(gauntlet.wait(), 2);
  EXPECT_NE(gauntlet.err().find("--metrics-listen"), std::string::npos) << gauntlet.err();
}

// 300 connections, where a shell allows 128 descriptors at first.
TEST(Descriptors, ARunTakesWhatTheHardLimitAllows) {
  Gauntlet gauntlet(
      {"run", "--url", "builtin", "--transport", "tcp", "-c", "300", "-R", "300", "-d", "1s",
       "--warmup", "1s", "--slo", "connections>=300", "--metrics-listen", "127.0.0.1:auto"},
      {"sh", "-c", "ulimit -Sn 128; exec \"$@\"", "sh"});
  const int exit_code = gauntlet.wait();
  EXPECT_TRUE(exit_code == 0 || exit_code == 4) << gauntlet.err();
  EXPECT_NE(gauntlet.out().find("300/300 ready"), std::string::npos) << gauntlet.out();
}

}  // namespace
}  // namespace gauntlet::end_to_end
