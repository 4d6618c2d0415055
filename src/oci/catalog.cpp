#include "catalog.h"

#include <algorithm>

#include "annotations.h"
#include "foreign_json.h"
#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"

namespace gapstow::oci {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::uint64_t kMaxLayoutFile = 4096;  ///< the file has 31 bytes

std::string annotation(const Descriptor& entry, std::string_view name) {
  const auto found = entry.annotations.find(std::string(name));
  return found == entry.annotations.end() ? std::string() : found->second;
}

/// A layout of nothing but attachments offers them as they are.
std::vector<std::size_t> without_attachments(Catalog& catalog, std::vector<std::size_t> entries) {
  if (entries.size() < 2) return entries;
  const std::vector<bool> attached = catalog.attachment_finder().attached();
  std::vector<std::size_t> images;
  std::ranges::copy_if(entries, std::back_inserter(images), [&](std::size_t i) { return !attached[i]; });
  return images.empty() ? entries : images;
}

}  // namespace

Catalog::Catalog(std::unique_ptr<LayoutFiles> files, std::string description)
    : files_(std::move(files)), description_(std::move(description)) {}

std::optional<std::uint64_t> Catalog::size_of(const digest::Digest& digest) const {
  if (const auto found = places_.find(digest); found != places_.end()) {
    if (const auto* bytes = std::get_if<base::Bytes>(&found->second)) return bytes->size();
    return files_->find(std::get<std::string>(found->second));
  }
  if (digest.empty() || digest.algorithm() != digest::Algorithm::sha256) return std::nullopt;
  return files_->find(blob_name(digest));
}

std::unique_ptr<base::Source> Catalog::open(const Descriptor& blob) {
  const digest::Digest& digest = blob.digest;
  const auto found = places_.find(digest);
  if (found != places_.end()) {
    if (const auto* bytes = std::get_if<base::Bytes>(&found->second)) {
      return std::make_unique<base::MemorySource>(*bytes);
    }
    return files_->open(std::get<std::string>(found->second));
  }
  if (!size_of(digest)) throw Error(ErrorCode::not_found, "blob " + digest.text() + " is not in " + description_);
  return files_->open(blob_name(digest));
}

std::optional<SourceImage> Catalog::find_manifest(const digest::Digest& digest) {
  for (const auto& image : images_) {
    if (image.has_manifest && image.root.digest == digest) return image;
  }
  const auto size = size_of(digest);
  if (!size || *size > kMaxManifestBytes) return std::nullopt;
  Descriptor root{std::string(kOciManifest), digest, *size, {}, {}};
  const base::Bytes bytes = read_blob(*this, root, kMaxManifestBytes);
  try {
    const auto document = parse_manifest(bytes, {});
    root.media_type = std::visit([](const auto& each) { return each.media_type; }, document);
  } catch (const Error&) {
    return std::nullopt;  // a blob, but no manifest
  }
  return SourceImage{std::move(root), {}, Binding::manifest, true};
}

std::uint64_t Catalog::position_of(const digest::Digest& digest) const {
  const auto found = places_.find(digest);
  if (found == places_.end()) return files_->position(blob_name(digest));
  const auto* name = std::get_if<std::string>(&found->second);
  return name == nullptr ? 0 : files_->position(*name);
}

void Catalog::offer_file(const digest::Digest& digest, std::string name) {
  places_.insert_or_assign(digest, std::move(name));
}

void Catalog::offer_bytes(const digest::Digest& digest, base::Bytes bytes) {
  places_.insert_or_assign(digest, std::move(bytes));
}

void add_name(SourceImage& image, const std::string& name) {
  if (!name.empty() && std::ranges::find(image.names, name) == image.names.end()) image.names.push_back(name);
}

void check_layout_version(LayoutFiles& files) {
  const base::Bytes bytes = read_small(files, "oci-layout", kMaxLayoutFile);
  base::with_context("oci-layout", [&] {
    const json::Value value = parse_foreign(bytes, kMaxLayoutFile);
    const json::Cursor at(value);
    check_names(at, {"imageLayoutVersion"});
    const std::string& version = at.at("imageLayoutVersion").string(64);
    if (version != "1.0.0") {
      throw Error(ErrorCode::unsupported, "image layout version " + base::printable(version) + " is not known");
    }
  });
}

void fill_from_layout(Catalog& catalog) {
  for (const char* name : {"oci-layout", "index.json"}) {
    if (!catalog.files().find(name)) {
      throw Error(ErrorCode::malformed, catalog.description() + " is no OCI image layout: it has no " + name,
                  "what docker save writes is read as docker-archive:FILE");
    }
  }
  check_layout_version(catalog.files());
  const base::Bytes bytes = read_small(catalog.files(), "index.json", kMaxManifestBytes);
  const auto document = base::with_context("index.json", [&] { return parse_manifest(bytes, kOciIndex); });
  const auto& entries = std::get<Index>(document).manifests;
  catalog.attachment_finder().list(entries);
  std::vector<std::size_t> images;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    // The specification lets an index name things of other kinds.
    if (is_image_manifest(entries[i].media_type) || is_index(entries[i].media_type)) images.push_back(i);
  }
  for (const std::size_t i : without_attachments(catalog, std::move(images))) {
    SourceImage image;
    image.root = entries[i];
    add_name(image, annotation(entries[i], kRefName));
    add_name(image, annotation(entries[i], kContainerdName));
    catalog.editable_images().push_back(std::move(image));
  }
}

}  // namespace gapstow::oci
