// Group 4: types and versions. Group 5: against what was seen. Group 13: what a refused chain leaves behind.
#include "gapstow/base/encoding.h"
#include "vectors/tuf_edits.h"

namespace gapstow::test {
namespace {

using json::Object;
using json::Value;

const std::vector<std::string> kVersioned{"timestamp", "snapshot", "targets", "delegated"};
const std::vector<std::string> kPromised{"snapshot", "targets", "delegated"};
const std::vector<std::string> kRoot{"root"};
constexpr unsigned char kNewRoot = 0x31;
constexpr unsigned char kThirdRoot = 0x32;

std::uint64_t version_of(VectorDraft& draft, const std::string& role) {
  return static_cast<std::uint64_t>(*draft.forge().draft(role).body.find("version")->get_if<std::int64_t>());
}

/// In the draft itself, so that the TUF dialect promises the same version.
Spoil version(std::uint64_t number) {
  return [=](VectorDraft& draft) { draft.draft().body.set("version", Value(number)); };
}

/// `_type` of a role that this one is not.
void other_type(VectorDraft& draft) {
  std::string type = draft.role == "snapshot" ? "timestamp" : "snapshot";
  if (draft.is_notary()) type.front() = static_cast<char>(type.front() - 32);
  put({"_type"}, Value(type))(draft);
}

Spoil flip_case_of_type() {
  return edit_body([](Object& body) {
    edit(body, {"_type"}, [](Value& value) {
      std::string type = *value.get_if<std::string>();
      type.front() = static_cast<char>(type.front() ^ 0x20);
      value = Value(type);
    });
  });
}

std::map<std::string, TestRole> top_roles(VectorDraft& draft) {
  auto roles = draft.forge().roles;
  roles.erase(draft.forge().delegated());
  return roles;
}

/// Root 2 hands over to another key; `signers` says who of old and new signs it.
void rotate(VectorDraft& draft, bool by_old, bool by_new) {
  const auto old = role_key(draft);
  const auto next = draft.forge().publish_root(p256_key(kNewRoot));
  appoint(draft, {{next}, 1});
  draft.draft().signers.clear();
  if (by_old) draft.draft().signers.push_back(old);
  if (by_new) draft.draft().signers.push_back(next);
}

/// Root 1 asks for two of three keys; root 2 is signed by `count` of them.
void quorum_of_old(VectorDraft& draft, std::size_t count) {
  const auto first = role_key(draft);
  const std::vector<PublishedKey> keys{first, draft.forge().publish_root(p256_key(kNewRoot)),
                                       draft.forge().publish_root(p256_key(kThirdRoot))};
  auto roles = top_roles(draft);
  draft.remake([&](Forge& forge) { forge.roles["root"] = {keys, 2}; });
  roles["root"] = {{first}, 1};
  draft.forge().add_root(2, roles);
  draft.draft().signers.assign(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(count));
}

/// Root 2 asks for two of its keys, and one signs.
void quorum_of_new(VectorDraft& draft) {
  const auto first = role_key(draft);
  appoint(draft, {{first, draft.forge().publish_root(p256_key(kNewRoot))}, 2});
  draft.draft().signers = {first};
}

Spoil seen(std::int64_t ahead, bool same_bytes) {
  return [=](VectorDraft& draft) {
    const auto files = draft.forge().build();
    const std::string role = draft.role;
    const base::Bytes& raw = role == "root"        ? files.roots.rbegin()->second
                             : role == "timestamp" ? files.timestamp
                             : role == "snapshot"  ? files.snapshot
                                                   : files.targets.at(role);
    const auto sha256 = same_bytes ? digest::sha256(raw) : digest::sha256(base::as_bytes("something else"));
    draft.vector.seen[role] = {version_of(draft, role) + static_cast<std::uint64_t>(ahead), sha256};
  };
}

void see_delegated(VectorDraft& draft) {
  draft.remake([](Forge& forge) { forge.with_delegation = true; });
  draft.vector.seen[draft.forge().delegated()] = {version_of(draft, draft.forge().delegated()),
                                                  digest::sha256(base::as_bytes("the file of then"))};
  draft.vector.target.reset();
}

/// The delegation stands, and neither snapshot nor chain has the role any more.
void remove_entry(VectorDraft& draft) {
  see_delegated(draft);
  draft.forge().repository().targets.erase(draft.forge().delegated());
}
void withdraw(VectorDraft& draft) {
  see_delegated(draft);
  draft.remake([](Forge& forge) { forge.with_delegation = false; });
}
void leave_out_file(VectorDraft& draft) {
  see_delegated(draft);
  draft.after.push_back([role = draft.forge().delegated()](tuf::ChainFiles& files) { files.targets.erase(role); });
}

/// Before, a chain is offered in which the role is 96 versions ahead and which fails in the end.
void refused_before(VectorDraft& draft) {
  const auto ahead = draft.forge().copy();
  auto& body = ahead->draft(draft.role).body;
  body.set("version", Value(version_of(draft, draft.role) + 96));
  ahead->draft(draft.role == "targets" ? ahead->delegated() : "targets").signers.clear();
  draft.vector.earlier.emplace_back(ahead->build(), "threshold_unmet");
}

/// Of tough's CVE-2025-2888: a timestamp that names a snapshot which is refused as a rollback.
void rollback_before(VectorDraft& draft) {
  const auto first = draft.forge().build();
  const auto older = draft.forge().copy();
  older->draft("timestamp").body.set("version", Value(99));
  older->draft("snapshot").body.set("version", Value(1));
  draft.vector.earlier.emplace_back(first, "ok");
  draft.vector.earlier.emplace_back(older->build(), "rollback");
  draft.forge().draft("timestamp").body.set("version", Value(6));
  draft.forge().draft("snapshot").body.set("version", Value(6));
}

}  // namespace

Faults version_faults() {
  return {
      {4, "type-of-another-role", "_type is that of another role", other_type, both("role_invalid")},
      {4, "type-of-another-dialect", "_type is written as in the other dialect", flip_case_of_type(),
       both("role_invalid"), kFew},
      {4, "type-missing", "there is no _type", edit_body([](Object& body) { erase(body, {"_type"}); }),
       both("malformed")},
      {4, "version-zero", "the version is 0", put({"version"}, 0), both("role_invalid")},
      {4, "version-negative", "the version is -1", put({"version"}, -1), both("role_invalid")},
      {4, "version-fraction", "the version has a fraction", replace("\"version\":", "\"version\":0."),
       both("malformed")},
      {4, "version-text", "the version is a text", put({"version"}, "1"), both("malformed"), kFew},
      {4, "version-missing", "there is no version", edit_body([](Object& body) { erase(body, {"version"}); }),
       both("malformed")},
      {4, "version-beyond-2-53", "the version is 2^53 + 1", put({"version"}, Value((std::int64_t{1} << 53) + 1)),
       both("malformed")},
      {4,
       "version-beyond-64-bits",
       "the version is about 2^66",
       replace("\"version\":", "\"version\":7378697629483820646"),
       both("malformed"),
       {"timestamp", "root"}},
      {4, "version-2-31-1", "the version is 2^31 - 1, which is a number like others (Cure53 TUF-01-002)",
       version((1ULL << 31) - 1), both("ok"), kFew},
      {4, "version-2-53", "the version is 2^53, the largest there is", version(1ULL << 53), both("ok"), kFew},
      {4,
       "version-not-promised",
       "the version is not the one that is promised",
       promise([](Object& entry) { set(entry, {"version"}, 77); }),
       {nullptr, "role_invalid"},
       kPromised},
      {4,
       "promised-version-missing",
       "no version is promised",
       promise([](Object& entry) { erase(entry, {"version"}); }),
       {nullptr, "malformed"},
       kPromised},
      {4, "number-of-another", "the file of root 2 says that it is version 3 (CVE-2025-2885)", put({"version"}, 3),
       both("role_invalid"), kRoot},
      {4, "number-of-the-first", "the file of root 2 says that it is version 1", put({"version"}, 1),
       both("role_invalid"), kRoot},
      {4, "two-versions-on", "root 3 follows root 1, and root 2 is nowhere",
       [](VectorDraft& draft) {
         draft.forge().add_root(3, top_roles(draft));
         draft.after.push_back([](tuf::ChainFiles& files) { files.roots.erase(2); });
       },
       both("chain_incomplete"), kRoot},
      {4, "lacks-old-key", "the new root is not signed by the old root's key",
       [](VectorDraft& draft) { rotate(draft, false, true); }, both("threshold_unmet"), kRoot},
      {4, "lacks-new-key", "the new root is not signed by its own key (python-tuf #1101)",
       [](VectorDraft& draft) { rotate(draft, true, false); }, both("threshold_unmet"), kRoot},
      {4, "rotated", "the new root is signed by the old key and by its own",
       [](VectorDraft& draft) { rotate(draft, true, true); }, both("ok"), kRoot},
      {4, "lacks-old-quorum", "two of three keys of the old root are needed, one signs the new one",
       [](VectorDraft& draft) { quorum_of_old(draft, 1); }, both("threshold_unmet"), kRoot},
      {4, "has-old-quorum", "two of three keys of the old root are needed, two sign the new one",
       [](VectorDraft& draft) { quorum_of_old(draft, 2); }, both("ok"), kRoot},
      {4, "lacks-new-quorum", "two keys of the new root are needed, one signs", quorum_of_new, both("threshold_unmet"),
       kRoot},
  };
}

Faults state_faults() {
  return {
      {5, "rolled-back", "the version is one below the one that was seen", seen(1, false), both("rollback")},
      {5, "equivocation", "the version was seen with other content", seen(0, false), both("equivocation")},
      {5, "seen-again", "the version was seen with the same content", seen(0, true), both("ok")},
      {5,
       "entry-removed",
       "the snapshot lists a delegated role no more that was seen and is delegated to still",
       remove_entry,
       both("rollback"),
       {"snapshot"}},
      {5,
       "delegation-withdrawn",
       "a role that was seen is delegated to no more: its removal is signed",
       withdraw,
       both("ok"),
       {"targets"}},
      {5,
       "file-left-out",
       "a role that was seen is listed, and the chain lacks the file: nothing was taken back",
       leave_out_file,
       both("ok"),
       {"delegated"}},
      {13,
       "refused-before",
       "before, a chain was refused in which this role was 96 versions ahead",
       refused_before,
       both("ok"),
       {"timestamp", "snapshot", "targets"}},
      {13,
       "rollback-before",
       "before, a timestamp was refused with the snapshot that it names, a rollback (CVE-2025-2888)",
       rollback_before,
       both("ok"),
       {"timestamp"}},
  };
}

}  // namespace gapstow::test
