#include "views.h"

#include <algorithm>
#include <map>
#include <set>

#include "annotations.h"
#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/json/write.h"
#include "gapstow/oci/reference.h"
#include "layout_files.h"

namespace gapstow::oci {
namespace {

using base::Error;
using base::ErrorCode;

/// The characters that the image specification gives org.opencontainers.image.ref.name.
void check_ref_name(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._:@/+").find(c) != std::string_view::npos;
  };
  if (name.size() <= kMaxReferenceLength && std::ranges::all_of(name, allowed)) return;
  throw Error(ErrorCode::invalid_reference, "'" + base::printable(name) + "' cannot name an image in a layout");
}

/// "alpine:3.20"; empty for images without a tag.
std::string repo_tag(const std::string& reference) {
  const Reference parsed = parse_reference(reference, false);
  return parsed.tag.empty() ? std::string() : parsed.familiar();
}

Descriptor bare(const Descriptor& at) { return {at.media_type, at.digest, at.size, {}, {}}; }

json::Object referrer_entry(const Attachment& attachment) {
  Descriptor entry = bare(attachment.root);
  entry.annotations.emplace(kContainerdSubject, attachment.subject.text());
  json::Object object = write_descriptor(entry);
  if (!attachment.artifact_type.empty()) object.set("artifactType", attachment.artifact_type);
  return object;
}

json::Object tagged_entry(const Descriptor& root, const std::string& ref_name, const std::string& full_name) {
  Descriptor entry = bare(root);
  entry.annotations.emplace(kRefName, ref_name);
  entry.annotations.emplace(kContainerdName, full_name);
  return write_descriptor(entry);
}

/// The entries of attachments, each once: images of one digest share them.
class AttachmentEntries {
 public:
  explicit AttachmentEntries(json::Array& entries) : entries_(entries) {}

  void add(const NamedImage& image) {
    for (const auto& each : image.attachments) {
      if (each.kind == Attachment::Kind::referrer) {
        if (referrers_.insert(each.root.digest).second) entries_.emplace_back(referrer_entry(each));
      } else {
        add_tag(each, parse_reference(image.reference, false).repository() + ":" + each.tag);
      }
    }
  }

 private:
  void add_tag(const Attachment& attachment, const std::string& name) {
    const auto [at, added] = tags_.emplace(name, attachment.root.digest);
    if (added) {
      entries_.emplace_back(tagged_entry(attachment.root, name, name));
    } else if (at->second != attachment.root.digest) {
      throw Error(ErrorCode::conflict,
                  name + " would name both " + at->second.short_text() + " and " + attachment.root.digest.short_text());
    }
  }

  json::Array& entries_;
  std::set<digest::Digest> referrers_;
  std::map<std::string, digest::Digest> tags_;
};

struct DockerItemView {
  const NamedImage::DockerView* view = nullptr;
  std::vector<std::string> tags;
};

json::Value write_item(const DockerItemView& item) {
  json::Array layers;
  for (const auto& layer : item.view->layers) layers.emplace_back(blob_name(layer));
  json::Array tags;
  for (const auto& tag : item.tags) tags.emplace_back(tag);
  return json::Object{
      {"Config", blob_name(item.view->config)}, {"Layers", std::move(layers)}, {"RepoTags", std::move(tags)}};
}

}  // namespace

json::Object index_entry(const NamedImage& image, const std::string& ref_name) {
  return tagged_entry(image.root, ref_name, image.reference);
}

void check_layout_images(const std::vector<NamedImage>& images, const std::string& reference) {
  if (!reference.empty()) {
    check_ref_name(reference);
    if (images.size() != 1) {
      throw Error(ErrorCode::usage,
                  "a REF names one image, and these are " + std::to_string(images.size()) + ": " + reference,
                  "leave out the REF behind the path; each image keeps its own name");
    }
  }
  for (const auto& image : images) {
    if (image.binding != Binding::diff_ids) continue;
    throw Error(ErrorCode::digest_unavailable,
                image.reference +
                    ": its layers are uncompressed, but the signed manifest names compressed ones, so "
                    "an image layout cannot hold it under the signed digest",
                "import to docker-archive:FILE, or pack the image again from an exact export");
  }
}

void check_docker_images(const std::vector<NamedImage>& images) {
  for (const auto& image : images) {
    if (!image.attachments.empty()) {
      const std::size_t count = image.attachments.size();
      throw Error(ErrorCode::usage,
                  "a docker archive cannot carry the " + std::to_string(count) +
                      (count == 1 ? " attachment of " : " attachments of ") + image.reference,
                  "import to oci-archive:FILE or docker://, or leave them out with --without-attachments");
    }
    if (image.docker) continue;
    throw Error(ErrorCode::digest_unavailable,
                image.reference + ": a docker archive shows one image of one platform, and this is no such image",
                "choose one with --platform when packing, or import to oci-archive:FILE");
  }
}

json::Array index_entries(const std::vector<NamedImage>& images, const std::string& reference) {
  json::Array entries;
  for (const auto& image : images) {
    if (image.binding != Binding::manifest) continue;
    entries.emplace_back(index_entry(image, reference.empty() ? image.reference : reference));
  }
  return entries;
}

json::Array layout_entries(const std::vector<NamedImage>& images, const std::string& reference) {
  json::Array entries = index_entries(images, reference);
  AttachmentEntries attachments(entries);
  for (const auto& image : images) attachments.add(image);
  base::check_limit(entries.size(), kMaxIndexEntries, "number of images and attachments in the layout");
  return entries;
}

std::string wrap_index(json::Array entries) {
  return json::serialize(
      json::Object{{"manifests", std::move(entries)}, {"mediaType", kOciIndex}, {"schemaVersion", 2}});
}

std::string oci_layout_json() { return json::serialize(json::Object{{"imageLayoutVersion", "1.0.0"}}); }

std::string index_json(const std::vector<NamedImage>& images) { return wrap_index(index_entries(images, {})); }

std::string docker_manifest_json(const std::vector<NamedImage>& images) {
  std::vector<DockerItemView> items;
  std::map<digest::Digest, std::size_t> by_config;
  for (const auto& image : images) {
    if (!image.docker) continue;
    const auto [at, added] = by_config.try_emplace(image.docker->config, items.size());
    if (added) items.push_back({&*image.docker, {}});
    std::vector<std::string>& tags = items[at->second].tags;
    const std::string tag = repo_tag(image.reference);
    if (!tag.empty() && std::ranges::find(tags, tag) == tags.end()) tags.push_back(tag);
  }
  if (items.empty()) return {};
  json::Array list;
  for (const auto& item : items) list.push_back(write_item(item));
  return json::serialize(std::move(list));
}

}  // namespace gapstow::oci
