// Style: how text is dressed for a terminal. Without colour everything is plain ASCII and UTF-8 text.
#pragma once

#include <string>
#include <string_view>

namespace gapstow::report {

/// How much is told, and whether in colour.
struct Style {
  bool colour = false;
  bool verbose = false;

  std::string good(std::string_view text) const { return paint("32", text); }
  std::string bad(std::string_view text) const { return paint("31", text); }
  std::string warn(std::string_view text) const { return paint("33", text); }
  std::string strong(std::string_view text) const { return paint("1", text); }
  std::string faint(std::string_view text) const { return paint("2", text); }

 private:
  std::string paint(std::string_view code, std::string_view text) const {
    if (!colour) return std::string(text);
    return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
  }
};

}  // namespace gapstow::report
