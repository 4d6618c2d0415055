// Cursor: typed reading of a parsed value; every refusal names the place: "signed.roles.root.threshold".
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gapstow/json/value.h"

namespace gapstow::json {

/// A value and the way to it. Cheap to copy; the value must outlive it. All readers throw Error{malformed}.
class Cursor {
 public:
  explicit Cursor(const Value& value, std::string path = {});

  const Value& value() const { return *value_; }
  const std::string& path() const { return path_; }

  bool boolean() const;
  /// An integer in [low, high]; out of range is Error{malformed}.
  std::int64_t integer(std::int64_t low, std::int64_t high) const;
  std::uint64_t unsigned_integer(std::uint64_t high = (1ULL << 53)) const;
  const std::string& string(std::size_t max_length = 1 << 20) const;
  std::vector<Cursor> array(std::size_t max_count = 1 << 20) const;
  std::vector<std::string> strings(std::size_t max_count = 1 << 20) const;
  /// Name and value of each member, sorted by name.
  std::vector<std::pair<std::string, Cursor>> members(std::size_t max_count = 1 << 20) const;

  /// A member that must be there.
  Cursor at(std::string_view name) const;
  /// A member that may be absent. A null is a value, not an absence.
  std::optional<Cursor> maybe(std::string_view name) const;
  /// Refuses members other than these; they need not be there.
  void only(std::initializer_list<std::string_view> names) const;
  /// Refuses an object in which a member's name differs from one of these only in ASCII case.
  void no_case_variants(std::initializer_list<std::string_view> names) const;

  /// Throws Error{malformed} "<path>: <why>".
  [[noreturn]] void refuse(const std::string& why) const;

 private:
  const Object& object() const;
  const Value* value_;
  std::string path_;
};

}  // namespace gapstow::json
