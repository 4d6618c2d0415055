#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "ctr.h"
#include "gapstow/base/atomic_file.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/cluster/destinations.h"
#include "gapstow/oci/reference.h"
#include "importable.h"
#include "layout_tar.h"
#include "names.h"
#include "staged_images.h"

namespace gapstow::cluster {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view kRefName = "org.opencontainers.image.ref.name";
constexpr std::string_view kContainerdName = "io.containerd.image.name";
constexpr std::string_view kChildLabel = "containerd.io/gc.ref.content.m.";
constexpr std::string_view kOriginLabel = "containerd.distribution.source.";
constexpr std::size_t kMaxLabelBytes = 4096;  ///< of a key with its value

json::Value entry(oci::Descriptor at, const std::string& name) {
  at.platform.reset();
  at.annotations = {{std::string(kContainerdName), name}, {std::string(kRefName), name.substr(name.rfind(':') + 1)}};
  return oci::write_descriptor(at);
}

class Containerd final : public oci::ImageDestination {
 public:
  Containerd(ContainerdPlace place, ContainerdTools tools)
      : place_(std::move(place)),
        tools_(std::move(tools)),
        ctr_(tools_.program, place_.address, place_.name_space),
        names_(ctr_, tools_.cancel),
        folder_(base::temporary_name(tools_.staging_folder + "/gapstow-import")) {}
  Containerd(const Containerd&) = delete;
  Containerd& operator=(const Containerd&) = delete;
  ~Containerd() override {
    inner_.reset();
    remove_tree(tools_.fs, folder_);
  }

  void begin(const std::vector<oci::NamedImage>& images, const std::vector<oci::PlannedBlob>& blobs) override {
    check_importable(images, "containerd");
    if (!tools_.fs.status(place_.address)) {
      throw Error(ErrorCode::not_found, "there is no containerd at " + place_.address,
                  "write containerd:SOCKET; k3s has its own at /run/k3s/containerd/containerd.sock");
    }
    images_ = images;
    blobs_ = blobs;
    plan_deliveries();
    tools_.fs.make_folder(folder_, 0700);
    inner_ = oci::make_oci_folder(tools_.fs, folder_ + "/images", {});
    inner_->begin(images, blobs);
  }

  /// What is in containerd may be collected before it has a name.
  bool holds(const digest::Digest&) const override { return false; }
  std::unique_ptr<base::Sink> put(const digest::Digest& digest) override { return inner_->put(digest); }
  bool retries(const digest::Digest&, const base::Error&) override { return false; }

  void settle() override {
    inner_->settle();
    inner_->commit();
    names_.sweep();
    const auto staged = look_at_images(tools_.fs, folder_ + "/images", images_);
    while (stages_.size() < staged.size()) stages_.push_back(names_.reserve());
    import_contents(staged);
    for (std::size_t i = 0; i < staged.size(); ++i) {
      if (staged[i].partial) import_index(staged[i], stages_[i]);
    }
    names_.check(stages_, roots());
    label_origins();
    for (const auto& each : staged) {
      if (each.runs_here) ctr_.unpack(each.image.root.digest, tools_.cancel);
    }
    settled_ = true;
  }

  void commit() override {
    if (!settled_) settle();
    std::vector<Naming> wanted;
    for (std::size_t i = 0; i < images_.size(); ++i) {
      for (auto& name : final_names(images_[i])) wanted.push_back({stages_[i], name, images_[i].root.digest});
    }
    names_.commit(wanted);
  }

  std::vector<oci::Delivery> deliveries() const override { return deliveries_; }
  std::string description() const override { return std::string(kContainerdTransport) + place_.text(); }

 private:
  static std::vector<std::string> final_names(const oci::NamedImage& image) {
    const auto reference = oci::parse_reference(image.reference, false);
    std::vector<std::string> names{reference.repository() + "@" + image.root.digest.text()};
    if (!reference.tag.empty()) names.push_back(reference.repository() + ":" + reference.tag);
    return names;
  }

  std::vector<digest::Digest> roots() const {
    std::vector<digest::Digest> roots;
    for (const auto& image : images_) roots.push_back(image.root.digest);
    return roots;
  }

  void plan_deliveries() {
    const auto present = ctr_.content(tools_.cancel);
    for (const auto& image : images_) {
      oci::Delivery delivery;
      delivery.name = final_names(image).back();
      if (delivery.name.find('@') == std::string::npos) delivery.name += "@" + image.root.digest.text();
      using Fate = oci::Delivery::Blob::Fate;
      for (const auto& blob : image.blobs) {
        delivery.blobs.push_back({blob, present.contains(blob.digest) ? Fate::present : Fate::written});
      }
      deliveries_.push_back(std::move(delivery));
    }
  }

  void import(const json::Array& entries, const std::vector<oci::PlannedBlob>& blobs, const std::string& platform) {
    LayoutTar tar(tools_.fs, layout_members(entries, folder_ + "/images", blobs));
    ctr_.import(tar, platform, tools_.cancel);
  }

  /// Every blob, under the names of whole images and of the children of indexes that are not whole.
  void import_contents(const std::vector<StagedImage>& staged) {
    json::Array entries;
    for (std::size_t i = 0; i < staged.size(); ++i) {
      if (!staged[i].partial) {
        entries.push_back(entry(staged[i].image.root, stages_[i]));
        continue;
      }
      for (const auto& each : staged[i].partial->children) entries.push_back(entry(each.child, names_.reserve()));
    }
    import(entries, blobs_, {});
  }

  void import_index(const StagedImage& staged, const std::string& name) {
    const auto& root = staged.image.root;
    import({entry(root, name)}, {{root.digest, root.size, root.media_type}}, staged.partial->platform);
    Ctr::Labels labels;
    for (const auto& [place, child] : staged.partial->children) {
      labels.emplace(std::string(kChildLabel) + std::to_string(place), child.digest.text());
    }
    ctr_.label(root.digest, labels, tools_.cancel);
  }

  /// Says of each blob which repository it is from, as a pull does.
  void label_origins() {
    std::map<digest::Digest, Ctr::Labels> wanted;
    for (const auto& image : images_) {
      const auto reference = oci::parse_reference(image.reference, false);
      for (const auto& blob : image.blobs) {
        std::string& paths = wanted[blob.digest][std::string(kOriginLabel) + reference.host];
        if (paths.empty()) {
          paths = reference.path;
        } else if (!has_part(paths, reference.path)) {
          paths += "," + reference.path;
        }
      }
    }
    const auto content = ctr_.content(tools_.cancel);
    for (auto& [blob, labels] : wanted) {
      const auto at = content.find(blob);
      if (at == content.end()) {
        throw Error(ErrorCode::network, "containerd has lost blob " + blob.short_text() + " meanwhile");
      }
      if (merge_labels(labels, at->second)) ctr_.label(blob, labels, tools_.cancel);
    }
  }

  static bool has_part(const std::string& list, const std::string& part) {
    const auto parts = base::split(list, ',');
    return std::ranges::find(parts, part) != parts.end();
  }

  /// Adds what is there to what is wanted, as far as containerd takes it: a layer of very many repositories names the
  /// first of them. True when that is more than is there.
  static bool merge_labels(Ctr::Labels& wanted, const Ctr::Labels& there) {
    bool is_news = false;
    for (auto& [key, value] : wanted) {
      const auto old = there.find(key);
      std::string merged = old == there.end() ? std::string() : old->second;
      for (const auto part : base::split(value, ',')) {
        if (has_part(merged, std::string(part))) continue;
        if (key.size() + merged.size() + 1 + part.size() > kMaxLabelBytes) continue;
        merged += (merged.empty() ? "" : ",") + std::string(part);
        is_news = true;
      }
      value = std::move(merged);
    }
    return is_news;
  }

  ContainerdPlace place_;
  ContainerdTools tools_;
  Ctr ctr_;
  Names names_;
  std::string folder_;  ///< private; the layout is in it
  std::unique_ptr<oci::ImageDestination> inner_;
  std::vector<oci::NamedImage> images_;
  std::vector<oci::PlannedBlob> blobs_;
  std::vector<oci::Delivery> deliveries_;
  std::vector<std::string> stages_;  ///< the names that nobody asks for, one an image
  bool settled_ = false;
};

/// Letters and digits, with single '.', '_' or '-' between them.
bool is_namespace(std::string_view text) {
  constexpr std::size_t kMaxLength = 76;
  bool may_separate = false;
  for (const char c : text) {
    const bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    const bool is_separator = c == '.' || c == '_' || c == '-';
    if (!is_word && !(is_separator && may_separate)) return false;
    may_separate = is_word;
  }
  return may_separate && text.size() <= kMaxLength;
}

}  // namespace

ContainerdPlace ContainerdPlace::parse(std::string_view text) {
  ContainerdPlace place;
  const auto comma = text.find(',');
  if (comma != 0 && !text.empty()) place.address = text.substr(0, comma);
  // As crictl and the kubelet write it.
  constexpr std::string_view kScheme = "unix://";
  if (place.address.starts_with(kScheme)) place.address.erase(0, kScheme.size());
  constexpr std::string_view kKey = "namespace=";
  if (comma != std::string_view::npos) {
    const auto rest = text.substr(comma + 1);
    if (!rest.starts_with(kKey)) {
      throw Error(ErrorCode::usage, "'" + base::printable(rest) + "' is no property of containerd:",
                  "write containerd:[SOCKET][,namespace=NAME]");
    }
    place.name_space = rest.substr(kKey.size());
  }
  if (!is_namespace(place.name_space)) {
    throw Error(ErrorCode::usage, "'" + base::printable(place.name_space) + "' is no namespace of containerd");
  }
  if (!place.address.starts_with('/')) {
    throw Error(ErrorCode::usage,
                "'" + base::printable(place.address) + "' is no path of a socket, which begins with /",
                "write containerd:/run/containerd/containerd.sock");
  }
  return place;
}

std::string ContainerdPlace::text() const { return address + ",namespace=" + name_space; }

std::unique_ptr<oci::ImageDestination> make_containerd(ContainerdPlace place, ContainerdTools tools) {
  return std::make_unique<Containerd>(std::move(place), std::move(tools));
}

std::string default_staging_folder() {
  const char* folder = std::getenv("TMPDIR");
  return folder != nullptr && *folder != '\0' ? folder : "/var/tmp";
}

}  // namespace gapstow::cluster
