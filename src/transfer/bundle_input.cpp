#include "gapstow/transfer/bundle_input.h"

#include "gapstow/base/error.h"
#include "gapstow/base/fd_stream.h"
#include "gapstow/bundle/parts.h"

namespace gapstow::transfer {
namespace {

/// A regular file: entries are proven in parallel.
class FileInput final : public BundleInput {
 public:
  FileInput(std::unique_ptr<base::File> file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

  bundle::VerifiedBundle read(bundle::Consumer& consumer, const bundle::ReadOptions& options) override {
    return base::with_context(path_, [&] { return bundle::read_file(*file_, consumer, options); });
  }
  bundle::Seal read_seal() override {
    base::FileSource source(*file_);
    return base::with_context(path_, [&] { return bundle::read_seal(source); });
  }
  std::string description() const override { return path_; }

 private:
  std::unique_ptr<base::File> file_;
  std::string path_;
};

/// Anything that comes front to back: standard input, a pipe, parts.
class StreamInput final : public BundleInput {
 public:
  StreamInput(std::unique_ptr<base::Source> owned, base::Source& source, std::string name)
      : owned_(std::move(owned)), source_(source), name_(std::move(name)) {}

  bundle::VerifiedBundle read(bundle::Consumer& consumer, const bundle::ReadOptions& options) override {
    return base::with_context(name_, [&] { return bundle::read_stream(source_, consumer, options); });
  }
  bundle::Seal read_seal() override {
    return base::with_context(name_, [&] { return bundle::read_seal(source_); });
  }
  std::string description() const override { return name_; }

 private:
  std::unique_ptr<base::Source> owned_;
  base::Source& source_;
  std::string name_;
};

std::unique_ptr<BundleInput> stream_input(std::unique_ptr<base::Source> source, std::string name) {
  base::Source& reader = *source;
  return std::make_unique<StreamInput>(std::move(source), reader, std::move(name));
}

std::unique_ptr<BundleInput> open_part_files(base::ReadFs& fs, const std::vector<std::string>& paths) {
  return stream_input(std::make_unique<bundle::PartsSource>(bundle::open_parts(fs, paths)),
                      std::to_string(paths.size()) + (paths.size() == 1 ? " part" : " parts"));
}

}  // namespace

std::unique_ptr<BundleInput> open_bundle(base::ReadFs& fs, const std::vector<std::string>& paths,
                                         base::Source& standard_input) {
  if (paths.empty()) throw base::Error(base::ErrorCode::usage, "no bundle was named");
  if (paths.size() > 1) return open_part_files(fs, paths);
  const std::string& path = paths.front();
  if (path == "-") return std::make_unique<StreamInput>(nullptr, standard_input, "standard input");
  const auto status = fs.status(path);
  if (status && status->kind == base::FileStatus::Kind::other) {
    return stream_input(std::make_unique<base::DeviceSource>(path), path);
  }
  auto file = fs.open(path);
  if (bundle::looks_like_part(*file)) return open_part_files(fs, paths);
  return std::make_unique<FileInput>(std::move(file), path);
}

}  // namespace gapstow::transfer
