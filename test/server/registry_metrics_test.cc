#include "server/registry_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace gauntlet::server {
namespace {

using testing::HasSubstr;

std::string text_for(const Registry& registry) {
  std::string text = "before 1\n";
  append_registry_metrics(text, registry);
  return text;
}

TEST(RegistryMetrics, NameTheShard) {
  Registry registry(100, core::kSecond);
  const auto key = *registry.open({}, 1);
  registry.find(key, 1);
  registry.find(key, 1);
  registry.find(key, 2 + core::kSecond);
  const std::string shard = std::to_string(Registry::shard_of(key));
  const std::string text = text_for(registry);
  EXPECT_THAT(text, testing::StartsWith("before 1\n# HELP "));
  EXPECT_THAT(text, HasSubstr("\ngauntlet_server_registry_sessions{shard=\"" + shard + "\"} 0\n"));
  EXPECT_THAT(text,
              HasSubstr("\ngauntlet_server_registry_lookups_total{shard=\"" + shard + "\"} 3\n"));
  EXPECT_THAT(text,
              HasSubstr("\ngauntlet_server_registry_expired_total{shard=\"" + shard + "\"} 1\n"));
}

// Each name is described once, before its 64 samples, and nothing else is there.
TEST(RegistryMetrics, AreValidText) {
  const Registry registry(100, core::kSecond);
  std::istringstream lines(text_for(registry));
  std::string line, name;
  std::getline(lines, line);
  std::size_t samples = kShardCount, names = 0;
  while (std::getline(lines, line)) {
    if (line.starts_with("# HELP ")) {
      EXPECT_EQ(samples, kShardCount);
      name = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(name.starts_with("gauntlet_server_registry_"));
      ++names;
      samples = 0;
      std::getline(lines, line);
      const bool counter = name.ends_with("_total");
      EXPECT_EQ(line, "# TYPE " + name + (counter ? " counter" : " gauge"));
    } else {
      const std::string start = name + "{shard=\"" + std::to_string(samples++) + "\"} ";
      EXPECT_TRUE(line.starts_with(start)) << line;
      EXPECT_EQ(line.substr(start.size()).find_first_not_of("0123456789.e-"), std::string::npos);
    }
  }
  EXPECT_EQ(samples, kShardCount);
  EXPECT_EQ(names, 7u);
}

}  // namespace
}  // namespace gauntlet::server
