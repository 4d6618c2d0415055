#include "referrers_index.h"

#include <set>

#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "gapstow/json/write.h"
#include "gapstow/oci/manifest.h"

namespace gapstow::registry {
namespace {

constexpr std::size_t kMaxTypeLength = 255;

/// A member that is there and not null; Go writes null for what is empty.
std::optional<json::Cursor> maybe_set(const json::Cursor& at, std::string_view name) {
  auto found = at.maybe(name);
  if (found && found->value().is_null()) return std::nullopt;
  return found;
}

json::Value parse_document(base::ByteView bytes, bool reals) {
  json::ParseLimits limits;
  limits.bytes = oci::kMaxManifestBytes;
  limits.reals = reals;
  return json::parse(bytes, limits);
}

/// The entries of an index, after the document itself was found to be one.
std::vector<json::Cursor> entries_of(const json::Cursor& at) {
  at.no_case_variants({"schemaVersion", "mediaType", "manifests", "layers", "config"});
  at.at("schemaVersion").integer(2, 2);
  if (const auto type = maybe_set(at, "mediaType")) {
    if (type->string(kMaxTypeLength) != oci::kOciIndex) type->refuse("a list of referrers is an OCI image index");
  }
  if (at.maybe("layers") || at.maybe("config")) at.refuse("an image manifest where a list of referrers is expected");
  if (at.at("manifests").value().is_null()) return {};
  return at.at("manifests").array(kMaxReferrers);
}

Referrer read_entry(const json::Cursor& at) {
  at.no_case_variants({"artifactType"});
  Referrer referrer{oci::read_descriptor(at), {}};
  if (const auto type = maybe_set(at, "artifactType")) referrer.artifact_type = type->string(kMaxTypeLength);
  return referrer;
}

json::Object write_entry(const Referrer& referrer) {
  json::Object entry = oci::write_descriptor(referrer.descriptor);
  if (!referrer.artifact_type.empty()) entry.set("artifactType", referrer.artifact_type);
  return entry;
}

}  // namespace

std::vector<Referrer> read_referrers(base::ByteView bytes) {
  const json::Value value = parse_document(bytes, true);
  std::vector<Referrer> referrers;
  for (const auto& entry : entries_of(json::Cursor(value))) referrers.push_back(read_entry(entry));
  return referrers;
}

std::optional<std::string> add_referrers(base::ByteView list, const std::vector<Referrer>& entries) {
  json::Object document{{"schemaVersion", 2}, {"mediaType", oci::kOciIndex}, {"manifests", json::Array{}}};
  std::set<std::string> listed;
  if (!list.empty()) {
    const json::Value value = parse_document(list, false);
    // What others put there is kept, also what could not be carried.
    for (const auto& entry : entries_of(json::Cursor(value))) listed.insert(entry.at("digest").string());
    document = *value.get_if<json::Object>();
  }
  const json::Value* before = document.find("manifests");
  json::Array manifests = before->is_null() ? json::Array{} : *before->get_if<json::Array>();
  bool changed = list.empty();
  for (const auto& entry : entries) {
    if (!listed.insert(entry.descriptor.digest.text()).second) continue;
    manifests.emplace_back(write_entry(entry));
    changed = true;
  }
  if (!changed) return std::nullopt;
  document.set("manifests", std::move(manifests));
  return json::serialize(document);
}

Referrer describe_referrer(const oci::Descriptor& descriptor, base::ByteView manifest) {
  Referrer referrer{{descriptor.media_type, descriptor.digest, descriptor.size, {}, {}}, {}};
  const json::Value value = parse_document(manifest, true);
  const json::Cursor at(value);
  at.no_case_variants({"artifactType", "config", "annotations"});
  if (const auto type = maybe_set(at, "artifactType")) referrer.artifact_type = type->string(kMaxTypeLength);
  if (const auto config = maybe_set(at, "config"); config && referrer.artifact_type.empty()) {
    referrer.artifact_type = config->at("mediaType").string(kMaxTypeLength);
  }
  if (const auto annotations = maybe_set(at, "annotations")) {
    for (const auto& [name, text] : annotations->members()) {
      referrer.descriptor.annotations.emplace(name, text.string());
    }
  }
  return referrer;
}

}  // namespace gapstow::registry
