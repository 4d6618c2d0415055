// Group 9: certificates of root keys. Group 10: names of roles and targets.
#include "vectors/tuf_edits.h"

namespace gapstow::test {
namespace {

using json::Object;
using json::Value;

constexpr unsigned char kLeaf = 0x51;
constexpr unsigned char kAuthority = 0x52;
constexpr unsigned char kOtherAuthority = 0x53;
const std::vector<std::string> kRoot{"root"};
constexpr Expect notary(const char* code) { return {code, nullptr}; }

/// All roots are by one key with this PEM text.
void certify(VectorDraft& draft, const TestKey& key, const std::string& pem) {
  draft.remake([&](Forge& forge) {
    forge.root_versions = 1;
    forge.roles["root"] = {{publish_x509(key, pem)}, 1};
  });
}
std::string leaf(CertificateRecipe recipe) { return make_certificate(p256_key(kLeaf), recipe); }
std::string authority(const TestKey& key) { return make_certificate(key, {.common_name = "CA", .is_ca = true}); }

Spoil certificate(CertificateRecipe recipe) {
  return [=](VectorDraft& draft) { certify(draft, p256_key(kLeaf), leaf(recipe)); };
}
Spoil named(std::string common_name) { return certificate({.common_name = std::move(common_name)}); }
Spoil pem_text(std::function<std::string()> text) {
  return [=](VectorDraft& draft) { certify(draft, p256_key(kLeaf), text()); };
}
Spoil lapsed(Spoil spoil) {
  return in_order({std::move(spoil), [](VectorDraft& draft) { draft.vector.lapsed = {"root certificate"}; }});
}

/// The certificate is by an authority, and an authority is pinned.
Spoil certified(CertificateRecipe recipe, unsigned char pinned, std::string not_after = "20991231235959Z") {
  return [=](VectorDraft& draft) {
    const auto issuer = p256_key(kAuthority);
    auto made = recipe;
    made.common_name = kGun;
    made.issuer = &issuer;
    made.issuer_name = "CA";
    certify(draft, p256_key(kLeaf), leaf(made));
    draft.vector.pins = {
        {"ca", make_certificate(p256_key(pinned), {.common_name = "CA", .is_ca = true, .not_after = not_after})}};
  };
}

void bare_root_key(VectorDraft& draft) {
  draft.remake([](Forge& forge) {
    forge.root_versions = 1;
    forge.roles["root"] = {{forge.publish(p256_key(kLeaf))}, 1};
  });
}

/// A delegation to a role of this name, whose file is there and listed.
Spoil delegation_named(std::string name) {
  return [=](VectorDraft& draft) {
    auto& forge = draft.forge();
    const TestRole by = forge.roles.at(forge.delegated());
    forge.delegate("targets", name, by, {forge.is_notary() ? "app/" : "app/*"});
    forge.add_targets(name, 1, by.keys);
  };
}
/// Only the delegation; names that no file can have are not listed.
Spoil only_delegation_named(std::string name) {
  return [=](VectorDraft& draft) {
    auto& forge = draft.forge();
    forge.delegate("targets", name, forge.roles.at(forge.delegated()), {forge.is_notary() ? "app/" : "app/*"});
  };
}
Spoil listed_named(std::string name) {
  return [=](VectorDraft& draft) {
    auto& forge = draft.forge();
    Object entry = forge.is_notary() ? meta_of({}) : Object{{"version", Value(1)}};
    const std::string file = forge.is_notary() ? name : name + ".json";
    forge.draft("snapshot").edit_body.push_back([=](Object& body) { set(body, {"meta", file}, Value(entry)); });
  };
}

/// A target of this name in "targets"; asked for is `wanted`.
Spoil target_named(std::string name, std::string wanted) {
  return [=](VectorDraft& draft) {
    draft.forge().put("targets", name, "by the owner");
    draft.vector.target = wanted;
    draft.vector.report.role = "targets";
  };
}
Spoil target_named(const std::string& name) { return target_named(name, name); }
void two_cases(VectorDraft& draft) {
  draft.forge().put("targets", "Image", "another one");
  target_named("image")(draft);
}

}  // namespace

Faults root_key_faults() {
  const auto two_leaves = [] { return leaf({.common_name = kGun}) + leaf({.common_name = kGun}); };
  const auto ca_first = [] { return authority(p256_key(kAuthority)) + leaf({.common_name = kGun}); };
  const auto with_ca = [] { return leaf({.common_name = kGun}) + authority(p256_key(kAuthority)); };
  return {
      {9, "cn-of-another", "the certificate's CN is another name", named("example.test/tool"), notary("name_mismatch"),
       kRoot},
      {9, "cn-longer", "the certificate's CN begins with the name", named("example.test/app2"), notary("name_mismatch"),
       kRoot},
      {9, "cn-shorter", "the name begins with the certificate's CN", named("example.test/ap"), notary("name_mismatch"),
       kRoot},
      {9, "cn-other-case", "the certificate's CN differs in case", named("Example.test/app"), notary("name_mismatch"),
       kRoot},
      {9, "cn-wildcard", "the certificate's CN is a prefix of the name and '*'", named("example.test/*"), notary("ok"),
       kRoot},
      {9, "cn-wildcard-of-another", "the certificate's CN is a prefix of another name and '*'",
       named("example.test/b*"), notary("name_mismatch"), kRoot},
      {9, "cn-star-in-front", "the '*' of the certificate's CN stands in front", named("*/app"),
       notary("name_mismatch"), kRoot},
      {9, "several-leaves", "the key has two leaf certificates", pem_text(two_leaves), notary("role_invalid"), kRoot},
      {9, "authority-first", "the key's first certificate is an authority's",
       [=](VectorDraft& draft) { certify(draft, p256_key(kAuthority), ca_first()); }, notary("role_invalid"), kRoot},
      {9, "authority-as-leaf", "the key's only certificate is an authority's",
       certificate({.common_name = kGun, .is_ca = true}), notary("role_invalid"), kRoot},
      {9, "with-authority", "behind the leaf certificate stands that of an authority", pem_text(with_ca), notary("ok"),
       kRoot},
      {9, "sha1", "the certificate is signed with SHA-1",
       [](VectorDraft& draft) {
         // RSA, since its signatures are the same in every run.
         const auto issuer = TestKey::fixed(TestKind::rsa2048, 1);
         CertificateRecipe recipe;
         recipe.common_name = kGun;
         recipe.issuer = &issuer;
         recipe.issuer_name = "CA";
         recipe.sha1 = true;
         certify(draft, p256_key(kLeaf), leaf(recipe));
       },
       notary("role_invalid"), kRoot},
      {9, "not-yet-valid", "the certificate begins two days from now",
       lapsed(certificate({.common_name = kGun, .not_before = "20261125000000Z"})), notary("expired"), kRoot},
      {9, "begins-today", "the certificate begins within a day, the leeway for clocks",
       certificate({.common_name = kGun, .not_before = "20261123120000Z"}), notary("ok"), kRoot},
      {9, "certificate-expired", "the certificate expired a second ago",
       lapsed(certificate({.common_name = kGun, .not_after = "20261122235959Z"})), notary("expired"), kRoot},
      {9, "no-certificate", "the root key is no x509 key", bare_root_key, notary("role_invalid"), kRoot},
      {9, "pinned-authority", "the certificate is by the pinned authority", certified({}, kAuthority), notary("ok"),
       kRoot},
      {9, "other-authority", "the certificate is by another authority of the same name", certified({}, kOtherAuthority),
       notary("pin_mismatch"), kRoot},
      {9, "authority-expired", "the pinned authority's certificate has expired",
       certified({}, kAuthority, "20260101000000Z"), notary("pin_mismatch"), kRoot},
      {9, "usage-mail", "the certificate by the pinned authority is for mail only",
       certified({.common_name = {}, .usage = "emailProtection"}, kAuthority), notary("pin_mismatch"), kRoot},
      {9, "authority-of-another-name", "the certificate by the pinned authority is for another repository",
       in_order({certified({}, kAuthority), [](VectorDraft& draft) { draft.vector.gun = "example.test/other"; }}),
       notary("name_mismatch"), kRoot},
  };
}

Faults name_faults() {
  const std::vector<std::string> delegator{"targets"};
  const std::vector<std::string> listing{"snapshot"};
  const Expect free{"role_invalid", "ok"};
  const std::string nul("targets/a\0b", 11);
  return {
      {10, "role-dotdot", "a delegated role's name climbs out of its folder", delegation_named("targets/../../evil"),
       free, delegator},
      {10, "role-absolute", "a delegated role's name begins with a slash", delegation_named("/targets/evil"), free,
       delegator},
      {10, "role-backslash", "a delegated role's name has a backslash", delegation_named("targets\\evil"), free,
       delegator},
      {10, "role-percent", "a delegated role's name has an encoded slash", delegation_named("targets/..%2fevil"), free,
       delegator},
      {10, "role-nul", "a delegated role's name has a NUL character", only_delegation_named(nul), both("role_invalid"),
       delegator},
      {10, "role-line-feed", "a delegated role's name has a line feed", only_delegation_named("targets/a\nb"),
       both("role_invalid"), delegator},
      {10, "role-empty", "a delegated role's name is empty", only_delegation_named(""), both("role_invalid"),
       delegator},
      {10,
       "role-too-long",
       "a delegated role's name has 256 bytes",
       only_delegation_named("targets/" + std::string(248, 'a')),
       {"role_invalid", "limit_exceeded"},
       delegator},
      {10, "role-root", "a delegated role is named as the root", only_delegation_named("root"), both("role_invalid"),
       delegator},
      {10, "role-numbered-root", "a delegated role is named as the file of a root", only_delegation_named("1.root"),
       both("role_invalid"), delegator},
      {10, "role-targets", "a delegated role is named as the one that delegates", only_delegation_named("targets"),
       both("role_invalid"), delegator},
      {10, "role-upper-case", "two delegated roles differ in case only: one file on some disks",
       by_dialect(delegation_named("targets/Releases"), delegation_named("Releases")), free, delegator},
      {10, "role-look-alike", "a delegated role's name looks like another's, by a Cyrillic letter",
       by_dialect(delegation_named("targets/rele\xD0\xB0ses"), delegation_named("rele\xD0\xB0ses")), free, delegator},
      {10, "listed-dotdot", "the snapshot lists a role whose name climbs out of its folder",
       listed_named("targets/../evil"), free, listing},
      {10, "listed-nul", "the snapshot lists a role whose name has a NUL character", listed_named(nul),
       both("role_invalid"), listing},
      {10, "target-dotdot", "a target's name climbs out of its folder: a name is a name", target_named("../../evil"),
       both("ok"), delegator},
      {10, "target-absolute", "a target's name begins with a slash: a name is a name", target_named("/etc/evil"),
       both("ok"), delegator},
      {10, "target-two-cases", "two targets differ in case only, and each is its own", two_cases, both("ok"),
       delegator},
      {10, "target-other-case", "only a target of another case is signed", target_named("Image", "image"),
       both("target_missing"), delegator},
      {10, "target-decomposed", "only a target of other Unicode composition is signed",
       target_named("caf\xC3\xA9", "cafe\xCC\x81"), both("target_missing"), delegator},
      {10, "target-look-alike", "only a target that looks alike is signed", target_named("im\xD0\xB0ge", "image"),
       both("target_missing"), delegator},
      {10, "target-percent", "only a target whose name is encoded is signed", target_named("a%2fb", "a/b"),
       both("target_missing"), delegator},
      {10, "target-name-too-long", "a target's name has 4097 bytes", target_named(std::string(4097, 'n'), "image"),
       both("limit_exceeded"), delegator},
  };
}

}  // namespace gapstow::test
