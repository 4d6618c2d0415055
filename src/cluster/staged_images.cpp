#include "staged_images.h"

#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <utility>

#include "gapstow/base/error.h"
#include "gapstow/oci/manifest.h"

namespace gapstow::cluster {
namespace {

using base::Error;
using base::ErrorCode;

class Look {
 public:
  Look(oci::ImageSource& source) : source_(source), host_(host_platform()) {}

  StagedImage at(const oci::NamedImage& image) {
    StagedImage staged{image, std::nullopt, false};
    if (!oci::is_index(image.root.media_type)) {
      staged.runs_here = manifest_runs_here(image.root);
      return staged;
    }
    const auto index = read_index(image.root);
    staged.runs_here = std::ranges::any_of(index.manifests, [&](const auto& child) {
      return child.platform && is_host(*child.platform) && source_.find(child);
    });
    if (!is_complete(image.root)) staged.partial = split(index, image);
    return staged;
  }

 private:
  std::variant<oci::Manifest, oci::Index> read(const oci::Descriptor& at) {
    return oci::parse_manifest(oci::read_blob(source_, at, oci::kMaxManifestBytes), at.media_type);
  }
  oci::Index read_index(const oci::Descriptor& at) { return std::get<oci::Index>(read(at)); }

  bool is_host(const oci::Platform& platform) const {
    return platform.os == host_.os && platform.architecture == host_.architecture;
  }

  bool manifest_runs_here(const oci::Descriptor& at) {
    const auto document = read(at);
    const auto* manifest = std::get_if<oci::Manifest>(&document);
    if (manifest == nullptr || !oci::is_image_config(manifest->config.media_type)) return false;
    return is_host(oci::parse_image_config(oci::read_blob(source_, manifest->config, oci::kMaxConfigBytes)).platform);
  }

  bool is_complete(const oci::Descriptor& at) {
    if (!source_.find(at)) return false;
    if (!oci::is_index(at.media_type)) return true;
    const auto index = read_index(at);
    return std::ranges::all_of(index.manifests, [&](const auto& child) { return is_complete(child); });
  }

  PartialIndex split(const oci::Index& index, const oci::NamedImage& image) {
    PartialIndex partial;
    std::vector<std::string> missing;
    for (std::size_t i = 0; i < index.manifests.size(); ++i) {
      const auto& child = index.manifests[i];
      const std::string platform = child.platform ? child.platform->text() : std::string();
      if (is_complete(child)) {
        partial.children.push_back({i, child});
      } else if (source_.find(child) || platform.empty()) {
        refuse(image);
      } else {
        missing.push_back(platform);
      }
    }
    for (const auto& [place, child] : partial.children) {
      if (!child.platform || std::ranges::find(missing, child.platform->text()) != missing.end()) continue;
      partial.platform = child.platform->text();
      return partial;
    }
    refuse(image);
  }

  [[noreturn]] static void refuse(const oci::NamedImage& image) {
    throw Error(ErrorCode::digest_unavailable,
                image.reference +
                    ": parts of its index are missing, and containerd cannot tell them from those "
                    "that are there",
                "pack the image again with all its platforms, or import it into a registry");
  }

  oci::ImageSource& source_;
  oci::Platform host_;
};

}  // namespace

std::vector<StagedImage> look_at_images(base::ReadFs& fs, const std::string& folder,
                                        const std::vector<oci::NamedImage>& images) {
  const auto source = oci::open_oci_folder(fs, folder);
  Look look(*source);
  std::vector<StagedImage> staged;
  for (const auto& image : images) {
    base::with_context(image.reference, [&] { staged.push_back(look.at(image)); });
  }
  return staged;
}

oci::Platform host_platform() {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kNames{{{"x86_64", "amd64"},
                                                                                 {"aarch64", "arm64"},
                                                                                 {"armv7l", "arm"},
                                                                                 {"armv6l", "arm"},
                                                                                 {"i686", "386"},
                                                                                 {"loongarch64", "loong64"}}};
  utsname system{};
  if (::uname(&system) != 0) return {};
  std::string machine = system.machine;
  for (const auto& [kernel, name] : kNames) {
    if (machine == kernel) return {"linux", std::string(name), {}};
  }
  return {"linux", machine, {}};  // ppc64le, s390x, riscv64 have one name
}

}  // namespace gapstow::cluster
