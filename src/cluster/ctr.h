// Ctr: containerd through its command line program, one namespace of it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "gapstow/base/cancel.h"
#include "gapstow/base/stream.h"
#include "gapstow/digest/digest.h"

namespace gapstow::cluster {

class Ctr {
 public:
  /// `program`: "ctr", or its path.
  Ctr(std::string program, std::string address, std::string name_space)
      : program_(std::move(program)), address_(std::move(address)), name_space_(std::move(name_space)) {}

  using Labels = std::map<std::string, std::string>;

  /// Every call: Error{not_found} without the program, Error{network} with containerd's own words when it fails.
  /// Names of images and the digests that they stand for.
  std::map<std::string, digest::Digest> images(const base::CancelToken& cancel) const;
  /// Blobs and their labels.
  std::map<digest::Digest, Labels> content(const base::CancelToken& cancel) const;
  /// Imports a tar without unpacking. `platform` chooses what of an index must be there; empty: everything.
  void import(base::Source& tar, const std::string& platform, const base::CancelToken& cancel) const;
  /// Gives an image more names; a name that is taken leads to this image from now on.
  void tag(const std::string& from, const std::vector<std::string>& to, const base::CancelToken& cancel) const;
  /// Names that are not there are no error.
  void remove(const std::vector<std::string>& names, const base::CancelToken& cancel) const;
  void label(const digest::Digest& blob, const Labels& labels, const base::CancelToken& cancel) const;
  /// Unpacks the image for this machine, with the snapshotter of $CONTAINERD_SNAPSHOTTER or else overlayfs.
  void unpack(const digest::Digest& image, const base::CancelToken& cancel) const;

 private:
  std::string run(std::vector<std::string> words, base::Source* input, const base::CancelToken& cancel) const;
  std::string hint_for(const std::string& errors) const;

  std::string program_;
  std::string address_;
  std::string name_space_;
};

/// Parsers of what ctr prints, for tests: tables whose first line is a heading.
std::map<std::string, digest::Digest> parse_image_table(const std::string& text);
std::map<digest::Digest, Ctr::Labels> parse_content_table(const std::string& text);

}  // namespace gapstow::cluster
