#include "fields.h"

#include <algorithm>

#include "gapstow/base/error.h"
#include "gapstow/tuf/proven.h"
#include "words.h"

namespace gapstow::tuf {
namespace {

using base::Error;
using base::ErrorCode;
using json::Cursor;

constexpr std::int64_t kMaxInteger = 1LL << 53;
constexpr std::size_t kMaxTimeText = 64;

}  // namespace

void invalid(const Cursor& at, const std::string& why) { throw Error(ErrorCode::role_invalid, at.path() + ": " + why); }

std::vector<Cursor> bounded_array(const Cursor& at, std::size_t limit) {
  if (const auto* array = at.value().get_if<json::Array>()) base::check_limit(array->size(), limit, at.path());
  return at.array();
}

const json::Object& object_of(const Cursor& at, std::size_t limit) {
  const auto* object = at.value().get_if<json::Object>();
  if (object == nullptr) at.refuse(std::string("an object is expected, not ") + at.value().kind());
  base::check_limit(object->size(), limit, at.path());
  return *object;
}

std::uint64_t positive(const Cursor& at) {
  const auto value = at.integer(-kMaxInteger, kMaxInteger);
  if (value < 1) invalid(at, std::to_string(value) + " is not positive");
  return static_cast<std::uint64_t>(value);
}

RoleKeys read_role_keys(const Cursor& role) {
  role.no_case_variants({"keyids", "threshold"});
  RoleKeys keys;
  for (const auto& id : bounded_array(role.at("keyids"), kMaxKeys)) keys.key_ids.push_back(id.string(kMaxKeyIdBytes));
  const auto threshold = role.at("threshold");
  const auto wanted = positive(threshold);
  if (wanted > kMaxKeys) invalid(threshold, std::to_string(wanted) + " is more than there can be keys");
  keys.threshold = static_cast<unsigned>(wanted);
  return keys;
}

void read_common(const Cursor& body, std::string_view type, Common& common) {
  const auto claimed = body.at("_type");
  if (claimed.string(kMaxWord) != type) {
    invalid(claimed, quoted(claimed.string()) + " where " + quoted(type) + " is expected");
  }
  common.version = positive(body.at("version"));
  const auto expires = body.at("expires");
  common.expires = base::with_context(expires.path(), [&] { return base::parse_time(expires.string(kMaxTimeText)); });
}

std::vector<std::string> unsigned_members(const Cursor& envelope) {
  std::vector<std::string> names;
  const auto add_others = [&](const Cursor& object, std::initializer_list<std::string_view> known) {
    for (const auto& [name, value] : object.members()) {
      if (names.size() == kMaxUnsignedMembers) return;
      if (std::ranges::find(known, name) == known.end()) names.push_back(value.path());
    }
  };
  add_others(envelope, {"signed", "signatures"});
  for (const auto& signature : envelope.at("signatures").array()) add_others(signature, {"keyid", "method", "sig"});
  return names;
}

}  // namespace gapstow::tuf
