#include "lines.h"

#include <algorithm>

#include "gapstow/base/text.h"

namespace gapstow::report {
namespace {

constexpr std::size_t kLabelWidth = 10;
constexpr std::size_t kTextWidth = 84;  ///< behind the label; whole lines stay below 100 columns

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

std::string wrapped(const Style& style, std::string_view lead, const std::vector<std::string>& items) {
  std::string out;
  std::string text(lead);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string item = items[i] + (i + 1 < items.size() ? "," : "");
    if (!text.empty() && width(text) + 1 + width(item) > kTextWidth) {
      out += line(style, "", text);
      text = "  " + item;
    } else {
      text += (text.empty() ? "" : " ") + item;
    }
  }
  return text.empty() ? out : out + line(style, "", text);
}

std::string failure_text(const Style& style, base::ErrorCode code, std::string_view reason) {
  const int exit = base::exit_code(code);
  const bool is_refusal = exit == 1 || exit >= 4;
  return style.bad(is_refusal ? "REFUSED" : "FAILED") + " [" + std::string(base::name(code)) + "] " +
         base::printable(reason);
}

std::string_view without_name(std::string_view line, std::string_view what) {
  const std::string prefix = std::string(what) + ": ";
  while (line.starts_with(prefix)) line.remove_prefix(prefix.size());
  return line;
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
