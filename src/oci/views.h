// The JSON views over a set of blobs, and which images each kind of destination can hold.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gapstow/json/value.h"
#include "gapstow/oci/image_destination.h"

namespace gapstow::oci {

/// A small file of a layout: name and content.
using View = std::pair<std::string, std::string>;

/// index.json's entry of an image, under that ref.name.
json::Object index_entry(const NamedImage& image, const std::string& ref_name);

/// Error{usage} when a REF is given for more than one image, Error{invalid_reference} when it is none,
/// Error{digest_unavailable} for images whose signed layers are not there.
void check_layout_images(const std::vector<NamedImage>& images, const std::string& reference);
/// Error{digest_unavailable} for images that have no docker view, Error{unsupported} for images with attachments.
void check_docker_images(const std::vector<NamedImage>& images);

/// The entries of index.json for these images; `reference`, where given, is the ref.name.
json::Array index_entries(const std::vector<NamedImage>& images, const std::string& reference);
/// index_entries(), and behind them what is attached: a referrer under the annotation that containerd knows (what scans
/// all manifests, as oras does, finds it by its subject), a cosign tag as the name that it has in the image's
/// repository. Error{conflict} where such a name would name two manifests, Error{limit_exceeded} for more than a
/// layout's index takes.
json::Array layout_entries(const std::vector<NamedImage>& images, const std::string& reference);
/// index.json around its entries.
std::string wrap_index(json::Array entries);

}  // namespace gapstow::oci
