// A TUF 1.0 repository that an input writes file by file, in good or bad faith.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "fuzz/signing.h"
#include "gapstow/tuf/updater.h"

namespace gapstow::fuzz {

/// One step of an input.
struct Step {
  unsigned kind = 0;
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
};

/// Numbers of keys. Each role of the root has two that it may go by; a root names two of three root keys or one.
enum KeyNumber : unsigned {
  kRootA,
  kRootB,
  kRootC,
  kTime,
  kTimeNew,
  kSnap,
  kSnapNew,
  kTop,
  kTopNew,
  kBob,
  kBobNew,
  kStranger
};

inline constexpr std::int64_t kNow = 1'800'000'000;
inline constexpr std::int64_t kLater = kNow + 86'400;  ///< when files of short life have expired
inline const std::array<std::string, 4> kTargetNames{"app/1", "app/2", "bob/1", "nothing"};

class World {
 public:
  explicit World(Signers& signers) : signers_(signers) {}

  /// Served and stored by name, as bytes.
  std::map<std::string, base::Bytes> served;

  void root(const Step& step) {
    const unsigned version = 1 + step.a % 6;
    const unsigned choice = step.b;
    const std::set<unsigned> owners{kRootB, (choice & 8U) != 0 ? kRootC : kRootA};
    const unsigned time = (choice & 1U) != 0 ? kTimeNew : kTime;
    const unsigned snap = (choice & 2U) != 0 ? kSnapNew : kSnap;
    const unsigned top = (choice & 4U) != 0 ? kTopNew : kTop;
    json::Object roles{{"root", role(owners, (choice & 16U) != 0 ? 1 : 2)},
                       {"snapshot", role({snap})},
                       {"targets", role({top})},
                       {"timestamp", role({time})}};
    std::set<unsigned> named = owners;
    named.insert({time, snap, top});
    json::Object keys;
    for (const unsigned number : named) keys.set(signers_.key(number).id, signers_.key(number).published);
    json::Object body = common("root", version, (choice & 32U) != 0);
    body.set("consistent_snapshot", (choice & 64U) == 0);
    body.set("keys", keys);
    body.set("roles", roles);
    // Nobody named: all that a good root needs.
    std::set<unsigned> by = chosen(step.c & 15U, {kRootA, kRootB, kRootC, kStranger});
    if (by.empty()) by = {kRootA, kRootB, kRootC};
    const unsigned place = (choice & 128U) != 0 ? version + 1 : version;
    served[std::to_string(place) + ".root.json"] = signers_.file(body, by);
  }

  void timestamp(const Step& step) {
    const unsigned version = 1 + step.a % 8;
    json::Object body = common("timestamp", version, (step.c & 8U) != 0);
    body.set("meta", json::Object{{"snapshot.json", listing("snapshot", 1 + step.b % 8, (step.c & 16U) != 0)}});
    served["timestamp.json"] = signers_.file(body, chosen_or_all(step.c, {kTime, kTimeNew, kStranger}));
  }

  void snapshot(const Step& step) {
    const unsigned version = 1 + step.a % 8;
    json::Object meta{{"targets.json", listing("targets", 1 + step.b % 8, (step.c & 16U) != 0)}};
    if (step.b / 8 % 8 != 0) meta.set("bob.json", listing("bob", step.b / 8 % 8, (step.c & 16U) != 0));
    json::Object body = common("snapshot", version, (step.c & 8U) != 0);
    body.set("meta", meta);
    put("snapshot", version, signers_.file(body, chosen_or_all(step.c, {kSnap, kSnapNew, kStranger})));
  }

  void targets(const Step& step) {
    const unsigned version = 1 + step.a % 8;
    json::Object body = common("targets", version, (step.c & 8U) != 0);
    body.set("targets", json::Object{{"app/1", target(step.b % 4)}});
    const unsigned bob = (step.b & 8U) != 0 ? kBobNew : kBob;
    json::Object terms = role({bob});
    terms.set("name", "bob");
    terms.set("paths", json::Array{(step.b & 16U) != 0 ? "bob/*" : "*/*"});
    terms.set("terminating", (step.b & 32U) != 0);
    body.set("delegations", json::Object{{"keys", json::Object{{signers_.key(bob).id, signers_.key(bob).published}}},
                                         {"roles", json::Array{terms}}});
    put("targets", version, signers_.file(body, chosen_or_all(step.c, {kTop, kTopNew, kStranger})));
  }

  void bob(const Step& step) {
    const unsigned version = 1 + step.a % 8;
    json::Object body = common("targets", version, (step.c & 8U) != 0);
    body.set("targets", json::Object{{"app/2", target(step.b % 4)}, {"bob/1", target(step.b / 4 % 4)}});
    put("bob", version, signers_.file(body, chosen_or_all(step.c, {kBob, kBobNew, kStranger})));
  }

  /// A whole publication in good faith of one version, whoever the keys are.
  void publish(const Step& step) {
    const unsigned v = step.a % 8;
    bob({0, v, step.b, 0});
    targets({0, v, step.b, 0});
    snapshot({0, v, v + 8 * ((v + 1) % 8), step.c & 16U});
    timestamp({0, v, v, step.c & 16U});
  }

  base::Bytes* file(unsigned number) {
    if (served.empty()) return nullptr;
    return &std::next(served.begin(), static_cast<std::ptrdiff_t>(number % served.size()))->second;
  }

 private:
  static json::Object common(const char* type, unsigned version, bool is_short) {
    return {{"_type", type},
            {"expires", is_short ? base::format_time({kNow + 3600, 0}) : "2099-01-01T00:00:00Z"},
            {"spec_version", "1.0.34"},
            {"version", version}};
  }

  static json::Value target(unsigned content) {
    const std::string text(content, 'x');
    return json::Object{{"hashes", json::Object{{"sha256", digest::sha256(base::as_bytes(text)).hex()}}},
                        {"length", content}};
  }

  json::Object role(const std::set<unsigned>& numbers, unsigned threshold = 1) {
    json::Array ids;
    for (const unsigned number : numbers) ids.emplace_back(signers_.key(number).id);
    return {{"keyids", ids}, {"threshold", threshold}};
  }

  static std::set<unsigned> chosen(unsigned bits, const std::vector<unsigned>& from) {
    std::set<unsigned> numbers;
    for (std::size_t i = 0; i < from.size(); ++i) {
      if ((bits >> i & 1U) != 0) numbers.insert(from[i]);
    }
    return numbers;
  }

  static std::set<unsigned> chosen_or_all(unsigned bits, const std::vector<unsigned>& from) {
    auto numbers = chosen(bits & 7U, from);
    return numbers.empty() ? std::set<unsigned>(from.begin(), from.end()) : numbers;
  }

  /// What snapshot or timestamp say of a file that is served, with length and hash where they are asked for.
  json::Value listing(const std::string& role, unsigned version, bool with_hash) {
    json::Object meta{{"version", version}};
    const auto found = served.find(std::to_string(version) + "." + role + ".json");
    if (with_hash && found != served.end()) {
      meta.set("length", static_cast<std::uint64_t>(found->second.size()));
      meta.set("hashes", json::Object{{"sha256", digest::sha256(found->second).hex()}});
    }
    return meta;
  }

  /// Under both names, so that it is found with consistent snapshots and without.
  void put(const std::string& role, unsigned version, base::Bytes raw) {
    served[role + ".json"] = raw;
    served[std::to_string(version) + "." + role + ".json"] = std::move(raw);
  }

  Signers& signers_;
};

}  // namespace gapstow::fuzz
