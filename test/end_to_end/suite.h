// The text of a suite, put together of its parts in the order in which a test names them. What goes
// into a table is TOML, a line each.
#pragma once

#include <initializer_list>
#include <string>

namespace gauntlet::end_to_end {

class Suite {
 public:
  Suite(const std::string& name, const std::string& load) {
    text_ = "suite = '" + name + "'\n[load]\n" + load + "\n";
  }
  // Calls of the tool echo, each with a nonce of its own.
  Suite& echo(const std::string& more = {}) {
    return add("mix", "tool = 'echo'\narguments = { message = '{{nonce}}' }", more);
  }
  Suite& phase(const std::string& name, const std::string& duration, const std::string& more = {}) {
    return add("phase", "name = '" + name + "'\nduration = '" + duration + "'", more);
  }
  Suite& steady(const std::string& duration) {
    return phase("steady", duration, "measured = true");
  }
  Suite& level(const std::string& name, const std::string& load) {
    return add("level", "name = '" + name + "'", load);
  }
  Suite& fault(const std::string& id, const std::string& phase, const std::string& what) {
    return add("fault", "id = '" + id + "'\nphase = '" + phase + "'", what);
  }
  Suite& test(const std::string& name, std::initializer_list<const char*> limits,
              const std::string& more = {}) {
    std::string all;
    for (const char* limit : limits) all += "'" + std::string(limit) + "', ";
    return add("test", "name = '" + name + "'\nlimits = [" + all + "]", more);
  }
  // Any other table, such as "[client]".
  Suite& table(const std::string& header, const std::string& lines) {
    text_ += header + "\n" + lines + "\n";
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  Suite& add(const std::string& kind, const std::string& lines, const std::string& more) {
    return table("[[" + kind + "]]", more.empty() ? lines : lines + "\n" + more);
  }

  std::string text_;
};

}  // namespace gauntlet::end_to_end
