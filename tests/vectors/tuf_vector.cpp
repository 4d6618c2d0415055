#include "vectors/tuf_vector.h"

#include <algorithm>
#include <stdexcept>

#include "gapstow/base/encoding.h"
#include "gapstow/base/text.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "gapstow/json/write.h"

namespace gapstow::test {
namespace {

using json::Array;
using json::Cursor;
using json::Object;
using json::Value;

constexpr std::size_t kMostBytes = std::size_t{128} << 20;

/// A text, or its bytes where it is no UTF-8 or holds what editors spoil.
Value piece(std::string_view text) {
  const bool is_plain = base::is_utf8(text) && text.find('\0') == std::string_view::npos;
  return is_plain ? Value(text) : Value(Object{{"base64", Value(base::base64(base::as_bytes(text)))}});
}

Value content(base::ByteView bytes, const std::vector<Repeated>& repeated) {
  const std::string_view text = base::as_text(bytes);
  for (const auto& one : repeated) {
    const std::string expanded = one.expanded();
    const std::size_t at = text.find(expanded);
    if (at == std::string_view::npos) continue;
    return Value(Array{piece(text.substr(0, at)), Value(Object{{"text", Value(one.text)}, {"times", Value(one.times)}}),
                       piece(text.substr(at + expanded.size()))});
  }
  return piece(text);
}

std::string read_content(const Cursor& at) {
  std::string all;
  if (const auto* text = at.value().get_if<std::string>()) return *text;
  if (at.value().get_if<Array>() != nullptr) {
    for (const auto& item : at.array()) all += read_content(item);
    return all;
  }
  at.only({"base64", "text", "times"});
  if (const auto encoded = at.maybe("base64")) {
    return std::string(base::as_text(base::from_base64(encoded->string(kMostBytes))));
  }
  return Repeated{at.at("text").string(), at.at("times").unsigned_integer(kMostBytes)}.expanded();
}

base::Bytes read_bytes(const Cursor& at) { return base::to_bytes(read_content(at)); }

Value write_files(const tuf::ChainFiles& files, const std::vector<Repeated>& repeated) {
  Object roots;
  Object targets;
  for (const auto& [version, raw] : files.roots) roots.set(std::to_string(version), content(raw, repeated));
  for (const auto& [role, raw] : files.targets) targets.set(role, content(raw, repeated));
  Object all{{"roots", Value(roots)}, {"targets", Value(targets)}};
  if (!files.timestamp.empty()) all.set("timestamp", content(files.timestamp, repeated));
  if (!files.snapshot.empty()) all.set("snapshot", content(files.snapshot, repeated));
  return Value(all);
}

tuf::ChainFiles read_files(const Cursor& at) {
  at.only({"roots", "timestamp", "snapshot", "targets"});
  tuf::ChainFiles files;
  for (const auto& [version, raw] : at.at("roots").members()) files.roots[std::stoull(version)] = read_bytes(raw);
  for (const auto& [role, raw] : at.at("targets").members()) files.targets[role] = read_bytes(raw);
  if (const auto raw = at.maybe("timestamp")) files.timestamp = read_bytes(*raw);
  if (const auto raw = at.maybe("snapshot")) files.snapshot = read_bytes(*raw);
  return files;
}

Value texts(const std::vector<std::string>& items) {
  Array array;
  for (const auto& item : items) array.emplace_back(item);
  return Value(array);
}

Value write_lists(const std::map<std::string, std::vector<std::string>>& lists) {
  Object object;
  for (const auto& [role, items] : lists) object.set(role, texts(items));
  return Value(object);
}

std::map<std::string, std::vector<std::string>> read_lists(const Cursor& at) {
  std::map<std::string, std::vector<std::string>> lists;
  for (const auto& [role, items] : at.members()) lists[role] = items.strings();
  return lists;
}

Value write_report(const VectorReport& report, bool has_target) {
  Object object;
  if (has_target) {
    object.set("target", Value(Object{{"differingRoles", texts(report.differing_roles)},
                                      {"length", Value(report.length)},
                                      {"role", Value(report.role)},
                                      {"sha256", Value(report.sha256)}}));
  }
  if (!report.signed_by.empty()) object.set("signedBy", write_lists(report.signed_by));
  if (!report.unsigned_members.empty()) object.set("unsignedMembers", write_lists(report.unsigned_members));
  return Value(object);
}

VectorReport read_report(const Cursor& at) {
  at.only({"target", "signedBy", "unsignedMembers"});
  VectorReport report;
  if (const auto target = at.maybe("target")) {
    target->only({"differingRoles", "length", "role", "sha256"});
    report.differing_roles = target->at("differingRoles").strings();
    report.length = target->at("length").unsigned_integer();
    report.role = target->at("role").string();
    report.sha256 = target->at("sha256").string();
  }
  if (const auto lists = at.maybe("signedBy")) report.signed_by = read_lists(*lists);
  if (const auto lists = at.maybe("unsignedMembers")) report.unsigned_members = read_lists(*lists);
  return report;
}

Value write_pins(const std::vector<VectorPin>& pins) {
  Array array;
  for (const auto& pin : pins) {
    array.emplace_back(Object{{pin.kind, pin.kind == "firstUse" ? Value(true) : Value(pin.value)}});
  }
  return Value(array);
}

std::vector<VectorPin> read_pins(const Cursor& at) {
  std::vector<VectorPin> pins;
  for (const auto& item : at.array()) {
    item.only({"keyId", "spki", "ca", "root", "firstUse"});
    const auto members = item.members(1);
    const auto& [kind, value] = members.at(0);
    if (kind == "firstUse" && !value.boolean()) value.refuse("true is expected");
    pins.push_back({kind, kind == "firstUse" ? "" : value.string()});
  }
  return pins;
}

Value write_seen(const tuf::SeenRoles& seen) {
  Object object;
  for (const auto& [role, one] : seen) {
    object.set(role, Value(Object{{"sha256", Value(one.sha256.hex())}, {"version", Value(one.version)}}));
  }
  return Value(object);
}

tuf::SeenRoles read_seen(const Cursor& at) {
  tuf::SeenRoles seen;
  for (const auto& [role, one] : at.members()) {
    one.only({"sha256", "version"});
    seen[role] = {one.at("version").unsigned_integer(), digest::Digest::from_sha256_hex(one.at("sha256").string())};
  }
  return seen;
}

}  // namespace

std::string Repeated::expanded() const {
  constexpr std::string_view kNumber = "{n}";
  const std::size_t at = text.find(kNumber);
  if (at == std::string::npos && text.size() == 1) return std::string(times, text.front());
  std::string all;
  for (std::uint64_t i = 0; i < times; ++i) {
    if (at == std::string::npos) {
      all += text;
    } else {
      all += text.substr(0, at) + std::to_string(i) + text.substr(at + kNumber.size());
    }
  }
  return all;
}

std::string write_tuf_vector(const TufVector& vector) {
  Object object{{"at", Value(vector.at)},          {"dialect", Value(vector.dialect)},
                {"expect", Value(vector.expect)},  {"files", write_files(vector.files, vector.repeated)},
                {"group", Value(vector.group)},    {"gun", Value(vector.gun)},
                {"pins", write_pins(vector.pins)}, {"title", Value(vector.title)}};
  if (!vector.role.empty()) object.set("role", Value(vector.role));
  if (!vector.seen.empty()) object.set("seen", write_seen(vector.seen));
  if (vector.target) object.set("target", Value(*vector.target));
  if (!vector.lapsed.empty()) object.set("lapsed", texts(vector.lapsed));
  if (vector.expect == "ok") object.set("report", write_report(vector.report, vector.target.has_value()));
  if (!vector.earlier.empty()) {
    Array earlier;
    for (const auto& [files, code] : vector.earlier) {
      earlier.emplace_back(Object{{"expect", Value(code)}, {"files", write_files(files, vector.repeated)}});
    }
    object.set("earlier", Value(earlier));
  }
  return json::pretty(Value(object));
}

TufVector parse_tuf_vector(const std::string& name, const std::string& text) {
  const Value document = json::parse(base::as_bytes(text));
  const Cursor at(document);
  at.only({"at", "dialect", "earlier", "expect", "files", "group", "gun", "lapsed", "pins", "report", "role", "seen",
           "target", "title"});
  TufVector vector;
  vector.name = name;
  vector.title = at.at("title").string();
  vector.group = static_cast<unsigned>(at.at("group").unsigned_integer(16));
  vector.dialect = at.at("dialect").string();
  vector.gun = at.at("gun").string();
  vector.at = at.at("at").string();
  vector.pins = read_pins(at.at("pins"));
  vector.files = read_files(at.at("files"));
  vector.expect = at.at("expect").string();
  if (const auto role = at.maybe("role")) vector.role = role->string();
  if (const auto seen = at.maybe("seen")) vector.seen = read_seen(*seen);
  if (const auto target = at.maybe("target")) vector.target = target->string();
  if (const auto lapsed = at.maybe("lapsed")) vector.lapsed = lapsed->strings();
  if (vector.expect == "ok") vector.report = read_report(at.at("report"));
  if (const auto earlier = at.maybe("earlier")) {
    for (const auto& one : earlier->array()) {
      one.only({"expect", "files"});
      vector.earlier.emplace_back(read_files(one.at("files")), one.at("expect").string());
    }
  }
  return vector;
}

}  // namespace gapstow::test
