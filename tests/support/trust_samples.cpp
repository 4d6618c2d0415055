#include "support/trust_samples.h"

#include <array>
#include <cstdio>
#include <tuple>

#include "gapstow/base/fs.h"
#include "gapstow/tuf/dialect.h"

namespace gapstow::test {
namespace {

constexpr const char* kGun = "localhost:5000/lab/app";
constexpr const char* kRootKey = "9586150e953c3d8010cfa6b8a4b1e71b3134851eb89fab7d50c27c3315b98947";

}  // namespace

std::string data_text(const std::string& name) {
  base::SystemFs fs;
  const auto bytes = base::read_file(fs, std::string(GAPSTOW_SOURCE_DIR) + "/tests/data/" + name, 1 << 20);
  return std::string(base::as_text(bytes));
}

trust::TrustedSigner sample_signer(const std::string& name, const std::string& key) {
  return {name, sign::PublicKey::from_pem(data_text("keys/" + key + ".pub"))};
}

trust::TrustStore store_of_three() {
  trust::TrustStore store;
  store.signers = {sample_signer("alice", "ed25519"), sample_signer("bob", "p256"), sample_signer("carol", "rsa2048")};
  return store;
}

std::string sample_hex(unsigned number) {
  std::array<char, 65> text{};
  std::snprintf(text.data(), text.size(), "%064x", number);
  return text.data();
}

tuf::SeenRole seen_role(std::uint64_t version, unsigned content) {
  return {version, digest::Digest::from_sha256_hex(sample_hex(content))};
}

trust::HistoryRecord sample_record(const std::string& bundle_id) {
  trust::HistoryRecord record;
  record.when = {1795305600, 5};
  record.bundle_id = bundle_id;
  record.sealed_at = {1795300000, 0};
  record.signers = {"alice (" + sample_hex(1) + ")", "bob (" + sample_hex(2) + ")"};
  record.destination = "oci-archive:out.tar";
  record.images = {{"localhost:5000/lab/app:1.1",
                    "sha256:" + sample_hex(3),
                    "targets/releases",
                    {sample_hex(4), sample_hex(5)},
                    "localhost:5000/lab/app:1.1"},
                   {"example.test/tool:2", "sha256:" + sample_hex(6), "", {}, "mirror.test/tool:2"}};
  return record;
}

tuf::VerifiedChain sample_chain(const std::string& name) {
  base::SystemFs fs;
  const std::string folder = std::string(GAPSTOW_SOURCE_DIR) + "/samples/chains/" + name + "/";
  const auto read = [&](const std::string& file) { return base::read_file(fs, folder + file, 1 << 20); };
  tuf::ChainFiles files;
  for (std::uint64_t version = 1; fs.status(folder + std::to_string(version) + ".root.json"); ++version) {
    files.roots[version] = read(std::to_string(version) + ".root.json");
  }
  files.timestamp = read("timestamp.json");
  files.snapshot = read("snapshot.json");
  files.targets["targets"] = read("targets.json");
  for (const auto& file : fs.list(folder + "targets")) {
    files.targets["targets/" + file.substr(0, file.rfind(".json"))] = read("targets/" + file);
  }
  return tuf::verify_chain(files, tuf::notary_v1(), kGun, {tuf::KeyIdPin{kRootKey}},
                           base::parse_time("2026-11-23T00:00:00Z"));
}

}  // namespace gapstow::test

namespace gapstow::trust {

bool operator==(const HistoryRecord::Image& a, const HistoryRecord::Image& b) {
  return std::tie(a.reference, a.digest, a.role, a.key_ids, a.imported_as) ==
         std::tie(b.reference, b.digest, b.role, b.key_ids, b.imported_as);
}

bool operator==(const HistoryRecord& a, const HistoryRecord& b) {
  return std::tie(a.when, a.bundle_id, a.sealed_at, a.signers, a.destination, a.images, a.rollback_reason) ==
         std::tie(b.when, b.bundle_id, b.sealed_at, b.signers, b.destination, b.images, b.rollback_reason);
}

bool operator==(const TrustedSigner& a, const TrustedSigner& b) { return a.name == b.name && a.key == b.key; }

bool operator==(const RootEntry& a, const RootEntry& b) {
  return std::tie(a.pattern, a.kind, a.value) == std::tie(b.pattern, b.kind, b.value);
}

bool operator==(const Rule& a, const Rule& b) {
  return std::tie(a.pattern, a.chain_required, a.deny, a.signers, a.threshold, a.roles, a.expiry, a.max_age_seconds) ==
         std::tie(b.pattern, b.chain_required, b.deny, b.signers, b.threshold, b.roles, b.expiry, b.max_age_seconds);
}

bool operator==(const Operator& a, const Operator& b) {
  return std::tie(a.name, a.key, a.may_snapshot, a.may_break_glass) ==
         std::tie(b.name, b.key, b.may_snapshot, b.may_break_glass);
}

bool operator==(const TrustStore& a, const TrustStore& b) {
  return std::tie(a.threshold, a.signer_time, a.signers, a.roots, a.rules, a.operators, a.relocations) ==
         std::tie(b.threshold, b.signer_time, b.signers, b.roots, b.rules, b.operators, b.relocations);
}

}  // namespace gapstow::trust
