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
  oci::Reference reference;                  ///< as named; the repository is the GUN unless --gun says otherwise
  std::vector<oci::SourceImage> candidates;  ///< that the name or REF may mean; at least one
};

/// Opens every source once and resolves the arguments. Error{not_found}, Error{usage} when a name is missing or
/// unclear.
class ImageChooser {
 public:
  ImageChooser(const PackRequest& request, base::ReadFs& fs);
  const std::vector<ChosenImage>& chosen() const { return chosen_; }

 private:
  oci::ImageSource& open(const oci::ImageLocation& location);
  void choose(const ImageRequest& image);
  void choose_all(oci::ImageSource& source, const ImageRequest& image);

  const PackRequest& request_;
  base::ReadFs& fs_;
  std::map<std::string, std::unique_ptr<oci::ImageSource>> sources_;
  std::vector<ChosenImage> chosen_;
  std::set<std::pair<const oci::ImageSource*, std::string>> taken_;  ///< by choose_all()
};

/// The candidate that the target signs. Error{target_mismatch} says which digest was signed, which is there, why that
/// happens and how to export the image right.
const oci::SourceImage& match_target(const ChosenImage& image, const tuf::ProvenTarget& target);

}  // namespace gapstow::transfer
