#include "gapstow/json/cursor.h"

#include <algorithm>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"

namespace gapstow::json {
namespace {

bool is_plain_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

/// A name out of a file, fit for a message: any length, any character.
std::string shown(std::string_view name) {
  constexpr std::size_t kMost = 100;
  return "\"" + base::printable(name.substr(0, kMost)) + (name.size() > kMost ? "…\"" : "\"");
}

/// "signed.roles", and "meta[\"targets/releases.json\"]" where a dot would mislead.
std::string member_path(const std::string& path, std::string_view name) {
  if (!is_plain_name(name) || name.size() > 100) return path + "[" + shown(name) + "]";
  return path.empty() ? std::string(name) : path + "." + std::string(name);
}

bool equal_but_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool contains(std::initializer_list<std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

Cursor::Cursor(const Value& value, std::string path) : value_(&value), path_(std::move(path)) {}

void Cursor::refuse(const std::string& why) const {
  throw base::Error(base::ErrorCode::malformed, (path_.empty() ? std::string("document") : path_) + ": " + why);
}

bool Cursor::boolean() const {
  if (const auto* found = value_->get_if<bool>()) return *found;
  refuse(std::string("a boolean is expected, not ") + value_->kind());
}

std::int64_t Cursor::integer(std::int64_t low, std::int64_t high) const {
  const auto* found = value_->get_if<std::int64_t>();
  if (found == nullptr) refuse(std::string("an integer is expected, not ") + value_->kind());
  if (*found < low || *found > high) {
    refuse(std::to_string(*found) + " is not within " + std::to_string(low) + " to " + std::to_string(high));
  }
  return *found;
}

std::uint64_t Cursor::unsigned_integer(std::uint64_t high) const {
  const std::uint64_t most = std::min(high, static_cast<std::uint64_t>(INT64_MAX));
  return static_cast<std::uint64_t>(integer(0, static_cast<std::int64_t>(most)));
}

const std::string& Cursor::string(std::size_t max_length) const {
  const auto* found = value_->get_if<std::string>();
  if (found == nullptr) refuse(std::string("a string is expected, not ") + value_->kind());
  if (found->size() > max_length) {
    refuse("a string of " + std::to_string(found->size()) + " bytes exceeds " + std::to_string(max_length));
  }
  return *found;
}

std::vector<Cursor> Cursor::array(std::size_t max_count) const {
  const auto* found = value_->get_if<Array>();
  if (found == nullptr) refuse(std::string("an array is expected, not ") + value_->kind());
  if (found->size() > max_count) {
    refuse(std::to_string(found->size()) + " items exceed " + std::to_string(max_count));
  }
  std::vector<Cursor> items;
  items.reserve(found->size());
  for (std::size_t i = 0; i < found->size(); ++i) {
    items.emplace_back((*found)[i], path_ + "[" + std::to_string(i) + "]");
  }
  return items;
}

std::vector<std::string> Cursor::strings(std::size_t max_count) const {
  const auto items = array(max_count);
  std::vector<std::string> texts;
  texts.reserve(items.size());
  for (const auto& item : items) texts.push_back(item.string());
  return texts;
}

std::vector<std::pair<std::string, Cursor>> Cursor::members(std::size_t max_count) const {
  const Object& found = object();
  if (found.size() > max_count) {
    refuse(std::to_string(found.size()) + " members exceed " + std::to_string(max_count));
  }
  std::vector<std::pair<std::string, Cursor>> members;
  members.reserve(found.size());
  for (const auto& [name, value] : found.members()) {
    members.emplace_back(name, Cursor(value, member_path(path_, name)));
  }
  return members;
}

Cursor Cursor::at(std::string_view name) const {
  if (auto found = maybe(name)) return *std::move(found);
  refuse("member " + shown(name) + " is missing");
}

std::optional<Cursor> Cursor::maybe(std::string_view name) const {
  const Value* found = object().find(name);
  if (found == nullptr) return std::nullopt;
  return Cursor(*found, member_path(path_, name));
}

void Cursor::only(std::initializer_list<std::string_view> names) const {
  for (const auto& [name, value] : object().members()) {
    if (!contains(names, name)) refuse("member " + shown(name) + " is not known here");
  }
}

void Cursor::no_case_variants(std::initializer_list<std::string_view> names) const {
  for (const auto& [name, value] : object().members()) {
    for (const std::string_view known : names) {
      if (name != known && equal_but_case(name, known)) {
        refuse("member " + shown(name) + " differs from " + shown(known) + " only in case");
      }
    }
  }
}

const Object& Cursor::object() const {
  if (const auto* found = value_->get_if<Object>()) return *found;
  refuse(std::string("an object is expected, not ") + value_->kind());
}

}  // namespace gapstow::json
