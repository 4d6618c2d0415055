// JSON values: what a strict parse gives and what the writers take. Source: RFC 8259.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace gapstow::json {

class Value;
/// Beware of Array{x} with x an Array itself: gcc makes an array of one, clang a copy. Write Array{Value(x)}.
using Array = std::vector<Value>;

/// Members sorted by the bytes of their names; a name occurs once.
class Object {
 public:
  using Member = std::pair<std::string, Value>;
  Object() = default;
  Object(std::initializer_list<Member> members);

  /// The member's value, or nullptr.
  const Value* find(std::string_view name) const;
  /// Adds or replaces.
  void set(std::string name, Value value);
  /// For parsers: takes members in any order; false when a name occurs twice.
  static bool from_members(std::vector<Member> members, Object& out);

  const std::vector<Member>& members() const { return members_; }
  std::size_t size() const;
  bool empty() const { return size() == 0; }
  bool operator==(const Object&) const;

 private:
  std::vector<Member> members_;
};

class Value {
 public:
  using Null = std::monostate;

  Value() = default;
  Value(bool value) : data_(value) {}
  Value(std::int64_t value) : data_(value) {}
  Value(std::uint64_t value);  ///< Error{limit_exceeded} above 2^63-1
  Value(int value) : data_(std::int64_t{value}) {}
  Value(unsigned value) : data_(std::int64_t{value}) {}
  Value(double value) : data_(value) {}
  Value(std::string value) : data_(std::move(value)) {}
  Value(std::string_view value) : data_(std::string(value)) {}
  Value(const char* value) : data_(std::string(value)) {}
  Value(Array value) : data_(std::move(value)) {}
  Value(Object value) : data_(std::move(value)) {}

  bool is_null() const { return std::holds_alternative<Null>(data_); }
  /// The held value of that type, or nullptr: bool, std::int64_t, double, std::string, Array, Object.
  template <typename T>
  const T* get_if() const {
    return std::get_if<T>(&data_);
  }
  template <typename T>
  T* get_if() {
    return std::get_if<T>(&data_);
  }
  /// "a string", "an object", …: for messages.
  const char* kind() const;
  bool operator==(const Value&) const = default;

 private:
  std::variant<Null, bool, std::int64_t, double, std::string, Array, Object> data_;
};

}  // namespace gapstow::json
