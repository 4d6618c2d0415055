#include "gapstow/oci/image_source.h"

#include <algorithm>
#include <array>

#include "catalog.h"
#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"

namespace gapstow::oci {
namespace {

using base::Error;
using base::ErrorCode;
using Transport = ImageLocation::Transport;

struct TransportName {
  std::string_view name;
  Transport transport;
};
constexpr std::array<TransportName, 4> kTransports{{{"oci", Transport::oci},
                                                    {"oci-archive", Transport::oci_archive},
                                                    {"docker-archive", Transport::docker_archive},
                                                    {"docker", Transport::docker}}};
constexpr std::string_view kSlashes = "//";  ///< between "docker:" and what it names

std::unique_ptr<ImageSource> open_layout(std::unique_ptr<LayoutFiles> files, std::string description) {
  auto catalog = std::make_unique<Catalog>(std::move(files), std::move(description));
  fill_from_layout(*catalog);
  return catalog;
}

/// What stands behind "docker:"; the reference's own grammar is left to parse_reference().
ImageLocation parse_docker(std::string_view text, std::string_view rest) {
  if (!rest.starts_with(kSlashes)) {
    throw Error(ErrorCode::usage, "'" + base::printable(text) + "' is no image location",
                "for an image in a registry write docker://HOST/NAME:TAG; for a file of docker save "
                "docker-archive:FILE");
  }
  const std::string_view reference = rest.substr(kSlashes.size());
  if (reference.empty()) throw Error(ErrorCode::usage, "'" + base::printable(text) + "' names no image");
  const bool spaced = std::ranges::any_of(reference, [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); });
  if (spaced) throw Error(ErrorCode::usage, "'" + base::printable(text) + "' has white space in it");
  return {Transport::docker, std::string(reference), {}};
}

ImageLocation parse_file(Transport transport, std::string_view text, std::string_view rest) {
  const std::size_t end = rest.find(':');
  ImageLocation location{transport, std::string(rest.substr(0, end)), {}};
  if (end != std::string_view::npos) location.reference = rest.substr(end + 1);
  if (location.path.empty()) {
    throw Error(ErrorCode::usage, "'" + base::printable(text) + "' names no file or folder");
  }
  if (end != std::string_view::npos && location.reference.empty()) {
    throw Error(ErrorCode::usage, "'" + base::printable(text) + "' has nothing behind the last colon");
  }
  return location;
}

}  // namespace

base::Bytes read_blob(ImageSource& source, const Descriptor& descriptor, std::uint64_t limit) {
  return base::with_context(source.description() + ": " + descriptor.digest.short_text(), [&] {
    base::check_limit(descriptor.size, limit, "size of the document");
    const auto size = source.find(descriptor);
    if (!size) throw Error(ErrorCode::not_found, "blob " + descriptor.digest.text() + " is not there");
    if (*size != descriptor.size) {
      throw Error(ErrorCode::digest_mismatch, "blob " + descriptor.digest.text() + " has " + std::to_string(*size) +
                                                  " bytes, its descriptor says " + std::to_string(descriptor.size));
    }
    const auto stream = source.open(descriptor);
    digest::VerifyingSource proven(*stream, descriptor.size, descriptor.digest);
    return base::read_all(proven, limit);
  });
}

std::string ImageLocation::text() const {
  std::string text;
  for (const auto& each : kTransports) {
    if (each.transport != transport) continue;
    text = std::string(each.name) + ":";
    if (transport == Transport::docker) text += kSlashes;
    text += path;
  }
  return reference.empty() ? text : text + ":" + reference;
}

ImageLocation parse_location(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  for (const auto& each : kTransports) {
    if (colon == std::string_view::npos || each.name != name) continue;
    const std::string_view rest = text.substr(colon + 1);
    if (each.transport == Transport::docker) return parse_docker(text, rest);
    return parse_file(each.transport, text, rest);
  }
  throw Error(ErrorCode::usage, "'" + base::printable(text) + "' is no image location",
              "write oci:DIR[:REF], oci-archive:FILE[:REF], docker-archive:FILE[:REF] or docker://REFERENCE");
}

std::unique_ptr<ImageSource> open_oci_folder(base::ReadFs& fs, const std::string& path) {
  return open_layout(open_folder_files(fs, path), "oci:" + path);
}

std::unique_ptr<ImageSource> open_oci_archive(base::ReadFs& fs, const std::string& path) {
  return open_layout(open_archive_files(fs, path), "oci-archive:" + path);
}

}  // namespace gapstow::oci
