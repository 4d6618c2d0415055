// Writing trust.json, in one spelling.
#include <algorithm>
#include <array>
#include <tuple>

#include "folders.h"
#include "gapstow/base/atomic_file.h"
#include "gapstow/base/error.h"
#include "gapstow/json/value.h"
#include "gapstow/json/write.h"
#include "gapstow/trust/store.h"

namespace gapstow::trust {
namespace {

using base::Error;
using base::ErrorCode;
using base::FileStatus;
using json::Array;
using json::Object;

constexpr std::uint32_t kOthersMayWrite = 0002;
constexpr std::uint32_t kSticky = 01000;

/// In the largest unit that leaves nothing over.
std::string duration_text(std::int64_t seconds) {
  constexpr std::array kUnits{std::pair{86400, 'd'}, std::pair{3600, 'h'}, std::pair{60, 'm'}};
  for (const auto& [length, letter] : kUnits) {
    if (seconds % length == 0) return std::to_string(seconds / length) + letter;
  }
  return std::to_string(seconds) + "s";
}

Array texts(std::vector<std::string> items) {
  std::ranges::sort(items);
  return {items.begin(), items.end()};
}

Object to_json(const TrustedSigner& signer) { return {{"name", signer.name}, {"key", signer.key.pem()}}; }

Object to_json(const RootEntry& root) {
  constexpr std::array kMembers{"keyId", "spki", "ca", "root"};
  return {{"pattern", root.pattern.text()}, {kMembers.at(static_cast<std::size_t>(root.kind)), root.value}};
}

Object to_json(const Rule& rule) {
  Object made{{"pattern", rule.pattern.text()}, {"chain", rule.chain_required}};
  if (rule.deny) made.set("deny", *rule.deny);
  if (!rule.signers.empty()) made.set("signers", texts(rule.signers));
  if (rule.threshold) made.set("threshold", *rule.threshold);
  if (!rule.roles.empty()) made.set("roles", texts(rule.roles));
  if (rule.expiry) made.set("expiry", name(*rule.expiry));
  if (rule.max_age_seconds) made.set("maxAge", duration_text(*rule.max_age_seconds));
  return made;
}

Object to_json(const Operator& one) {
  Array may;  // in the order of the alphabet
  if (one.may_break_glass) may.emplace_back("break-glass");
  if (one.may_snapshot) may.emplace_back("snapshot");
  return {{"name", one.name}, {"key", one.key.pem()}, {"may", std::move(may)}};
}

Object to_json(const Relocation& relocation) {
  Object made{{"from", relocation.from}, {"to", relocation.to}};
  Object tags;
  for (const auto& [origin, local] : relocation.tags) tags.set(origin, local);
  if (!tags.empty()) made.set("tags", std::move(tags));
  return made;
}

template <typename Items, typename Key>
Array sorted(Items items, Key key) {
  std::ranges::sort(items, {}, key);
  Array made;
  for (const auto& item : items) made.emplace_back(to_json(item));
  return made;
}

std::string store_path(const std::string& folder) {
  return folder.empty() || folder.back() == '/' ? folder + std::string(kStoreFile)
                                                : folder + "/" + std::string(kStoreFile);
}

/// Who can write the store can make this site trust anything.
void refuse_open_to_all(const FileStatus& status, const std::string& path) {
  const bool sticky = status.kind == FileStatus::Kind::folder && (status.mode & kSticky) != 0;
  if ((status.mode & kOthersMayWrite) == 0 || sticky) return;
  throw Error(ErrorCode::denied, "everybody may write " + path + ", so it cannot say whom to trust",
              "check its content, then run: chmod o-w " + path);
}

}  // namespace

base::Bytes write_store(const TrustStore& store) {
  Object file{
      {"gapstowTrust", 1},
      {"threshold", store.threshold},
      {"signerTime", store.signer_time},
      {"signers", sorted(store.signers, [](const TrustedSigner& each) -> const std::string& { return each.name; })},
      {"roots",
       sorted(store.roots, [](const RootEntry& each) { return std::tie(each.pattern.text(), each.kind, each.value); })},
      {"rules", sorted(store.rules, [](const Rule& each) -> const std::string& { return each.pattern.text(); })}};
  if (!store.operators.empty()) {
    file.set("operators",
             sorted(store.operators, [](const Operator& each) -> const std::string& { return each.name; }));
  }
  if (!store.relocations.empty()) {
    file.set("relocations",
             sorted(store.relocations, [](const Relocation& each) { return std::tie(each.to, each.from); }));
  }
  return base::to_bytes(json::pretty(file));
}

TrustStore load_store(base::ReadFs& fs, const std::string& folder) {
  const std::string path = store_path(folder);
  const auto status = fs.status(path);
  if (!status) {
    throw Error(ErrorCode::not_found, "there is no trust store in " + folder,
                "make one with: gapstow trust init --trust-store " + folder);
  }
  if (status->kind != FileStatus::Kind::regular) throw Error(ErrorCode::malformed, path + " is not a file");
  refuse_open_to_all(*status, path);
  if (const auto around = fs.status(folder.empty() ? "." : folder)) refuse_open_to_all(*around, folder);
  const base::Bytes text = base::read_file(fs, path, kMaxStoreBytes);
  return base::with_context(path, [&] { return parse_store(text); });
}

void save_store(base::WriteFs& fs, const std::string& folder, const TrustStore& store) {
  const base::Bytes text = write_store(store);
  try {
    parse_store(text);
  } catch (const Error& error) {
    throw Error(ErrorCode::usage, "the trust store would not be valid: " + error.line(), error.hint());
  }
  if (!folder.empty()) make_folders(fs, folder, 0755);
  base::write_file(fs, store_path(folder), text);
}

}  // namespace gapstow::trust
