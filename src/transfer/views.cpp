#include "views.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "gapstow/base/error.h"

namespace gapstow::transfer {
namespace {

/// The version that was proven, or 0 for a file that nothing vouches for.
std::uint64_t proven_version(const tuf::VerifiedChain& chain, const std::string& role) {
  const auto found = std::ranges::find(chain.roles(), role, &tuf::ProvenRole::name);
  return found == chain.roles().end() ? 0 : found->version;
}

}  // namespace

std::vector<NamedBytes> make_views(const std::vector<oci::NamedImage>& images) {
  std::vector<NamedBytes> views;
  views.push_back({"oci-layout", base::to_bytes(oci::oci_layout_json())});
  views.push_back({"index.json", base::to_bytes(oci::index_json(images))});
  const std::string docker = oci::docker_manifest_json(images);
  if (!docker.empty()) views.push_back({"manifest.json", base::to_bytes(docker)});
  return views;
}

std::vector<PlacedFile> place_chain(const tuf::ChainFiles& files, const tuf::Dialect& dialect,
                                    const tuf::VerifiedChain& proven) {
  std::vector<PlacedFile> placed;
  const auto place = [&](const std::string& role, std::uint64_t version, const base::Bytes& bytes) {
    placed.push_back({{dialect.stored_name(role, version), role, version}, &bytes});
  };
  for (const auto& [version, bytes] : files.roots) place("root", version, bytes);
  place("timestamp", proven_version(proven, "timestamp"), files.timestamp);
  place("snapshot", proven_version(proven, "snapshot"), files.snapshot);
  place("targets", proven_version(proven, "targets"), files.targets.at("targets"));
  for (const auto& [role, bytes] : files.targets) {
    if (role != "targets") place(role, proven_version(proven, role), bytes);
  }
  return placed;
}

std::string chain_folder(std::size_t index) {
  std::array<char, 40> name{};
  std::snprintf(name.data(), name.size(), "gapstow/trust/%04zu", index);
  return name.data();
}

const tuf::Dialect& dialect_of(const bundle::ChainRecord& chain) {
  for (const auto* dialect : {&tuf::notary_v1(), &tuf::tuf_v1()}) {
    if (chain.dialect == dialect->name()) return *dialect;
  }
  throw base::Error(base::ErrorCode::unsupported,
                    "chain of " + chain.gun + ": dialect '" + chain.dialect + "' is not known");
}

void add_chain_file(tuf::ChainFiles& files, const bundle::ChainRecord& chain, const bundle::ChainFile& record,
                    base::Bytes bytes) {
  if (record.file != dialect_of(chain).stored_name(record.role, record.version)) {
    throw base::Error(base::ErrorCode::malformed, "file " + record.file + " is said to be version " +
                                                      std::to_string(record.version) + " of role " + record.role);
  }
  if (record.role == "root") {
    files.roots.emplace(record.version, std::move(bytes));
  } else if (record.role == "timestamp") {
    files.timestamp = std::move(bytes);
  } else if (record.role == "snapshot") {
    files.snapshot = std::move(bytes);
  } else {
    files.targets.emplace(record.role, std::move(bytes));
  }
}

}  // namespace gapstow::transfer
