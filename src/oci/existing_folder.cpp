#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "catalog.h"
#include "comparing_sink.h"
#include "deliveries.h"
#include "folder_blobs.h"
#include "gapstow/base/atomic_file.h"
#include "gapstow/base/error.h"
#include "layout_files.h"
#include "layout_index.h"
#include "views.h"

namespace gapstow::oci {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::uint32_t kFolderMode = 0755;
constexpr std::uint32_t kFileMode = 0644;

/// Nothing but the beginnings of a layout: a run was killed before its index.json. What is there in blobs proves
/// itself.
bool is_begun_layout(const std::vector<std::string>& names) {
  const auto is_ours = [](const std::string& name) {
    const bool of_index = name.starts_with(".index.json.") || name.starts_with(".oci-layout.");
    return name == "blobs" || name == "oci-layout" || (of_index && name.ends_with(".tmp"));
  };
  return std::ranges::find(names, "blobs") != names.end() && std::ranges::all_of(names, is_ours);
}

/// A layout that others may be reading: blobs come first, index.json is replaced last.
class ExistingFolder final : public ImageDestination {
 public:
  ExistingFolder(base::WriteFs& fs, std::string path, std::string reference)
      : fs_(fs), path_(std::move(path)), reference_(std::move(reference)) {
    const auto names = fs_.list(path_);
    if (names.empty()) return;
    const bool is_begun = is_begun_layout(names);
    try {
      const auto files = open_folder_files(fs_, path_);
      if (!is_begun || files->find("oci-layout")) check_layout_version(*files);
      if (!is_begun) read_index_object(fs_, path_ + "/index.json");
    } catch (const Error& error) {
      if (error.code() != ErrorCode::malformed && error.code() != ErrorCode::not_found) throw;
      throw Error(ErrorCode::conflict, path_ + " is neither empty nor an image layout: " + error.line());
    }
  }
  ExistingFolder(const ExistingFolder&) = delete;
  ExistingFolder& operator=(const ExistingFolder&) = delete;
  ~ExistingFolder() override {
    if (committed_) return;
    for (const auto& [temporary, final] : pending_) remove_quietly(fs_, temporary);
    for (const auto& added : added_) remove_quietly(fs_, added);
    for (auto folder = folders_.rbegin(); folder != folders_.rend(); ++folder) remove_quietly(fs_, *folder);
  }

  void begin(const std::vector<NamedImage>& images, const std::vector<PlannedBlob>& blobs) override {
    check_layout_images(images, reference_);
    plan_ = BlobPlan(blobs);
    entries_ = layout_entries(images, reference_);
    deliveries_ = plan_deliveries(images, description(), reference_);
    for (const auto& blob : blobs) {
      if (is_there(blob.digest, blob.size)) present_.insert(blob.digest);
    }
    for (const std::string& folder : {path_ + "/blobs", path_ + "/blobs/sha256"}) {
      if (fs_.status(folder)) continue;
      fs_.make_folder(folder, kFolderMode);
      folders_.push_back(folder);
    }
  }

  /// What is there proves itself only by comparison with what comes.
  bool holds(const digest::Digest&) const override { return false; }

  std::unique_ptr<base::Sink> put(const digest::Digest& digest) override {
    const std::uint64_t size = plan_.take(digest);
    const std::string path = path_ + "/" + blob_name(digest);
    const auto status = fs_.status(path);
    if (status && status->kind != base::FileStatus::Kind::regular) {
      throw Error(ErrorCode::conflict, path + " exists and is no regular file");
    }
    if (!status || status->size != size) return open_fresh(digest, size);
    return std::make_unique<ComparingSink>(plan_, digest, fs_.open(path), size,
                                           [this, digest, size] { return open_fresh(digest, size); });
  }

  bool retries(const digest::Digest&, const base::Error&) override { return false; }
  void settle() override;
  void commit() override;
  std::vector<Delivery> deliveries() const override {
    auto deliveries = deliveries_;
    const std::lock_guard lock(mutex_);
    mark_present(deliveries, present_);
    return deliveries;
  }
  std::string description() const override { return "oci:" + path_; }

 private:
  bool is_there(const digest::Digest& digest, std::uint64_t size) {
    const auto status = fs_.status(path_ + "/" + blob_name(digest));
    return status && status->kind == base::FileStatus::Kind::regular && status->size == size;
  }

  std::unique_ptr<base::Sink> open_fresh(const digest::Digest& digest, std::uint64_t size) {
    const std::string final = path_ + "/" + blob_name(digest);
    const std::string temporary = base::temporary_name(final);
    auto file = fs_.create(temporary, kFileMode);
    {
      const std::lock_guard lock(mutex_);
      pending_.emplace(temporary, final);
      present_.erase(digest);
    }
    return std::make_unique<BlobFileSink>(plan_, digest, std::move(file), size);
  }

  void publish_blobs();
  void replace_index(const std::string& path, const std::string& index);
  bool may_hold(const std::string& path, const std::string& text);

  base::WriteFs& fs_;
  std::string path_;
  std::string reference_;
  json::Array entries_;
  BlobPlan plan_;
  std::vector<Delivery> deliveries_;
  mutable std::mutex mutex_;
  std::set<digest::Digest> present_;            ///< in their size, and not found different since
  std::map<std::string, std::string> pending_;  ///< temporary names and the final ones
  std::vector<std::string> added_;              ///< new under their final names, taken back on failure
  std::vector<std::string> folders_;            ///< made here, likewise
  bool settled_ = false;
  bool committed_ = false;
};

void ExistingFolder::publish_blobs() {
  while (!pending_.empty()) {
    const auto [temporary, final] = *pending_.begin();
    const bool is_new = !fs_.status(final);
    fs_.rename(temporary, final);
    pending_.erase(pending_.begin());
    if (is_new) added_.push_back(final);
  }
  for (const char* folder : {"/blobs/sha256", "/blobs"}) fs_.sync_folder(path_ + folder);
}

void ExistingFolder::settle() {
  plan_.check_complete();
  std::vector<std::string> written;
  for (const auto& [temporary, final] : pending_) written.push_back(temporary);
  sync_files(fs_, written);
  settled_ = true;
}

void ExistingFolder::commit() {
  if (!settled_) settle();
  // Looked at again: somebody may have added an image, or made the layout, since begin().
  const std::string index_path = path_ + "/index.json";
  const bool has_index = fs_.status(index_path).has_value();
  const std::string index =
      has_index ? merge_index(read_index_object(fs_, index_path), entries_) : wrap_index(entries_);
  publish_blobs();
  if (!fs_.status(path_ + "/oci-layout")) {
    base::write_file(fs_, path_ + "/oci-layout", base::as_bytes(oci_layout_json()), kFileMode);
    added_.push_back(path_ + "/oci-layout");
  }
  if (!has_index || base::as_text(base::read_file(fs_, index_path, kMaxManifestBytes)) != index) {
    replace_index(index_path, index);
  }
  committed_ = true;
}

/// Where the new index came to stand although writing it failed (its folder could not be synced), the blobs that it
/// names must stay too.
void ExistingFolder::replace_index(const std::string& path, const std::string& index) {
  try {
    base::write_file(fs_, path, base::as_bytes(index), kFileMode);
  } catch (const Error& error) {
    committed_ = may_hold(path, index);
    if (!committed_) throw;
    throw Error(error.code(), "the images are in place, but may not survive a power failure: " + error.why(),
                "run the same command again when the disk is well");
  }
}

bool ExistingFolder::may_hold(const std::string& path, const std::string& text) {
  try {
    return fs_.status(path) && base::as_text(base::read_file(fs_, path, kMaxManifestBytes)) == text;
  } catch (const Error&) {
    return true;
  }
}

}  // namespace

std::unique_ptr<ImageDestination> make_existing_folder(base::WriteFs& fs, const std::string& path,
                                                       std::string reference) {
  return std::make_unique<ExistingFolder>(fs, path, std::move(reference));
}

}  // namespace gapstow::oci
