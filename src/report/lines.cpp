#include "lines.h"

#include <algorithm>

#include "gapstow/base/text.h"

namespace gapstow::report {
namespace {

constexpr std::size_t kLabelWidth = 10;

/// Columns a text takes on a terminal: bytes that start a character, without escape sequences.
std::size_t width(std::string_view text) {
  std::size_t columns = 0;
  bool escape = false;
  for (const char c : text) {
    if (c == '\x1b') escape = true;
    if (!escape && (static_cast<unsigned char>(c) & 0xC0) != 0x80) ++columns;
    if (escape && c == 'm') escape = false;
  }
  return columns;
}

}  // namespace

std::string line(const Style& style, std::string_view label, std::string_view text) {
  std::string padded(label);
  padded.resize(std::max(padded.size() + 1, kLabelWidth), ' ');
  return "  " + style.strong(padded) + std::string(text) + "\n";
}

std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t indent) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string text(indent, ' ');
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += row[i];
      if (i + 1 < row.size()) text.append(widths[i] - width(row[i]) + 2, ' ');
    }
    out += text + "\n";
  }
  return out;
}

std::string abbreviate(std::string_view hex) {
  return hex.size() <= 16 ? std::string(hex) : std::string(hex.substr(0, 12)) + "…";
}

std::vector<std::string> abbreviate(const std::vector<std::string>& hexes) {
  std::vector<std::string> out;
  for (const auto& hex : hexes) out.push_back(abbreviate(hex));
  return out;
}

std::string relative(base::Time when, base::Time now) {
  const std::int64_t seconds = when.seconds - now.seconds;
  if (seconds == 0) return "now";
  if (seconds > 0) return "in " + base::human_duration(seconds);
  return base::human_duration(-seconds) + " ago";
}

std::string dialect_name(std::string_view dialect) {
  if (dialect == "notary-v1") return "Docker Content Trust (Notary v1)";
  if (dialect == "tuf-1.0") return "TUF 1.0";
  return base::printable(dialect);
}

}  // namespace gapstow::report
