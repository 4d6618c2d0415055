#include "gapstow/json/value.h"

#include <algorithm>
#include <array>

#include "gapstow/base/error.h"
#include "members.h"

namespace gapstow::json {
namespace {

// std::string compares by unsigned char, so this is the order of the bytes.
bool before(const Object::Member& a, const Object::Member& b) { return a.first < b.first; }

auto place_of(const std::vector<Object::Member>& members, std::string_view name) {
  return std::ranges::lower_bound(members, name, std::less<>{},
                                  [](const Object::Member& member) -> std::string_view { return member.first; });
}

}  // namespace

const std::string* sort_members(std::vector<Object::Member>& members) {
  // Canonical documents come sorted; then nothing moves.
  if (!std::ranges::is_sorted(members, before)) std::ranges::sort(members, before);
  const auto twice =
      std::ranges::adjacent_find(members, std::equal_to<>{}, [](const auto& member) -> auto& { return member.first; });
  return twice == members.end() ? nullptr : &twice->first;
}

Object::Object(std::initializer_list<Member> members) {
  members_.reserve(members.size());
  for (const auto& [name, value] : members) set(name, value);
}

const Value* Object::find(std::string_view name) const {
  const auto place = place_of(members_, name);
  return place != members_.end() && place->first == name ? &place->second : nullptr;
}

void Object::set(std::string name, Value value) {
  const auto place = members_.begin() + (place_of(members_, name) - members_.cbegin());
  if (place != members_.end() && place->first == name) {
    place->second = std::move(value);
  } else {
    members_.emplace(place, std::move(name), std::move(value));
  }
}

bool Object::from_members(std::vector<Member> members, Object& out) {
  if (sort_members(members) != nullptr) return false;
  out.members_ = std::move(members);
  return true;
}

std::size_t Object::size() const { return members_.size(); }

bool Object::operator==(const Object& other) const { return members_ == other.members_; }

Value::Value(std::uint64_t value) : data_(static_cast<std::int64_t>(value)) {
  if (value > static_cast<std::uint64_t>(INT64_MAX)) {
    throw base::Error(base::ErrorCode::limit_exceeded, "number " + std::to_string(value) + " is out of range");
  }
}

const char* Value::kind() const {
  constexpr std::array kKinds{"null", "a boolean", "an integer", "a real number", "a string", "an array", "an object"};
  return kKinds[data_.index()];
}

}  // namespace gapstow::json
