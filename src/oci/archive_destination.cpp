#include <functional>
#include <map>
#include <memory>

#include "blob_plan.h"
#include "deliveries.h"
#include "gapstow/archive/ustar.h"
#include "gapstow/base/atomic_file.h"
#include "gapstow/base/error.h"
#include "layout_files.h"
#include "views.h"

namespace gapstow::oci {
namespace {

using base::Error;
using base::ErrorCode;

/// Checks the images and gives the small files that stand in front of the blobs.
using MakeViews = std::function<std::vector<View>(const std::vector<NamedImage>&)>;

/// A tar whose every position follows from the plan, so that blobs are written in parallel and equal images give
/// equal bytes.
class ArchiveDestination final : public ImageDestination {
 public:
  ArchiveDestination(base::WriteFs& fs, std::string description, std::string path, std::string reference,
                     MakeViews make_views)
      : fs_(fs),
        path_(std::move(path)),
        description_(std::move(description)),
        reference_(std::move(reference)),
        make_views_(std::move(make_views)) {
    const auto status = fs_.status(path_);
    if (status && status->kind != base::FileStatus::Kind::regular) {
      throw Error(ErrorCode::conflict, path_ + " exists and is no regular file");
    }
  }

  void begin(const std::vector<NamedImage>& images, const std::vector<PlannedBlob>& blobs) override {
    const auto views = make_views_(images);
    plan_ = BlobPlan(blobs);
    deliveries_ = plan_deliveries(images, description_, reference_);
    file_ = std::make_unique<base::AtomicFile>(fs_, path_);
    for (const auto& [name, content] : views) {
      write_header(name, content.size());
      file_->file().write_at(end_, base::as_bytes(content));
      advance(content.size());
    }
    for (const auto& blob : blobs) {
      write_header(blob_name(blob.digest), blob.size);
      contents_.emplace(blob.digest, end_);
      advance(blob.size);
    }
    file_->file().write_at(end_, base::Bytes(archive::kTrailerBytes));
  }

  bool holds(const digest::Digest&) const override { return false; }

  std::unique_ptr<base::Sink> put(const digest::Digest& digest) override {
    const std::uint64_t size = plan_.take(digest);
    return std::make_unique<BlobSink>(plan_, digest, BlobPlace{file_->file(), contents_.at(digest), size});
  }

  bool retries(const digest::Digest&, const base::Error&) override { return false; }

  void settle() override {
    plan_.check_complete();
    file_->file().sync();
  }

  void commit() override {
    plan_.check_complete();
    file_->commit();
  }

  std::vector<Delivery> deliveries() const override { return deliveries_; }
  std::string description() const override { return description_; }

 private:
  void write_header(const std::string& name, std::uint64_t size) {
    const base::Bytes header = archive::make_header(name, size);
    file_->file().write_at(end_, header);
    end_ += header.size();
  }

  void advance(std::uint64_t size) { end_ += size + archive::padding_of(size); }

  base::WriteFs& fs_;
  std::string path_;
  std::string description_;
  std::string reference_;
  MakeViews make_views_;
  std::vector<Delivery> deliveries_;
  BlobPlan plan_;
  std::map<digest::Digest, std::uint64_t> contents_;
  std::uint64_t end_ = 0;
  std::unique_ptr<base::AtomicFile> file_;  ///< from begin() on
};

std::vector<View> layout_views(const std::vector<NamedImage>& images, const std::string& reference) {
  return {{"oci-layout", oci_layout_json()}, {"index.json", wrap_index(layout_entries(images, reference))}};
}

std::vector<View> import_views(const std::vector<NamedImage>& images) {
  auto views = layout_views(images, {});
  if (auto manifest = docker_manifest_json(images); !manifest.empty()) {
    views.emplace_back("manifest.json", std::move(manifest));
  }
  return views;
}

std::vector<View> docker_views(const std::vector<NamedImage>& images) {
  std::vector<View> views;
  // An index.json without entries would make containerd import nothing instead of reading manifest.json.
  if (!index_entries(images, {}).empty()) views = layout_views(images, {});
  views.emplace_back("manifest.json", docker_manifest_json(images));
  return views;
}

}  // namespace

std::unique_ptr<ImageDestination> make_oci_archive(base::WriteFs& fs, const std::string& path, std::string reference) {
  const auto make_views = [reference](const std::vector<NamedImage>& images) {
    check_layout_images(images, reference);
    return layout_views(images, reference);
  };
  return std::make_unique<ArchiveDestination>(fs, "oci-archive:" + path, path, std::move(reference), make_views);
}

std::unique_ptr<ImageDestination> make_docker_archive(base::WriteFs& fs, const std::string& path) {
  const auto make_views = [](const std::vector<NamedImage>& images) {
    check_docker_images(images);
    return docker_views(images);
  };
  return std::make_unique<ArchiveDestination>(fs, "docker-archive:" + path, path, std::string(), make_views);
}

std::unique_ptr<ImageDestination> make_import_archive(base::WriteFs& fs, const std::string& path,
                                                      std::string description) {
  const auto make_views = [](const std::vector<NamedImage>& images) {
    check_layout_images(images, {});
    return import_views(images);
  };
  return std::make_unique<ArchiveDestination>(fs, std::move(description), path, std::string(), make_views);
}

}  // namespace gapstow::oci
