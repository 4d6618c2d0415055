#include "repository_writer.h"

#include <algorithm>

#include "gapstow/base/atomic_file.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/tuf/dialect.h"
#include "gapstow/tuf/served.h"
#include "target_files.h"

namespace gapstow::transfer {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::uint32_t kFolderMode = 0755;
constexpr std::uint32_t kFileMode = 0644;
constexpr std::string_view kMetadata = "metadata/";
constexpr std::string_view kTargets = "targets/";
constexpr const char* kTimestampPath = "metadata/timestamp.json";

std::string metadata_path(const std::string& role, std::optional<std::uint64_t> version) {
  return std::string(kMetadata) + tuf::metadata_file(role, version);
}

/// A file being written; its medium is waited for.
class StagedSink final : public base::Sink {
 public:
  explicit StagedSink(std::unique_ptr<base::File> file) : file_(std::move(file)), sink_(*file_) {}
  void write(base::ByteView bytes) override { sink_.write(bytes); }
  void finish() override { file_->sync(); }

 private:
  std::unique_ptr<base::File> file_;
  base::FileSink sink_;
};

void remove_if_there(base::WriteFs& fs, const std::string& path) noexcept {
  try {
    fs.remove(path);
  } catch (const std::exception&) {
    // What made the run fail is already on its way up.
  }
}

}  // namespace

RepositoryWriter::RepositoryWriter(base::WriteFs& fs, std::string folder) : fs_(fs), folder_(std::move(folder)) {
  while (folder_.size() > 1 && folder_.ends_with('/')) folder_.pop_back();
}

RepositoryWriter::~RepositoryWriter() {
  for (const auto& file : staged_files_) remove_if_there(fs_, file);
  for (auto folder = staged_folders_.rbegin(); folder != staged_folders_.rend(); ++folder)
    remove_if_there(fs_, *folder);
}

void RepositoryWriter::add(const tuf::VerifiedChain& chain, tuf::ChainFiles files,
                           const std::vector<bundle::TargetFileRecord>& targets) {
  const auto& dialect = tuf::tuf_v1();
  const bool by_version = dialect.parse_root(files.roots.rbegin()->second).body.consistent_snapshot;
  const auto stamped = dialect.parse_timestamp(files.timestamp).body;
  const auto listed = dialect.parse_snapshot(files.snapshot).body.meta;
  const auto version = [&](const tuf::FileMeta& meta) { return by_version ? meta.version : std::nullopt; };

  Repository repository;
  repository.gun = chain.gun();
  repository.timestamp_version = stamped.version;
  for (auto& [number, bytes] : files.roots) {
    repository.metadata.push_back({metadata_path("root", number), std::move(bytes), true});
  }
  const std::string top(tuf::kTopRole);
  for (auto& [role, bytes] : files.targets) {
    if (role == top) continue;
    repository.metadata.push_back({metadata_path(role, version(listed.at(role))), std::move(bytes), by_version});
  }
  repository.metadata.push_back(
      {metadata_path(top, version(listed.at(top))), std::move(files.targets.at(top)), by_version});
  repository.metadata.push_back(
      {metadata_path("snapshot", version(stamped.snapshot)), std::move(files.snapshot), by_version});
  repository.metadata.push_back({kTimestampPath, std::move(files.timestamp), false});

  for (const auto& record : targets) {
    check_target_path(record.name);
    for (const auto& file : tuf::target_files(record.name, chain.find(record.name).target, by_version)) {
      const std::string path = std::string(kTargets) + file;
      repository.target_paths.push_back(path);
      by_digest_[record.sha256].emplace_back(repositories_.size(), path);
    }
  }
  repositories_.push_back(std::move(repository));
}

void RepositoryWriter::check_existing(Repository& repository) const {
  const auto status = fs_.status(repository.folder);
  repository.is_new = !status;
  if (!status) return;
  if (status->kind != base::FileStatus::Kind::folder) {
    throw Error(ErrorCode::conflict, repository.folder + " exists and is no folder");
  }
  const std::string timestamp = repository.folder + "/" + kTimestampPath;
  if (!fs_.status(timestamp)) {
    // An empty folder, or what a run that was killed had moved in.
    const auto is_ours = [](const std::string& name) { return name + "/" == kMetadata || name + "/" == kTargets; };
    if (std::ranges::all_of(fs_.list(repository.folder), is_ours)) return check_items(repository);
    throw Error(ErrorCode::conflict, repository.folder + " is there and is no TUF repository",
                "import into another folder");
  }
  const auto there = base::with_context(timestamp, [&] {
    return tuf::tuf_v1().parse_timestamp(base::read_file(fs_, timestamp, tuf::kMaxTimestampBytes)).body.version;
  });
  if (there > repository.timestamp_version) {
    throw Error(ErrorCode::rollback, repository.folder + " holds version " + std::to_string(there) +
                                         " of the timestamp, the bundle version " +
                                         std::to_string(repository.timestamp_version));
  }
  check_items(repository);
}

/// Files whose names say what is in them are never replaced by others.
void RepositoryWriter::check_items(const Repository& repository) const {
  for (const auto& item : repository.metadata) {
    const std::string path = repository.folder + "/" + item.path;
    if (!item.is_lasting || !fs_.status(path)) continue;
    if (base::read_file(fs_, path, tuf::kMaxTargetsBytes) == item.bytes) continue;
    throw Error(ErrorCode::conflict, path + " is there with other content: it is another repository",
                "import into another folder");
  }
}

void RepositoryWriter::begin() {
  for (auto& repository : repositories_) {
    repository.folder = repositories_.size() == 1 ? folder_ : folder_ + "/" + repository.gun;
    check_existing(repository);
    repository.stage = base::temporary_name(folder_);
    fs_.make_folder(repository.stage, kFolderMode);
    staged_folders_.push_back(repository.stage);
  }
}

std::string RepositoryWriter::place_of(const std::string& gun) const {
  const auto found = std::ranges::find(repositories_, gun, &Repository::gun);
  return found == repositories_.end() ? std::string() : "tuf:" + found->folder;
}

/// The folders that a path below `root` needs. Each that is made is noted at once: a later one may fail.
void RepositoryWriter::make_folders(const std::string& root, const std::string& path, std::vector<std::string>& made) {
  for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    std::string folder = root + "/" + path.substr(0, slash);
    if (fs_.status(folder)) continue;
    fs_.make_folder(folder, kFolderMode);
    made.push_back(std::move(folder));
  }
}

std::unique_ptr<base::File> RepositoryWriter::create(const std::string& stage, const std::string& path) {
  const std::lock_guard lock(mutex_);
  make_folders(stage, path, staged_folders_);
  auto file = fs_.create(stage + "/" + path, kFileMode);
  staged_files_.push_back(stage + "/" + path);
  return file;
}

std::unique_ptr<base::Sink> RepositoryWriter::put(const digest::Digest& sha256) {
  const auto& [repository, path] = by_digest_.at(sha256).front();
  return std::make_unique<StagedSink>(create(repositories_[repository].stage, path));
}

void RepositoryWriter::settle() {
  for (const auto& [digest, places] : by_digest_) {
    const auto source = fs_.open(repositories_[places.front().first].stage + "/" + places.front().second);
    for (std::size_t i = 1; i < places.size(); ++i) {
      base::FileSource content(*source);
      StagedSink copy(create(repositories_[places[i].first].stage, places[i].second));
      base::copy(content, copy);
      copy.finish();
    }
  }
  for (const auto& repository : repositories_) {
    for (const auto& item : repository.metadata) {
      const auto file = create(repository.stage, item.path);
      file->write_at(0, item.bytes);
      file->sync();
    }
  }
  for (auto folder = staged_folders_.rbegin(); folder != staged_folders_.rend(); ++folder) fs_.sync_folder(*folder);
}

void RepositoryWriter::move(const Repository& repository, const std::string& path) {
  std::vector<std::string> lasting;  // these stay
  make_folders(repository.folder, path, lasting);
  fs_.rename(repository.stage + "/" + path, repository.folder + "/" + path);
  fs_.sync_folder(base::parent_folder(repository.folder + "/" + path));
}

void RepositoryWriter::publish_into(const Repository& repository) {
  for (const auto& path : repository.target_paths) move(repository, path);
  for (const auto& item : repository.metadata) move(repository, item.path);
}

void RepositoryWriter::publish() {
  for (const auto& repository : repositories_) {
    if (!repository.is_new) {
      publish_into(repository);
      continue;
    }
    const std::string above = base::parent_folder(repository.folder);
    if (repositories_.size() > 1) {
      if (!fs_.status(folder_)) fs_.make_folder(folder_, kFolderMode);
      std::vector<std::string> lasting;  // these stay
      make_folders(folder_, repository.gun, lasting);
    }
    if (fs_.status(repository.folder)) {
      throw Error(ErrorCode::conflict, repository.folder + " has come to be meanwhile",
                  "import again: it is brought up to date if it is the same repository");
    }
    fs_.rename(repository.stage, repository.folder);
    fs_.sync_folder(above);
  }
}

}  // namespace gapstow::transfer
