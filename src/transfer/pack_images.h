// The first half of packing: which images are meant, which digest their chain signs, and what that takes.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "contents.h"
#include "gapstow/oci/image_source.h"
#include "gapstow/oci/reference.h"
#include "gapstow/transfer/pack.h"
#include "gapstow/tuf/chain.h"

namespace gapstow::transfer {

/// An image argument resolved to one image of one source.
struct ChosenImage {
  oci::ImageSource* source = nullptr;
  oci::Reference reference;                  ///< the origin; the repository is the GUN unless --gun says otherwise
  std::vector<oci::SourceImage> candidates;  ///< of files: that the name or REF may mean; at least one
  bool is_remote = false;                    ///< a repository of a registry, which is asked by tag or digest
  std::string tag;                           ///< of a repository: under which it is there; empty with a digest alone
  std::optional<digest::Digest> digest;      ///< of a repository: that the location names
  bool all_tags = false;                     ///< of a repository: stands for every tag
  bool is_named = false;                     ///< the origin was given by --name
};

/// Opens every source once and resolves the arguments. Error{not_found}, Error{usage} when a name is missing or
/// unclear.
class ImageChooser {
 public:
  ImageChooser(const PackRequest& request, base::ReadFs& fs);
  std::vector<ChosenImage>& chosen() { return chosen_; }
  const std::vector<ChosenImage>& chosen() const { return chosen_; }
  /// Arguments that could not be opened, when the run keeps going.
  const std::vector<Failure>& failures() const { return failures_; }

 private:
  oci::ImageSource& open(const oci::ImageLocation& location);
  void choose(const ImageRequest& image);
  void choose_remote(const ImageRequest& image);
  void choose_all(oci::ImageSource& source, const ImageRequest& image);

  const PackRequest& request_;
  base::ReadFs& fs_;
  std::map<std::string, std::unique_ptr<oci::ImageSource>> sources_;
  std::vector<ChosenImage> chosen_;
  std::vector<Failure> failures_;
  std::set<std::pair<const oci::ImageSource*, std::string>> taken_;  ///< by choose_all()
};

/// The image that the target signs. Error{target_mismatch} says which digest was signed, which is there, why that
/// happens and how to export the image right.
oci::SourceImage match_target(const ChosenImage& image, const tuf::ProvenTarget& target);

/// The image as it is there, where no chain says which it should be.
oci::SourceImage match_unsigned(const ChosenImage& image);

/// A tag that holds what is attached to images, by the schemes of OCI and cosign: "sha256-<hex>", "sha256-<hex>.sig".
bool is_attachment_tag(std::string_view tag);

}  // namespace gapstow::transfer
