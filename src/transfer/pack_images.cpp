#include "pack_images.h"

#include <algorithm>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/registry/images.h"

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
    try {
      base::with_context(image.location.text(), [&] { choose(image); });
    } catch (const Error& error) {
      if (!request.keep_going) throw;
      failures_.push_back({image.location.text(), error});
    }
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
      case Transport::docker:
        throw Error(ErrorCode::internal, "a registry is no file");
    }
  }
  return *source;
}

/// docker://HOST/REPO[:TAG][@DIGEST]. Nothing is asked yet: the chain may say which digest is meant.
void ImageChooser::choose_remote(const ImageRequest& image) {
  if (request_.network == nullptr) throw Error(ErrorCode::internal, "there is no network");
  const oci::Reference there = oci::parse_reference(image.location.path, !image.all_tags);
  if (image.all_tags && (!there.tag.empty() || there.digest)) {
    throw Error(ErrorCode::usage, "with --all-tags a repository is named without a tag");
  }
  auto& source = sources_["docker://" + there.repository()];
  if (source == nullptr) source = registry::open_repository(*request_.network, there.host, there.path);
  ChosenImage chosen;
  chosen.source = source.get();
  chosen.is_named = !image.name.empty();
  const bool has_tag = !image.all_tags && !there.digest;  // a digest may be signed under any tag
  chosen.reference = chosen.is_named ? oci::parse_reference(image.name, has_tag) : there;
  chosen.is_remote = true;
  chosen.tag = there.tag;
  chosen.digest = there.digest;
  chosen.all_tags = image.all_tags;
  if (chosen.is_named && there.digest && !chosen.reference.digest) chosen.reference.digest = there.digest;
  chosen_.push_back(std::move(chosen));
}

void ImageChooser::choose(const ImageRequest& image) {
  if (image.location.transport == oci::ImageLocation::Transport::docker) return choose_remote(image);
  if (image.all_tags) throw Error(ErrorCode::usage, "--all-tags is for repositories: docker://HOST/REPO");
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
  ChosenImage chosen{&source, *reference, std::move(candidates), false, {}, {}, false, !image.name.empty()};
  chosen_.push_back(std::move(chosen));
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
      if (first) chosen_.push_back({&source, *reference, {each}, false, {}, {}, false, false});
      named = true;
    }
    if (!named) throw unnamed(source);
  }
}

namespace {

void check_length(const oci::SourceImage& match, const tuf::ProvenTarget& target) {
  if (match.root.size == target.target.length) return;
  throw Error(ErrorCode::target_mismatch, "target " + target.name + " is signed with a length of " +
                                              std::to_string(target.target.length) + " bytes, the manifest has " +
                                              std::to_string(match.root.size));
}

/// Whether the manifest has every hash that is signed.
bool has_hashes(const ChosenImage& image, const oci::SourceImage& there, const tuf::ProvenTarget& target) {
  const base::Bytes bytes = oci::read_blob(*image.source, there.root, oci::kMaxManifestBytes);
  return std::ranges::all_of(target.target.hashes, [&](const digest::Digest& hash) {
    return hash == (hash.algorithm() == digest::Algorithm::sha512 ? digest::sha512(bytes) : digest::sha256(bytes));
  });
}

void check_hashes(const ChosenImage& image, const oci::SourceImage& match, const tuf::ProvenTarget& target) {
  if (has_hashes(image, match, target)) return;
  throw Error(ErrorCode::target_mismatch,
              "target " + target.name + " is signed with several hashes, and the manifest has not all of them");
}

/// The registry no longer has what was signed; the tag may show something else.
[[noreturn]] void refuse_remote(const ChosenImage& image, const digest::Digest& promised, const std::string& target) {
  const std::string signed_as =
      "target " + target + " is signed as " + promised.text() + ", but " + image.source->description();
  const auto now = image.tag.empty() ? std::nullopt : image.source->find_tag(image.tag);
  if (!now) throw Error(ErrorCode::target_mismatch, signed_as + " has no such manifest");
  throw Error(ErrorCode::target_mismatch,
              signed_as + " has no such manifest: its tag " + image.tag + " is " + now->root.digest.text() +
                  " now: it was pushed again after it was signed, or what was signed was deleted",
              "sign what is there now, or push the signed image again");
}

oci::SourceImage match_digest(const ChosenImage& image, const digest::Digest& promised, const std::string& target) {
  const auto same = [&](const oci::SourceImage& each) { return each.has_manifest && each.root.digest == promised; };
  const auto listed = std::ranges::find_if(image.candidates, same);
  if (listed != image.candidates.end()) return *listed;
  // Signed under this name but shown under another one, or under none: the digest decides.
  if (auto match = image.source->find_manifest(promised)) return *match;
  if (image.is_remote) refuse_remote(image, promised, target);
  const oci::SourceImage& there = image.candidates.front();
  const std::string present =
      there.has_manifest ? there.root.digest.text() : "configuration " + there.root.digest.text();
  throw Error(ErrorCode::target_mismatch,
              "target " + target + " is signed as " + promised.text() + ", but " + image.source->description() +
                  " holds " + present + ": " + explain(there),
              advise(there, image.reference));
}

/// Signed without SHA-256, by which images are found: what stands under the name is asked whether it is the one.
oci::SourceImage match_content(const ChosenImage& image, const tuf::ProvenTarget& target) {
  std::vector<oci::SourceImage> candidates = image.candidates;
  if (image.is_remote) {
    const auto there = image.digest ? image.source->find_manifest(*image.digest) : image.source->find_tag(image.tag);
    if (there) candidates.push_back(*there);
  }
  for (const auto& each : candidates) {
    if (each.has_manifest && each.root.size == target.target.length && has_hashes(image, each, target)) return each;
  }
  throw Error(ErrorCode::target_mismatch, "target " + target.name + " is signed as " +
                                              target.target.hashes.front().short_text() + ", and " +
                                              image.source->description() + " holds no such manifest under its name");
}

}  // namespace

oci::SourceImage match_target(const ChosenImage& image, const tuf::ProvenTarget& target) {
  const auto promised = std::ranges::find(target.target.hashes, digest::Algorithm::sha256, &digest::Digest::algorithm);
  const bool is_by_digest = promised != target.target.hashes.end();
  const oci::SourceImage match =
      is_by_digest ? match_digest(image, *promised, target.name) : match_content(image, target);
  check_length(match, target);
  if (target.target.hashes.size() > 1) check_hashes(image, match, target);
  return match;
}

oci::SourceImage match_unsigned(const ChosenImage& image) {
  std::optional<oci::SourceImage> found;
  if (image.is_remote) {
    found = image.digest ? image.source->find_manifest(*image.digest) : image.source->find_tag(image.tag);
    if (!found) throw Error(ErrorCode::not_found, image.source->description() + " has no such image");
  } else {
    if (image.candidates.size() > 1) {
      throw Error(ErrorCode::usage, image.source->description() + " holds several images", "say which one: FILE:REF");
    }
    found = image.candidates.front();
  }
  if (!found->has_manifest) {
    throw Error(ErrorCode::target_mismatch, "a classic docker archive holds no manifest that could be packed",
                "give the manifest with --manifest FILE, or export with skopeo copy --preserve-digests");
  }
  if (image.reference.digest && *image.reference.digest != found->root.digest) {
    throw Error(ErrorCode::target_mismatch, image.source->description() + " holds " + found->root.digest.text());
  }
  return *found;
}

bool is_attachment_tag(std::string_view tag) {
  constexpr std::string_view kStem = "sha256-";
  constexpr std::size_t kHexDigits = 64;
  if (!tag.starts_with(kStem) || tag.size() < kStem.size() + kHexDigits) return false;
  const std::string_view rest = tag.substr(kStem.size() + kHexDigits);
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  const bool known = rest.empty() || std::ranges::find(oci::kCosignSuffixes, rest) != std::end(oci::kCosignSuffixes);
  return known && std::ranges::all_of(tag.substr(kStem.size(), kHexDigits), is_hex);
}

}  // namespace gapstow::transfer
