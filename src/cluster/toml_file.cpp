#include "toml_file.h"

#include <sstream>
#include <toml.hpp>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"

namespace gapstow::cluster {
namespace {

using base::Error;
using base::ErrorCode;

constexpr unsigned kMaxDepth = 32;
constexpr unsigned kMaxBrackets = 256;

json::Value convert(const toml::value& value, unsigned depth) {
  if (depth > kMaxDepth) throw Error(ErrorCode::limit_exceeded, "tables are nested too deeply");
  if (value.is_table()) {
    json::Object table;
    for (const auto& [name, member] : value.as_table()) table.set(name, convert(member, depth + 1));
    return table;
  }
  if (value.is_array()) {
    json::Array array;
    for (const auto& item : value.as_array()) array.push_back(convert(item, depth + 1));
    return array;
  }
  if (value.is_boolean()) return value.as_boolean();
  if (value.is_integer()) return static_cast<std::int64_t>(value.as_integer());
  if (value.is_floating()) return value.as_floating();
  if (value.is_string()) return std::string(value.as_string().str);
  std::ostringstream text;
  text << value;
  return text.str();
}

/// The parser calls itself for each bracket: what would exhaust the stack never gets there. Brackets in strings count
/// too, which no genuine file comes near to.
bool is_too_deep(std::string_view text) {
  unsigned depth = 0;
  for (const char c : text) {
    if ((c == '[' || c == '{') && ++depth > kMaxBrackets) return true;
    if ((c == ']' || c == '}') && depth > 0) --depth;
  }
  return false;
}

}  // namespace

json::Object parse_toml(std::string_view text, const std::string& name) {
  if (text.size() > kMaxTomlBytes) throw Error(ErrorCode::limit_exceeded, name + " is too long");
  if (is_too_deep(text)) throw Error(ErrorCode::limit_exceeded, name + " is nested too deeply");
  std::istringstream in{std::string(text)};
  try {
    const json::Value value = convert(toml::parse(in, name), 0);
    return *value.get_if<json::Object>();
  } catch (const std::exception& error) {
    if (const auto* known = dynamic_cast<const Error*>(&error)) throw *known;
    std::string why = error.what();
    why = why.substr(0, std::min<std::size_t>(why.find('\n'), 200));
    throw Error(ErrorCode::malformed, name + " is no TOML: " + base::printable(why));
  }
}

json::Object read_toml(base::ReadFs& fs, const std::string& path) {
  return parse_toml(base::as_text(base::read_file(fs, path, kMaxTomlBytes)), path);
}

const json::Value* find_value(const json::Value& from, const std::vector<std::string>& way) {
  const json::Value* at = &from;
  for (const auto& name : way) {
    const auto* table = at->get_if<json::Object>();
    at = table == nullptr ? nullptr : table->find(name);
    if (at == nullptr) return nullptr;
  }
  return at;
}

json::Object merge_tables(json::Object under, const json::Object& over) {
  for (const auto& [name, value] : over.members()) {
    const auto* old = under.find(name);
    const auto* old_table = old == nullptr ? nullptr : old->get_if<json::Object>();
    const auto* new_table = value.get_if<json::Object>();
    if (old_table != nullptr && new_table != nullptr) {
      under.set(name, merge_tables(*old_table, *new_table));
    } else {
      under.set(name, value);
    }
  }
  return under;
}

}  // namespace gapstow::cluster
