#include "support/spoiling_table.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace gapstow::test {
namespace {

[[noreturn]] void refuse(unsigned number, const std::string& why) {
  throw std::runtime_error("spoilings.txt, line " + std::to_string(number) + ": " + why);
}

std::vector<std::string> columns(const std::string& line) {
  std::vector<std::string> columns;
  std::istringstream stream(line);
  for (std::string column; std::getline(stream, column, '|');) {
    const auto first = column.find_first_not_of(' ');
    columns.push_back(first == std::string::npos ? "" : column.substr(first, column.find_last_not_of(' ') + 1 - first));
  }
  return columns;
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

bool is_cell(const std::string& word) {
  return word == "ok" || word == "-" || word == "." || base::error_code_from_name(word).has_value();
}

bool fits(const std::string& pattern, const std::string& word) { return pattern == "*" || pattern == word; }

bool fits(const Reading& where, const Reading& reading) {
  return fits(where.dialect, reading.dialect) && fits(where.reader, reading.reader) && fits(where.state, reading.state);
}

/// spoiling | dialect reader state | root timestamp snapshot targets delegation | reason
SpoilingTable::Line read_line(const std::string& text, unsigned number, const std::string& above) {
  const auto parts = columns(text);
  if (parts.size() != 4 && parts.size() != 3) refuse(number, "three or four columns are expected");
  SpoilingTable::Line line;
  line.number = number;
  line.spoiling = parts[0].empty() ? above : parts[0];
  const auto where = words(parts[1]);
  const auto cells = words(parts[2]);
  if (where.size() != 3 || cells.size() != SpoilingTable::kRoles) refuse(number, "three words and five are expected");
  line.where = {where[0], where[1], where[2]};
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!is_cell(cells[i])) refuse(number, cells[i] + " is no code");
    line.cells[i] = cells[i];
  }
  if (parts.size() == 4) line.reason = parts[3];
  if (!line.reason.empty() && line.spoiling == above) refuse(number, "a reason stands in the first line of a spoiling");
  return line;
}

}  // namespace

SpoilingTable SpoilingTable::read() {
  std::ifstream file(std::string(GAPSTOW_SOURCE_DIR) + "/tests/data/spoilings.txt");
  SpoilingTable table;
  unsigned number = 0;
  std::string above;
  for (std::string text; std::getline(file, text);) {
    ++number;
    if (text.empty() || text.front() == '#') continue;
    table.lines_.push_back(read_line(text, number, above));
    above = table.lines_.back().spoiling;
  }
  if (table.lines_.empty()) throw std::runtime_error("spoilings.txt cannot be read");
  return table;
}

std::string SpoilingTable::reason_for(const std::string& spoiling) const {
  const auto first = std::ranges::find(lines_, spoiling, &Line::spoiling);
  return first == lines_.end() ? "" : first->reason;
}

std::optional<SpoilingTable::Cell> SpoilingTable::look_up(const std::string& spoiling, const Reading& reading,
                                                          std::size_t role) {
  for (auto line = lines_.rbegin(); line != lines_.rend(); ++line) {
    if (line->spoiling != spoiling || line->cells[role] == "." || !fits(line->where, reading)) continue;
    line->used[role] = true;
    return Cell{line->cells[role], line->number};
  }
  return std::nullopt;
}

std::vector<std::string> SpoilingTable::unused() const {
  std::vector<std::string> unused;
  for (const auto& line : lines_) {
    for (std::size_t i = 0; i < kRoles; ++i) {
      if (line.used[i] || line.cells[i] == ".") continue;
      unused.push_back("line " + std::to_string(line.number) + ", " + line.spoiling + ", " + SpoilingLab::roles()[i]);
    }
  }
  return unused;
}

std::string word_for(const std::optional<base::ErrorCode>& code) {
  return code ? std::string(base::name(*code)) : "ok";
}

}  // namespace gapstow::test
