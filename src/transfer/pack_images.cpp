#include "pack_images.h"

#include <algorithm>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"

namespace gapstow::transfer {
namespace {

using base::Error;
using base::ErrorCode;

/// A name as found in a source, when it is a full reference: "1.1" alone is only a tag.
std::optional<oci::Reference> full_reference(const std::string& name) {
  if (name.find('/') == std::string::npos && name.find(':') == std::string::npos) return std::nullopt;
  try {
    return oci::parse_reference(name);
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// Whether a REF behind the path means this name: the same text, the same reference, or the name's tag.
bool means(const std::string& wanted, const std::string& name) {
  if (wanted == name) return true;
  const auto full = full_reference(name);
  if (!full) return false;
  if (full->tag == wanted) return true;
  const auto other = full_reference(wanted);
  return other && other->text() == full->text();
}

bool means(const std::string& wanted, const oci::SourceImage& image) {
  return wanted == image.root.digest.text() ||
         std::ranges::any_of(image.names, [&](const std::string& name) { return means(wanted, name); });
}

std::string names_in(const oci::ImageSource& source) {
  std::vector<std::string> names;
  for (const auto& image : source.images()) {
    if (image.names.empty()) names.push_back(image.root.digest.short_text());
    names.insert(names.end(), image.names.begin(), image.names.end());
  }
  return names.empty() ? "no image" : base::join(names, ", ");
}

std::optional<oci::Reference> own_reference(const oci::SourceImage& image) {
  for (const auto& name : image.names) {
    if (auto reference = full_reference(name)) return reference;
  }
  return std::nullopt;
}

Error unnamed(const oci::ImageSource& source) {
  return {ErrorCode::usage, source.description() + " does not say under which name the image was signed",
          "give the origin reference: --name registry.example/team/app:1.0"};
}

/// Why the digest that is there is not the one that was signed, in the reader's terms.
std::string explain(const oci::SourceImage& there) {
  if (!there.has_manifest) {
    return "a classic docker save archive holds no manifest, so its digest cannot be found in it";
  }
  if (there.binding == oci::Binding::diff_ids) return "the manifest given with --manifest is another one";
  if (there.root.media_type == oci::kOciManifest || there.root.media_type == oci::kOciIndex) {
    return "skopeo copy without --preserve-digests and docker save of a classic store rewrite the manifest as OCI, "
           "which "
           "changes its digest";
  }
  return "the tag was moved, or the image was pushed or exported again, after it was signed";
}

std::string advise(const oci::SourceImage& there, const oci::Reference& reference) {
  const std::string exact = "skopeo copy --preserve-digests docker://" + reference.text() + " oci-archive:FILE.tar";
  if (!there.has_manifest) return "give the signed manifest with --manifest FILE, or export with: " + exact;
  return "export it with: " + exact + " (add --multi-arch all for an index)";
}

}  // namespace

ImageChooser::ImageChooser(const PackRequest& request, base::ReadFs& fs) : request_(request), fs_(fs) {
  for (const auto& image : request.images) {
    base::with_context(image.location.text(), [&] { choose(image); });
  }
}

oci::ImageSource& ImageChooser::open(const oci::ImageLocation& location) {
  using Transport = oci::ImageLocation::Transport;
  oci::ImageLocation place = location;
  place.reference.clear();
  auto& source = sources_[place.text()];
  if (source == nullptr) {
    switch (location.transport) {
      case Transport::oci:
        source = oci::open_oci_folder(fs_, location.path);
        break;
      case Transport::oci_archive:
        source = oci::open_oci_archive(fs_, location.path);
        break;
      case Transport::docker_archive:
        source = oci::open_docker_archive(fs_, location.path, request_.manifests);
        break;
    }
  }
  return *source;
}

void ImageChooser::choose(const ImageRequest& image) {
  oci::ImageSource& source = open(image.location);
  std::vector<oci::SourceImage> candidates;
  std::ranges::copy_if(source.images(), std::back_inserter(candidates), [&](const oci::SourceImage& each) {
    return image.location.reference.empty() || means(image.location.reference, each);
  });
  if (candidates.empty()) {
    throw Error(ErrorCode::not_found, "no image '" + image.location.reference + "' in it",
                "it holds " + names_in(source));
  }
  if (image.name.empty() && candidates.size() > 1) return choose_all(source, image);
  std::optional<oci::Reference> reference;
  if (!image.name.empty()) reference = oci::parse_reference(image.name);
  if (!reference) reference = full_reference(image.location.reference);
  if (!reference) reference = own_reference(candidates.front());
  if (!reference) throw unnamed(source);
  chosen_.push_back({&source, *reference, std::move(candidates)});
}

/// Without a name, an archive of several images is packed whole, each under its own names.
void ImageChooser::choose_all(oci::ImageSource& source, const ImageRequest& image) {
  for (const auto& each : source.images()) {
    if (!image.location.reference.empty() && !means(image.location.reference, each)) continue;
    bool named = false;
    for (const auto& name : each.names) {
      const auto reference = full_reference(name);
      if (!reference) continue;
      const bool first = taken_.emplace(&source, reference->text()).second;
      if (first) chosen_.push_back({&source, *reference, {each}});
      named = true;
    }
    if (!named) throw unnamed(source);
  }
}

const oci::SourceImage& match_target(const ChosenImage& image, const tuf::ProvenTarget& target) {
  const auto promised = std::ranges::find(target.target.hashes, digest::Algorithm::sha256, &digest::Digest::algorithm);
  if (promised == target.target.hashes.end()) {
    throw Error(ErrorCode::target_mismatch, "target " + target.name + " promises no SHA-256 digest");
  }
  const auto same = [&](const oci::SourceImage& each) { return each.has_manifest && each.root.digest == *promised; };
  auto found = std::ranges::find_if(image.candidates, same);
  const oci::SourceImage* match = found == image.candidates.end() ? nullptr : &*found;
  if (match == nullptr) {
    // Signed under this name but shown under another one, or under none: the digest decides.
    const auto other = std::ranges::find_if(image.source->images(), same);
    if (other != image.source->images().end()) match = &*other;
  }
  if (match == nullptr) {
    const oci::SourceImage& there = image.candidates.front();
    const std::string present =
        there.has_manifest ? there.root.digest.text() : "configuration " + there.root.digest.text();
    throw Error(ErrorCode::target_mismatch,
                "tag " + target.name + " is signed as " + promised->text() + ", but " + image.source->description() +
                    " holds " + present + ": " + explain(there),
                advise(there, image.reference));
  }
  if (match->root.size != target.target.length) {
    throw Error(ErrorCode::target_mismatch, "tag " + target.name + " is signed with a length of " +
                                                std::to_string(target.target.length) + " bytes, the manifest has " +
                                                std::to_string(match->root.size));
  }
  return *match;
}

}  // namespace gapstow::transfer
