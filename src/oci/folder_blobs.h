// Shared by the two kinds of folder destinations: blobs in files of their own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "blob_plan.h"
#include "gapstow/base/fs.h"
#include "gapstow/oci/image_destination.h"

namespace gapstow::oci {

/// A sink that owns the file it writes.
class BlobFileSink final : public base::Sink {
 public:
  BlobFileSink(BlobPlan& plan, const digest::Digest& digest, std::unique_ptr<base::File> file, std::uint64_t size)
      : file_(std::move(file)), sink_(plan, digest, {*file_, 0, size}) {}
  void write(base::ByteView bytes) override { sink_.write(bytes); }
  void finish() override {
    sink_.finish();
    file_.reset();
  }

 private:
  std::unique_ptr<base::File> file_;
  BlobSink sink_;
};

/// Syncs files, several at a time: each sync waits for the disk, and waits overlap.
void sync_files(base::WriteFs& fs, const std::vector<std::string>& paths);

/// Removes what is there, file or empty folder; failures are left to the error that is on its way already.
void remove_quietly(base::WriteFs& fs, const std::string& path) noexcept;

/// A folder that does not exist: built under a temporary name, renamed at commit.
std::unique_ptr<ImageDestination> make_new_folder(base::WriteFs& fs, const std::string& path, std::string reference);
/// A folder that exists: an image layout to add to, or empty. Error{conflict} for anything else.
std::unique_ptr<ImageDestination> make_existing_folder(base::WriteFs& fs, const std::string& path,
                                                       std::string reference);

}  // namespace gapstow::oci
