#include <algorithm>
#include <map>

#include "gapstow/base/error.h"
#include "gapstow/cluster/destinations.h"
#include "gapstow/digest/digest.h"
#include "gapstow/oci/image_source.h"
#include "gapstow/oci/reference.h"
#include "importable.h"

namespace gapstow::cluster {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view kPrefix = "gapstow-";
constexpr std::string_view kSuffix = ".tar";
constexpr std::size_t kHexDigits = 16;

std::vector<std::string> sorted_names(const std::vector<oci::NamedImage>& images) {
  std::vector<std::string> names;
  for (const auto& image : images) names.push_back(image.reference);
  std::ranges::sort(names);
  return names;
}

/// "gapstow-app-4f53cda18c2baa0c.tar": for people the last part of the first name, for programs a hash of all.
std::string archive_name(const std::vector<oci::NamedImage>& images) {
  std::string all;
  const auto names = sorted_names(images);
  for (const auto& name : names) all += name + "\n";
  const std::string path = oci::parse_reference(names.front(), false).path;
  const std::string last = path.substr(path.rfind('/') + 1);
  return std::string(kPrefix) + last.substr(0, 100) + "-" +
         digest::sha256(base::as_bytes(all)).hex().substr(0, kHexDigits) + std::string(kSuffix);
}

class K3sFolder final : public oci::ImageDestination {
 public:
  K3sFolder(base::WriteFs& fs, std::string folder) : fs_(fs), folder_(std::move(folder)) {
    while (folder_.size() > 1 && folder_.ends_with('/')) folder_.pop_back();
    const auto status = fs_.status(folder_);
    if (!status || status->kind != base::FileStatus::Kind::folder) {
      throw Error(status ? ErrorCode::conflict : ErrorCode::not_found,
                  folder_ + (status ? " is no folder" : " does not exist"),
                  "k3s reads /var/lib/rancher/k3s/agent/images, rke2 /var/lib/rancher/rke2/agent/images; make it with "
                  "mkdir -p");
    }
  }

  void begin(const std::vector<oci::NamedImage>& images, const std::vector<oci::PlannedBlob>& blobs) override {
    check_importable(images, "a folder of k3s");
    const std::string name = archive_name(images);
    check_others(name, images);
    inner_ = oci::make_import_archive(fs_, folder_ + "/" + name, std::string(kK3sTransport) + folder_ + "/" + name);
    inner_->begin(images, blobs);
  }

  bool holds(const digest::Digest& digest) const override { return inner_->holds(digest); }
  std::unique_ptr<base::Sink> put(const digest::Digest& digest) override { return inner_->put(digest); }
  bool retries(const digest::Digest&, const base::Error&) override { return false; }
  void settle() override { inner_->settle(); }
  void commit() override { inner_->commit(); }
  std::vector<oci::Delivery> deliveries() const override { return inner_->deliveries(); }
  std::string description() const override { return std::string(kK3sTransport) + folder_; }

 private:
  /// Two archives with one name in them: k3s takes both, and the last one wins.
  void check_others(const std::string& own, const std::vector<oci::NamedImage>& images) {
    std::map<std::string, digest::Digest> wanted;
    for (const auto& image : images) wanted.emplace(image.reference, image.root.digest);
    for (const auto& name : fs_.list(folder_)) {
      if (name == own || !name.starts_with(kPrefix) || !name.ends_with(kSuffix)) continue;
      const auto source = oci::open_oci_archive(fs_, folder_ + "/" + name);
      for (const auto& image : source->images()) {
        for (const auto& taken : image.names) {
          const auto at = wanted.find(taken);
          if (at == wanted.end() || at->second == image.root.digest) continue;
          throw Error(ErrorCode::conflict,
                      folder_ + "/" + name + " holds another image under the name " + taken + ": " +
                          image.root.digest.short_text(),
                      "remove that file, or give the image another name with --rename FROM=TO");
        }
      }
    }
  }

  base::WriteFs& fs_;
  std::string folder_;
  std::unique_ptr<oci::ImageDestination> inner_;
};

}  // namespace

std::unique_ptr<oci::ImageDestination> make_k3s_folder(base::WriteFs& fs, const std::string& folder) {
  return std::make_unique<K3sFolder>(fs, folder);
}

}  // namespace gapstow::cluster
