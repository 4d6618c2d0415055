#include <mutex>

#include "deliveries.h"
#include "folder_blobs.h"
#include "gapstow/base/atomic_file.h"
#include "gapstow/base/error.h"
#include "gapstow/base/workers.h"
#include "layout_files.h"
#include "views.h"

namespace gapstow::oci {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::uint32_t kFolderMode = 0755;
constexpr std::uint32_t kFileMode = 0644;
constexpr unsigned kSyncJobs = 8;

class NewFolder final : public ImageDestination {
 public:
  NewFolder(base::WriteFs& fs, std::string path, std::string reference)
      : fs_(fs), path_(std::move(path)), reference_(std::move(reference)) {}
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;
  ~NewFolder() override {
    if (committed_) return;
    for (const auto& file : files_) remove_quietly(fs_, file);
    for (auto folder = folders_.rbegin(); folder != folders_.rend(); ++folder) remove_quietly(fs_, *folder);
  }

  void begin(const std::vector<NamedImage>& images, const std::vector<PlannedBlob>& blobs) override {
    check_layout_images(images, reference_);
    plan_ = BlobPlan(blobs);
    deliveries_ = plan_deliveries(images, description(), reference_);
    index_ = wrap_index(layout_entries(images, reference_));
    temporary_ = base::temporary_name(path_);
    for (const char* folder : {"", "/blobs", "/blobs/sha256"}) {
      fs_.make_folder(temporary_ + folder, kFolderMode);
      folders_.push_back(temporary_ + folder);
    }
  }

  bool holds(const digest::Digest&) const override { return false; }

  std::unique_ptr<base::Sink> put(const digest::Digest& digest) override {
    const std::uint64_t size = plan_.take(digest);
    return std::make_unique<BlobFileSink>(plan_, digest, create(blob_name(digest)), size);
  }

  bool retries(const digest::Digest&, const base::Error&) override { return false; }

  void settle() override {
    plan_.check_complete();
    create("oci-layout")->write_at(0, base::as_bytes(oci_layout_json()));
    create("index.json")->write_at(0, base::as_bytes(index_));
    sync_files(fs_, files_);
    for (auto folder = folders_.rbegin(); folder != folders_.rend(); ++folder) fs_.sync_folder(*folder);
    settled_ = true;
  }

  void commit() override {
    if (!settled_) settle();
    if (fs_.status(path_)) {
      throw Error(ErrorCode::conflict, path_ + " has come to be meanwhile",
                  "run the same command again: it adds to the layout that is there now");
    }
    fs_.rename(temporary_, path_);
    try {
      fs_.sync_folder(base::parent_folder(path_));
    } catch (const Error&) {
      fs_.rename(path_, temporary_);
      throw;
    }
    committed_ = true;
  }

  std::vector<Delivery> deliveries() const override { return deliveries_; }
  std::string description() const override { return "oci:" + path_; }

 private:
  std::unique_ptr<base::File> create(const std::string& name) {
    const std::string path = temporary_ + "/" + name;
    auto file = fs_.create(path, kFileMode);
    const std::lock_guard lock(mutex_);
    files_.push_back(path);
    return file;
  }

  base::WriteFs& fs_;
  std::string path_;
  std::string reference_;
  std::string temporary_;
  std::string index_;
  std::vector<Delivery> deliveries_;
  BlobPlan plan_;
  std::mutex mutex_;
  std::vector<std::string> files_;
  std::vector<std::string> folders_;
  bool settled_ = false;
  bool committed_ = false;
};

}  // namespace

void sync_files(base::WriteFs& fs, const std::vector<std::string>& paths) {
  base::run_parallel(paths.size(), kSyncJobs, [&](std::size_t i) { fs.open(paths[i])->sync(); });
}

void remove_quietly(base::WriteFs& fs, const std::string& path) noexcept {
  try {
    fs.remove(path);
  } catch (const std::exception&) {
    // It stays under a temporary name; what made the run fail is already on its way up.
  }
}

std::unique_ptr<ImageDestination> make_new_folder(base::WriteFs& fs, const std::string& path, std::string reference) {
  return std::make_unique<NewFolder>(fs, path, std::move(reference));
}

std::unique_ptr<ImageDestination> make_oci_folder(base::WriteFs& fs, const std::string& path, std::string reference) {
  std::string plain = path;
  while (plain.size() > 1 && plain.ends_with('/')) plain.pop_back();
  const auto status = fs.status(plain);
  if (!status) return make_new_folder(fs, plain, std::move(reference));
  if (status->kind != base::FileStatus::Kind::folder) {
    throw Error(ErrorCode::conflict, plain + " exists and is no folder", "for a file write oci-archive:" + plain);
  }
  return make_existing_folder(fs, plain, std::move(reference));
}

}  // namespace gapstow::oci
