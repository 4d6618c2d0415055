// Group 6: lifetimes. Group 7: what one file promises of another. Group 8: files that do not belong together.
#include "gapstow/base/encoding.h"
#include "gapstow/json/parse.h"
#include "gapstow/json/write.h"
#include "vectors/tuf_edits.h"

namespace gapstow::test {
namespace {

using json::Object;
using json::Value;

const std::vector<std::string> kListed{"snapshot", "targets", "delegated"};
const std::vector<std::string> kListing{"targets", "delegated"};
constexpr const char* kPast = "2026-11-22T23:59:59Z";

Spoil expires(const char* when) {
  return [=](VectorDraft& draft) {
    put({"expires"}, when)(draft);
    if (draft.vector.lapsed.empty()) draft.vector.lapsed = {draft.role};
  };
}
Spoil lives_until(const char* when) { return put({"expires"}, when); }

/// The delegated role has lapsed, and nothing asks it.
void expired_and_not_asked(VectorDraft& draft) {
  put({"expires"}, kPast)(draft);
  draft.vector.target = "other";
  draft.forge().put("targets", "other", "by the owner");
  draft.vector.report.role = "targets";
}

void first_root_expired(VectorDraft& draft) {
  draft.forge().repository().roots.at(1).body.set("expires", Value(kPast));
}

Value hash_of(VectorDraft& draft, std::size_t size) { return Value(draft.forge().text(base::Bytes(size))); }
Spoil promised_hash(const char* algorithm, std::size_t size) {
  return [=](VectorDraft& draft) {
    const Value other = hash_of(draft, size);
    promise([=](Object& entry) { set(entry, {"hashes", algorithm}, other); })(draft);
  };
}
Spoil promised_length(std::int64_t more) {
  return promise([=](Object& entry) {
    edit(entry, {"length"}, [=](Value& length) { length = Value(*length.get_if<std::int64_t>() + more); });
  });
}
void not_promised(VectorDraft& draft) {
  const Path entry{"meta", draft.forge().listed(draft.role)};
  draft.forge().holder(draft.role).edit_body.push_back([=](Object& body) { erase(body, entry); });
}

void indented(std::string& text) { text = json::pretty(json::parse(base::as_bytes(text))); }

Spoil without_file() {
  return [](VectorDraft& draft) {
    draft.after.push_back([role = draft.role](tuf::ChainFiles& files) {
      if (role == "root") return files.roots.clear();
      if (role == "timestamp") return files.timestamp.clear();
      if (role == "snapshot") return files.snapshot.clear();
      files.targets.erase(role);
    });
  };
}

/// An entry of the spoilt role's own targets.
Spoil target_entry(std::function<void(VectorDraft&, Object&)> change) {
  return [=](VectorDraft& draft) {
    auto* made = &draft;
    const Path entry{"targets", draft.role == "targets" ? "app/base" : "app/1.0"};
    draft.draft().edit_body.push_back(
        [=](Object& body) { edit(body, entry, [&](Value& value) { change(*made, *value.get_if<Object>()); }); });
  };
}

/// A file that nothing lists.
void unlisted_file(VectorDraft& draft) {
  const auto raw = draft.forge().build().targets.at(draft.role);
  const std::string name = draft.forge().delegation("stray");
  draft.after.push_back([=](tuf::ChainFiles& files) { files.targets[name] = raw; });
}

void without_hashes(VectorDraft& draft) {
  dynamic_cast<TufRepository&>(draft.forge().repository()).with_hashes = false;
}

/// Everything published once more, one version higher, with other targets.
std::unique_ptr<Forge> next_publication(VectorDraft& draft) {
  auto next = draft.forge().copy();
  std::vector<std::string> roles{"timestamp", "snapshot", "targets"};
  if (next->with_delegation) roles.push_back(next->delegated());
  for (const auto& role : roles) {
    auto& body = next->draft(role).body;
    body.set("version", Value(*body.find("version")->get_if<std::int64_t>() + 1));
  }
  next->put("targets", "app/new", "new by the owner");
  if (next->with_delegation) next->put(next->delegated(), "app/2.0", "two");
  return next;
}

void take(tuf::ChainFiles& into, const tuf::ChainFiles& from, const std::string& role) {
  if (role == "root") {
    into.roots = from.roots;
  } else if (role == "timestamp") {
    into.timestamp = from.timestamp;
  } else if (role == "snapshot") {
    into.snapshot = from.snapshot;
  } else {
    into.targets[role] = from.targets.at(role);
  }
}

/// One file of this publication among those of the next.
void stale(VectorDraft& draft) {
  const auto next = next_publication(draft);
  draft.after.push_back([role = draft.role, newer = next->build()](tuf::ChainFiles& files) {
    const auto older = files;
    files = newer;
    take(files, older, role);
  });
}

/// One file from a repository of another name.
Spoil of_other_gun(bool same_keys) {
  return [=](VectorDraft& draft) {
    const auto other = draft.forge().copy();
    other->gun = "example.test/tool";
    if (!same_keys) {
      constexpr unsigned char kOthers = 0x41;
      for (const auto* role : {"timestamp", "snapshot", "targets"}) {
        other->roles[role] = {{other->publish(ed25519_key(kOthers))}, 1};
      }
    }
    other->assemble();
    other->put("targets", "app/tool", "another thing");
    draft.after.push_back(
        [role = draft.role, files = other->build()](tuf::ChainFiles& into) { take(into, files, role); });
  };
}

void new_root_missing(VectorDraft& draft) {
  draft.after.push_back([](tuf::ChainFiles& files) { files.roots.erase(2); });
}

/// The whole chain is of another repository.
void other_chain(VectorDraft& draft) { draft.vector.gun = "example.test/other"; }

void other_repository(VectorDraft& draft) {
  constexpr unsigned char kOther = 0x42;
  draft.vector.pins = {{"keyId", draft.forge().publish_root(p256_key(kOther)).id}};
}

void pin_root_file(VectorDraft& draft, Forge& forge, std::uint64_t version) {
  draft.vector.pins = {{"root", std::string(base::as_text(forge.build().roots.at(version)))}};
}
void pin_other_file(VectorDraft& draft) {
  const auto other = draft.forge().copy();
  other->repository().roots.at(1).body.set("expires", Value("2098-01-01T00:00:00Z"));
  pin_root_file(draft, *other, 1);
}
void pin_newer_file(VectorDraft& draft) {
  const auto newer = draft.forge().copy();
  newer->root_versions = 3;
  newer->assemble();
  pin_root_file(draft, *newer, 3);
}

}  // namespace

Faults time_faults() {
  return {
      {6, "expired", "the role expired a second ago", expires(kPast), both("expired")},
      {6, "expires-now", "the role expires at the very instant", expires(kVectorTime), both("expired")},
      {6,
       "expires-soon",
       "the role expires in a second",
       lives_until("2026-11-23T00:00:01Z"),
       both("ok"),
       {"timestamp", "delegated"}},
      {6,
       "expired-elsewhere",
       "the role expired by its offset, though not by its digits",
       expires("2026-11-23T00:30:00+01:00"),
       {"expired", nullptr},
       {"timestamp"}},
      {6,
       "expired-not-asked",
       "a delegated role that nothing asks has expired",
       expired_and_not_asked,
       both("ok"),
       {"delegated"}},
      {6,
       "expired-first",
       "the first root expired long ago, the last one counts",
       first_root_expired,
       both("ok"),
       {"root"}},
      {6, "expiry-missing", "there is no expiry", edit_body([](Object& body) { erase(body, {"expires"}); }),
       both("malformed")},
      {6, "expiry-null", "the expiry is null", put({"expires"}, Value()), both("malformed"), {"timestamp", "targets"}},
      {6,
       "expiry-without-zone",
       "the expiry has no zone",
       put({"expires"}, "2099-01-02T03:04:05"),
       both("malformed"),
       {"timestamp"}},
      {6,
       "expiry-no-day",
       "the expiry is a day that there is not",
       put({"expires"}, "2099-02-29T03:04:05Z"),
       both("malformed"),
       {"timestamp"}},
  };
}

namespace {

/// Of what another file promises.
Faults promise_faults() {
  const Expect mismatch = both("digest_mismatch");
  return {
      {7, "promised-sha256", "another SHA-256 is promised", promised_hash("sha256", 32), mismatch, kListed},
      {7, "promised-sha512", "another SHA-512 is promised", promised_hash("sha512", 64), mismatch, kListed},
      {7, "promised-length-more", "one byte more is promised", promised_length(1), mismatch, kListed},
      {7, "promised-length-less", "one byte less is promised", promised_length(-1), mismatch, kListed},
      {7, "promised-length-negative", "a negative length is promised",
       promise([](Object& entry) { set(entry, {"length"}, -1); }), both("malformed"), kListed},
      {7, "promised-no-hashes", "the hashes promised are none",
       promise([](Object& entry) { set(entry, {"hashes"}, Value(Object{})); }), both("role_invalid"), kListed},
      {7, "promised-unknown-hash", "only a hash of an unknown kind is promised",
       promise([](Object& entry) { set(entry, {"hashes"}, Value(Object{{"blake3", Value("0000")}})); }),
       both("role_invalid"), kListed},
      {7, "promised-hash-short", "the hash promised is too short", promised_hash("sha256", 31), both("malformed"),
       kListed},
      {7, "promised-hashes-null", "the hashes promised are null",
       promise([](Object& entry) { set(entry, {"hashes"}, Value()); }), both("malformed"), kListed},
      {7, "not-promised", "the role is not promised at all", not_promised, both("role_invalid"), kListed},
  };
}

Faults entry_faults() {
  return {
      {7, "target-no-hashes", "a target has no hashes (go-tuf #721)",
       target_entry([](VectorDraft&, Object& entry) { set(entry, {"hashes"}, Value(Object{})); }), both("role_invalid"),
       kListing},
      {7, "target-unknown-hash", "a target has only a hash of an unknown kind",
       target_entry(
           [](VectorDraft&, Object& entry) { set(entry, {"hashes"}, Value(Object{{"blake3", Value("0000")}})); }),
       both("role_invalid"), kListing},
      {7, "target-more-hashes", "a target has a hash of an unknown kind beside the known one",
       target_entry([](VectorDraft&, Object& entry) { set(entry, {"hashes", "blake3"}, "0000"); }), both("ok"),
       kListing},
      {7, "target-hash-short", "the hash of a target is too short", target_entry([](VectorDraft& draft, Object& entry) {
         set(entry, {"hashes", "sha256"}, draft.forge().text(base::Bytes(31)));
       }),
       both("malformed"), kListing},
      {7, "target-length-missing", "a target has no length",
       target_entry([](VectorDraft&, Object& entry) { erase(entry, {"length"}); }), both("malformed"), kListing},
      {7, "target-length-negative", "a target has a negative length",
       target_entry([](VectorDraft&, Object& entry) { set(entry, {"length"}, -1); }), both("malformed"), kListing},
      {7, "target-null", "a target is null", [](VectorDraft& draft) { put({"targets", "app/null"}, Value())(draft); },
       both("malformed"), kListing},
  };
}

}  // namespace

Faults link_faults() {
  Faults all = promise_faults();
  for (auto fault : promise_faults()) {  // only Notary's snapshot lists the root
    fault.roles = {"root"};
    fault.expect.tuf = nullptr;
    all.push_back(std::move(fault));
  }
  for (auto& fault : entry_faults()) all.push_back(std::move(fault));
  const Faults more{
      {7, "indented-later", "the file was indented after it was hashed; its signatures still verify", tamper(indented),
       both("digest_mismatch"), kListed},
      {7,
       "indented-later",
       "the root was indented after it was hashed; only Notary's snapshot lists it",
       tamper(indented),
       {"digest_mismatch", "ok"},
       {"root"}},
      {7, "indented", "the file is indented, and what promises it was made after that", edit_text(indented), both("ok"),
       kFew},
      {7, "byte-lost-later", "the file lost its last byte after it was hashed",
       tamper([](std::string& text) { text.pop_back(); }), both("digest_mismatch"), kListed},
      {7,
       "without-hashes",
       "neither lengths nor hashes of metadata are promised, only versions",
       without_hashes,
       {nullptr, "ok"},
       kWhole},
      {7, "missing", "the file is missing", without_file(), both("chain_incomplete")},
      {7,
       "stray-file",
       "the chain holds a file that the snapshot does not list",
       unlisted_file,
       both("role_invalid"),
       {"delegated"}},
  };
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

Faults mix_faults() {
  return {
      {8,
       "stale",
       "the file is of the publication before the others",
       stale,
       both("digest_mismatch"),
       {"timestamp", "snapshot", "targets", "delegated"}},
      {8,
       "stale-by-version",
       "the file is of the publication before the others, and only versions are promised",
       in_order({without_hashes, stale}),
       {nullptr, "role_invalid"},
       {"timestamp", "snapshot", "targets", "delegated"}},
      {8,
       "stale-root",
       "the chain lacks the newest root, which the snapshot lists",
       new_root_missing,
       {"digest_mismatch", nullptr},
       {"root"}},
      {8,
       "of-another-repository",
       "the file is of another repository with other keys",
       of_other_gun(false),
       {"threshold_unmet", nullptr},
       {"timestamp"}},
      {8,
       "of-another-repository-same-keys",
       "the file is of another repository with the same keys",
       of_other_gun(true),
       both("digest_mismatch"),
       {"timestamp", "snapshot", "targets"}},
      {8,
       "chain-of-another-name",
       "the chain is that of another name, and its root key is pinned",
       other_chain,
       {"name_mismatch", nullptr},
       kWhole},
      {8, "pin-of-another", "the chain's root is not the pinned one", other_repository, both("pin_mismatch"), kWhole},
      {8, "no-pin", "nothing is pinned", [](VectorDraft& draft) { draft.pins_root_keys = false; },
       both("untrusted_root"), kWhole},
      {8,
       "pinned-file-differs",
       "the pinned root file and the chain's differ in the same version",
       pin_other_file,
       both("equivocation"),
       {"root"}},
      {8,
       "pinned-file-newer",
       "the pinned root file is newer than all of the chain",
       pin_newer_file,
       both("rollback"),
       {"root"}},
  };
}

}  // namespace gapstow::test
