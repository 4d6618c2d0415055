// Group 11: delegations. Groups 14 to 16: what is answered and reported.
#include "gapstow/base/encoding.h"
#include "gapstow/json/write.h"
#include "gapstow/tuf/dialect.h"
#include "vectors/tuf_edits.h"

namespace gapstow::test {
namespace {

using json::Array;
using json::Object;
using json::Value;

const std::vector<std::string> kDelegated{"delegated"};
const std::vector<std::string> kDelegator{"targets"};
constexpr Expect tuf(const char* code) { return {nullptr, code}; }

PublishedKey delegate_key(VectorDraft& draft) { return draft.forge().roles.at(draft.forge().delegated()).keys.front(); }

TufRepository& repository(VectorDraft& draft) { return dynamic_cast<TufRepository&>(draft.forge().repository()); }

/// A role of the TUF dialect with one target of its name.
void grow(VectorDraft& draft, const std::string& from, const std::string& to, const std::string& pattern,
          bool terminating = false) {
  auto& made = repository(draft);
  const TestRole by{{delegate_key(draft)}, 1};
  if (!made.targets.contains(to)) made.add_targets(to, 1, by.keys);
  made.delegate(from, to, by, {pattern}, terminating);
}
/// A role that is asked later has the same target, for what falls through to find.
void bait(VectorDraft& draft) {
  if (!draft.is_notary()) grow(draft, "targets", "alice", "app/*");
  draft.forge().put(draft.is_notary() ? "targets" : "alice", "app/1.0", "by the owner");
}
Spoil baited(Spoil spoil) { return in_order({bait, std::move(spoil)}); }

Spoil wanted(std::string target, std::string role) {
  return [=](VectorDraft& draft) {
    draft.vector.target = target;
    draft.vector.report.role = role;
  };
}

void cycle(VectorDraft& draft) {
  grow(draft, "targets", "A", "*");
  grow(draft, "A", "B", "*");
  grow(draft, "B", "A", "*");
  draft.forge().put("B", "deep", "one");
  wanted("deep", "B")(draft);
}
void cycle_without_target(VectorDraft& draft) {
  cycle(draft);
  draft.vector.target = "nowhere";
}

/// Two roles delegate to a third, one of them to another key.
void diamond(VectorDraft& draft, bool by_both) {
  grow(draft, "targets", "A", "*");
  grow(draft, "targets", "B", "*");
  grow(draft, "A", "C", "*");
  const auto other = draft.forge().publish(ed25519_key(0x61));
  repository(draft).delegate("B", "C", {{other}, 1}, {"*"});
  draft.forge().put("C", "deep", "one");
  if (by_both) draft.forge().draft("C").signers.push_back(other);
  wanted("deep", "C")(draft);
}

/// A chain of delegations of this depth.
Spoil depth(unsigned levels) {
  return [=](VectorDraft& draft) {
    auto& forge = draft.forge();
    const auto key = delegate_key(draft);
    std::string from = "targets";
    for (unsigned i = 0; i < levels; ++i) {
      const std::string to = forge.is_notary() ? from + "/a" : "a" + std::to_string(i);
      forge.delegate(from, to, {{key}, 1}, {forge.is_notary() ? "app/" : "app/*"});
      forge.add_targets(to, 1, {key});
      from = to;
    }
  };
}

/// So many delegations to roles that are not published.
void fan_out(VectorDraft& draft) {
  const std::string id = delegate_key(draft).id;
  const bool is_notary = draft.is_notary();
  Array roles;
  for (std::size_t i = 0; i <= tuf::kMaxDelegations; ++i) {
    Object role{{"keyids", Value(Array{Value(id)})},
                {"name", Value((is_notary ? "targets/r" : "r") + std::to_string(i))},
                {"threshold", Value(1)}};
    if (!is_notary) role.set("terminating", false);
    if (!is_notary) role.set("paths", Value(Array{}));
    roles.emplace_back(role);
  }
  set(draft.draft().body, {"delegations", "roles"}, Value(roles));
  std::string one = json::serialize(roles.front()) + ",";
  one.replace(one.find("r0\""), 2, "r{n}");
  draft.vector.repeated = {{one, tuf::kMaxDelegations}};
}

void many_paths(VectorDraft& draft) {
  Array paths;
  for (std::size_t i = 0; i <= tuf::kMaxPaths; ++i) paths.emplace_back("a");
  set(draft.draft().body, {"delegations", "roles", "0", "paths"}, Value(paths));
  draft.vector.repeated = {{"\"a\",", tuf::kMaxPaths}};
}

/// A terminating delegation that matches and does not name the target stands before one that does.
Spoil terminating(bool ends) {
  return [=](VectorDraft& draft) {
    grow(draft, "targets", "A", "lib/*", ends);
    grow(draft, "targets", "B", "lib/*");
    draft.forge().put("B", "lib/x", "one");
    wanted("lib/x", "B")(draft);
  };
}

/// B may name what it names by its own delegation, though not by that of A.
void not_on_the_route(VectorDraft& draft) {
  grow(draft, "targets", "A", "lib/*");
  grow(draft, "A", "B", "*");
  draft.forge().put("B", "other", "one");
  wanted("other", "B")(draft);
}
void notary_not_on_the_route(VectorDraft& draft) {
  draft.forge().put(draft.forge().delegated(), "other", "one");
  wanted("other", "")(draft);
}
/// Notary answers from "targets/releases" and "targets" alone.
void in_another_role(VectorDraft& draft) {
  auto& forge = draft.forge();
  const std::string role = forge.delegation("alice");
  forge.delegate("targets", role, {{delegate_key(draft)}, 1}, {""});
  forge.add_targets(role, 1, {delegate_key(draft)});
  forge.put(role, "draft", "not released");
  wanted("draft", "")(draft);
}

void without_paths(VectorDraft& draft) {
  draft.forge().draft("targets").edit_body.push_back(
      [](Object& body) { erase(body, {"delegations", "roles", "0", "paths"}); });
}

void twice_delegated(VectorDraft& draft) {
  draft.draft().edit_body.push_back([](Object& body) {
    edit(body, {"delegations", "roles"},
         [](Value& roles) { roles.get_if<Array>()->push_back(Value(roles.get_if<Array>()->front())); });
  });
}

Spoil delegates(std::function<std::string(VectorDraft&)> to) {
  return [=](VectorDraft& draft) {
    const std::string name = to(draft);
    draft.forge().delegate(draft.role, name, {{delegate_key(draft)}, 1}, {"app/"});
  };
}

void leave_out(VectorDraft& draft) {
  draft.after.push_back([role = draft.role](tuf::ChainFiles& files) { files.targets.erase(role); });
}
void unpublished(VectorDraft& draft) { draft.forge().repository().targets.erase(draft.role); }
void unpublished_notary(VectorDraft& draft) {
  unpublished(draft);
  draft.vector.report.role = "targets";
}

/// Bins with one bit: the target's own holds it, or lacks its file.
Spoil bins(bool published) {
  return [=](VectorDraft& draft) {
    auto& made = repository(draft);
    const auto key = delegate_key(draft);
    made.targets.erase(draft.forge().delegated());
    made.delegate_bins("targets", "bin", 4, {{key}, 1});
    const std::string role = "bin-" + digest::sha256(base::as_bytes("app/1.0")).hex().substr(0, 1);
    if (published) {
      made.add_targets(role, 1, {key});
      made.put(role, "app/1.0", "one");
    }
    wanted("app/1.0", role)(draft);
  };
}

Spoil unsigned_member(std::function<void(Object&)> change, std::string name) {
  return [=](VectorDraft& draft) {
    edit_envelope(change)(draft);
    draft.vector.report.unsigned_members[draft.role] = {name};
  };
}

/// What the delegated role and another say of one target.
Spoil also_says(std::string content) {
  return [=](VectorDraft& draft) {
    auto& forge = draft.forge();
    const std::string other = forge.is_notary() ? "targets" : "alice";
    if (!forge.is_notary()) grow(draft, "targets", other, "app/*");
    forge.put(other, "app/1.0", content);
    if (content != "one") draft.vector.report.differing_roles = {other};
  };
}
/// The same SHA-256 and another length.
void also_says_other_length(VectorDraft& draft) {
  also_says("one")(draft);
  const std::string other = draft.is_notary() ? "targets" : "alice";
  set(draft.forge().draft(other).body, {"targets", "app/1.0", "length"}, 4);
  draft.vector.report.differing_roles = {other};
}

/// The content of an image index, as registries serve it, with one manifest in it.
std::string index_text() {
  const std::string manifest = R"({"schemaVersion":2})";
  const Object entry{{"digest", Value(digest::sha256(base::as_bytes(manifest)).text())},
                     {"mediaType", Value("application/vnd.oci.image.manifest.v1+json")},
                     {"platform", Value(Object{{"architecture", Value("amd64")}, {"os", Value("linux")}})},
                     {"size", Value(std::uint64_t{manifest.size()})}};
  return json::serialize(Value(Object{{"manifests", Value(Array{Value(entry)})},
                                      {"mediaType", Value("application/vnd.oci.image.index.v1+json")},
                                      {"schemaVersion", Value(2)}}));
}
void index_signed(VectorDraft& draft) {
  const std::string text = index_text();
  draft.forge().put(draft.role, "app/1.0", text);
  draft.vector.report.sha256 = digest::sha256(base::as_bytes(text)).hex();
  draft.vector.report.length = text.size();
}

}  // namespace

Faults graph_faults() {
  const auto stranger = [](VectorDraft& draft) { draft.draft().signers = {draft.forge().publish(ed25519_key(0x2F))}; };
  const auto lapse = in_order(
      {put({"expires"}, "2026-11-22T23:59:59Z"), [](VectorDraft& draft) { draft.vector.lapsed = {draft.role}; }});
  return {
      {11, "cycle", "two roles delegate to each other, and the target is found", cycle, tuf("ok"), kDelegator},
      {11, "cycle-endless", "two roles delegate to each other, and neither names the target", cycle_without_target,
       tuf("target_missing"), kDelegator},
      {11, "diamond", "two roles delegate to a third, which the keys of both have signed",
       [](VectorDraft& draft) { diamond(draft, true); }, tuf("ok"), kDelegator},
      {11, "diamond-one-key",
       "two roles delegate to a third, which the keys of only one have signed (python-tuf #2977)",
       [](VectorDraft& draft) { diamond(draft, false); }, tuf("threshold_unmet"), kDelegator},
      {11, "deepest", "delegations go 32 levels deep, the limit", depth(tuf::kMaxDelegationDepth), both("ok"),
       kDelegator},
      {11, "too-deep", "delegations go 33 levels deep", depth(tuf::kMaxDelegationDepth + 1), both("limit_exceeded"),
       kDelegator},
      {11, "fan-out", "a role has 4097 delegations", fan_out, both("limit_exceeded"), kDelegator},
      {11, "many-paths", "a delegation has 4097 paths", many_paths, both("limit_exceeded"), kDelegator},
      {11, "terminating",
       "a terminating delegation ends the search before the role that names the target (CVE-2025-2886)",
       terminating(true), tuf("target_missing"), kDelegator},
      {11, "not-terminating", "the search goes on behind a delegation that is not terminating", terminating(false),
       tuf("ok"), kDelegator},
      {11, "not-on-the-route", "the target is delegated to the role, though not on the whole way there",
       by_dialect(notary_not_on_the_route, not_on_the_route), both("target_missing"), kDelegator},
      {11,
       "in-another-role",
       "only a role that may not answer names the target",
       in_another_role,
       {"target_missing", nullptr},
       kDelegator},
      {11, "no-paths", "the delegation has no paths", without_paths, {"target_missing", "role_invalid"}, kDelegator},
      {11, "delegated-twice", "two delegations name one role", twice_delegated, both("role_invalid"), kDelegator},
      {11,
       "grandchild",
       "a role delegates past its own children",
       delegates([](VectorDraft& draft) { return draft.role + "/a/b"; }),
       {"role_invalid", nullptr},
       kDelegator},
      {11,
       "sibling",
       "a role delegates to one that is not its child",
       delegates([](VectorDraft&) { return "targets/alice"; }),
       {"role_invalid", nullptr},
       kDelegated},
      {11,
       "to-itself",
       "a role delegates to itself",
       delegates([](VectorDraft& draft) { return draft.role; }),
       {"role_invalid", nullptr},
       kDelegated},
      {11, "bad-signature-no-fall-through",
       "the role is signed by a stranger, and one that is asked later has the target", baited(stranger),
       both("threshold_unmet"), kDelegated},
      {11, "expired-no-fall-through", "the role has expired, and one that is asked later has the target", baited(lapse),
       both("expired"), kDelegated},
      {11, "absent-no-fall-through", "the role's file is missing, and one that is asked later has the target",
       baited(leave_out), both("chain_incomplete"), kDelegated},
      {11,
       "unpublished",
       "the role is delegated to and was never published",
       baited(unpublished_notary),
       {"ok", nullptr},
       kDelegated},
      {11, "unlisted", "the snapshot does not list the role that would have to be asked (go-tuf #652)", unpublished,
       tuf("chain_incomplete"), kDelegated},
      {11, "bins", "the target is in its bin", bins(true), tuf("ok"), kDelegator},
      {11, "bin-missing", "the target's bin is not there", bins(false), tuf("chain_incomplete"), kDelegator},
  };
}

Faults answer_faults() {
  return {
      {14, "unsigned-member", "the envelope has a member that no signature covers (Cure53 TUF-01-001)",
       unsigned_member([](Object& envelope) { envelope.set("extra", Value(Object{{"expires", Value("never")}})); },
                       "extra"),
       both("ok")},
      {14,
       "unsigned-member-in-signature",
       "a signature has a member that no signature covers",
       unsigned_member([](Object& envelope) { set(envelope, {"signatures", "0", "note"}, "none"); },
                       "signatures[0].note"),
       both("ok"),
       {"timestamp", "targets"}},
      {15, "same-content-elsewhere", "another role names the target with the same content", also_says("one"),
       both("ok"), kDelegated},
      {15, "other-content-elsewhere", "another role names the target with other content", also_says("two"), both("ok"),
       kDelegated},
      {15, "other-length-elsewhere", "another role names the target with another length", also_says_other_length,
       both("ok"), kDelegated},
      {16, "index-signed", "the target is an image index: the manifest of one platform is not the target", index_signed,
       both("ok"), kDelegated},
  };
}

}  // namespace gapstow::test
