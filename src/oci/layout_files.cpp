#include "layout_files.h"

#include "gapstow/archive/archive_reader.h"
#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"

namespace gapstow::oci {
namespace {

using base::Error;
using base::ErrorCode;

Error absent(const std::string& name) { return {ErrorCode::not_found, "file " + name + " is not there"}; }

/// Reads a file that it keeps open.
class OpenFileSource final : public base::Source {
 public:
  explicit OpenFileSource(std::unique_ptr<base::File> file) : file_(std::move(file)), source_(*file_) {}
  std::size_t read(std::span<std::byte> out) override { return source_.read(out); }

 private:
  std::unique_ptr<base::File> file_;
  base::FileSource source_;
};

class FolderFiles final : public LayoutFiles {
 public:
  FolderFiles(base::ReadFs& fs, std::string path) : fs_(fs), path_(std::move(path)) {}

  std::optional<std::uint64_t> find(const std::string& name) const override {
    const auto status = fs_.status(path_ + "/" + name);
    // Pipes and devices, also behind links, are as good as nothing: opening one could block.
    if (!status || status->kind != base::FileStatus::Kind::regular) return std::nullopt;
    return status->size;
  }

  std::unique_ptr<base::Source> open(const std::string& name) override {
    if (!find(name)) throw absent(name);
    return std::make_unique<OpenFileSource>(fs_.open(path_ + "/" + name));
  }

  std::uint64_t position(const std::string&) const override { return 0; }
  bool is_parallel() const override { return true; }

 private:
  base::ReadFs& fs_;
  std::string path_;
};

class ArchiveFiles final : public LayoutFiles {
 public:
  ArchiveFiles(base::ReadFs& fs, const std::string& path) : reader_(archive::ArchiveReader::open(fs, path)) {}

  std::optional<std::uint64_t> find(const std::string& name) const override {
    const auto* member = reader_->find(name);
    if (member == nullptr) return std::nullopt;
    return member->size;
  }

  std::unique_ptr<base::Source> open(const std::string& name) override {
    const auto* member = reader_->find(name);
    if (member == nullptr) throw absent(name);
    return reader_->open_member(*member);
  }

  std::uint64_t position(const std::string& name) const override {
    const auto* member = reader_->find(name);
    return member == nullptr ? 0 : member->position;
  }

  bool is_parallel() const override { return reader_->is_parallel(); }

 private:
  std::unique_ptr<archive::ArchiveReader> reader_;
};

}  // namespace

std::unique_ptr<LayoutFiles> open_folder_files(base::ReadFs& fs, const std::string& path) {
  const auto status = fs.status(path);
  if (!status) throw Error(ErrorCode::not_found, "folder " + path + " does not exist");
  if (status->kind != base::FileStatus::Kind::folder) {
    throw Error(ErrorCode::malformed, path + " is no folder", "for a tar of an image layout write oci-archive:" + path);
  }
  return std::make_unique<FolderFiles>(fs, path);
}

std::unique_ptr<LayoutFiles> open_archive_files(base::ReadFs& fs, const std::string& path) {
  const auto status = fs.status(path);
  if (status && status->kind == base::FileStatus::Kind::folder) {
    throw Error(ErrorCode::malformed, path + " is a folder", "for an image layout in a folder write oci:" + path);
  }
  return std::make_unique<ArchiveFiles>(fs, path);
}

base::Bytes read_small(LayoutFiles& files, const std::string& name, std::uint64_t limit) {
  return base::with_context(name, [&] {
    const auto size = files.find(name);
    if (!size) throw absent(name);
    base::check_limit(*size, limit, "size");
    return base::read_all(*files.open(name), limit);
  });
}

std::string blob_name(const digest::Digest& digest) { return "blobs/sha256/" + digest.hex(); }

}  // namespace gapstow::oci
