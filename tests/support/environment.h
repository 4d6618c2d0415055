// Environment variables for one test, put back afterwards.
#pragma once

#include <stdlib.h>

#include <map>
#include <optional>
#include <string>

namespace gapstow::test {

class Environment {
 public:
  Environment() = default;
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() {
    for (const auto& [name, value] : before_) write(name, value);
  }

  void set(const std::string& name, const std::string& value) { change(name, value); }
  void unset(const std::string& name) { change(name, std::nullopt); }

 private:
  using Value = std::optional<std::string>;

  void change(const std::string& name, const Value& value) {
    const char* old = ::getenv(name.c_str());
    before_.emplace(name, old == nullptr ? Value() : Value(old));
    write(name, value);
  }

  static void write(const std::string& name, const Value& value) {
    if (value) {
      ::setenv(name.c_str(), value->c_str(), 1);
    } else {
      ::unsetenv(name.c_str());
    }
  }

  std::map<std::string, Value> before_;
};

}  // namespace gapstow::test
