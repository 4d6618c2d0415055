#include "gapstow/tuf/capture.h"

#include <algorithm>
#include <atomic>

#include "file_meta.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/base/workers.h"
#include "gapstow/tuf/dialect.h"
#include "gapstow/tuf/served.h"

namespace gapstow::tuf {
namespace {

using base::Bytes;
using base::Error;
using base::ErrorCode;

constexpr unsigned kMaxRestarts = 4;  ///< when the repository is published anew while it is read

class Capture {
 public:
  Capture(MetadataFetcher& fetcher, const std::vector<Bytes>& known_roots, unsigned jobs)
      : fetcher_(fetcher), known_roots_(known_roots), jobs_(jobs) {}

  std::optional<ChainFiles> run();

 private:
  std::optional<Bytes> fetch(const std::string& file, std::uint64_t limit);
  Bytes demand(const std::string& file, std::uint64_t limit);
  ChainFiles read_below(const Bytes& timestamp);
  void walk_roots(std::uint64_t first, ChainFiles& files);
  void read_roots(ChainFiles& files);
  void add_root(const Bytes& raw, ChainFiles& files) const;
  Bytes read_promised(const std::string& role, const FileMeta& meta, std::uint64_t limit);
  void read_targets(ChainFiles& files);

  MetadataFetcher& fetcher_;
  const std::vector<Bytes>& known_roots_;
  unsigned jobs_;
  bool by_version_ = false;
  std::atomic<std::uint64_t> total_{0};
};

std::uint64_t version_of(base::ByteView root) { return tuf_v1().parse_root(root).body.version; }

std::optional<Bytes> Capture::fetch(const std::string& file, std::uint64_t limit) {
  auto raw = base::with_context(file, [&] { return fetcher_.fetch(file, limit); });
  if (raw && (total_ += raw->size()) > kMaxCapturedBytes) {
    throw Error(ErrorCode::limit_exceeded,
                "the metadata of the repository has more than " + base::human_size(kMaxCapturedBytes));
  }
  return raw;
}

Bytes Capture::demand(const std::string& file, std::uint64_t limit) {
  if (auto raw = fetch(file, limit)) return *std::move(raw);
  throw Error(ErrorCode::chain_incomplete, file + " is not there, and other files name it");
}

void Capture::add_root(const Bytes& raw, ChainFiles& files) const { files.roots.emplace(version_of(raw), raw); }

/// From that version on until one is missing.
void Capture::walk_roots(std::uint64_t first, ChainFiles& files) {
  for (std::uint64_t version = first; !files.roots.contains(version); ++version) {
    if (files.roots.size() >= kMaxRootVersions) {
      throw Error(ErrorCode::limit_exceeded, "there are more than " + std::to_string(kMaxRootVersions) + " roots");
    }
    auto raw = fetch(metadata_file("root", version), kMaxRootBytes);
    if (!raw) return;
    files.roots.emplace(version, *std::move(raw));
  }
}

/// A pruned repository begins with a version that clients were shipped with.
void Capture::read_roots(ChainFiles& files) {
  walk_roots(1, files);
  for (const auto& known : known_roots_) {
    const auto version = version_of(known);
    walk_roots(version, files);
    files.roots.emplace(version, known);
    walk_roots(version + 1, files);
  }
  if (files.roots.empty()) {
    const auto latest = fetch(metadata_file("root", std::nullopt), kMaxRootBytes);
    if (!latest) {
      throw Error(ErrorCode::chain_incomplete, "neither 1.root.json nor root.json is there",
                  "pin the root that is trusted: gapstow trust add-root PATTERN --root FILE");
    }
    base::with_context("root.json", [&] { add_root(*latest, files); });
    walk_roots(files.roots.begin()->first + 1, files);
  }
}

Bytes Capture::read_promised(const std::string& role, const FileMeta& meta, std::uint64_t limit) {
  const std::string file = metadata_file(role, by_version_ ? meta.version : std::nullopt);
  Bytes raw = demand(file, std::min(limit, meta.length.value_or(limit)));
  base::with_context(file, [&] { check_bytes(meta, raw, digest::sha256(raw)); });
  return raw;
}

void Capture::read_targets(ChainFiles& files) {
  const auto snapshot = base::with_context("snapshot", [&] { return tuf_v1().parse_snapshot(files.snapshot); });
  const std::vector<std::pair<std::string, FileMeta>> roles(snapshot.body.meta.begin(), snapshot.body.meta.end());
  std::vector<std::optional<Bytes>> contents(roles.size());
  base::run_parallel(roles.size(), jobs_, [&](std::size_t i) {
    const auto& [role, meta] = roles[i];
    try {
      contents[i] = read_promised(role, meta, kMaxTargetsBytes);
    } catch (const Error& error) {
      if (role == kTopRole || error.code() != ErrorCode::chain_incomplete) throw;
    }
  });
  for (std::size_t i = 0; i < roles.size(); ++i) {
    if (contents[i]) files.targets.emplace(roles[i].first, *std::move(contents[i]));
  }
}

ChainFiles Capture::read_below(const Bytes& timestamp) {
  total_ = timestamp.size();
  ChainFiles files;
  files.timestamp = timestamp;
  const auto stamped = base::with_context("timestamp.json", [&] { return tuf_v1().parse_timestamp(timestamp); });
  read_roots(files);
  const auto latest = files.roots.rbegin();
  by_version_ = base::with_context(metadata_file("root", latest->first),
                                   [&] { return tuf_v1().parse_root(latest->second).body.consistent_snapshot; });
  files.snapshot = read_promised("snapshot", stamped.body.snapshot, kMaxSnapshotBytes);
  read_targets(files);
  return files;
}

/// What is also seen when the repository was published anew between two answers.
bool may_be_race(const Error& error) {
  return error.code() == ErrorCode::chain_incomplete || error.code() == ErrorCode::digest_mismatch ||
         error.code() == ErrorCode::limit_exceeded;
}

std::optional<ChainFiles> Capture::run() {
  const std::string file = metadata_file("timestamp", std::nullopt);
  auto timestamp = fetch(file, kMaxTimestampBytes);
  if (!timestamp) return std::nullopt;
  for (unsigned restarts = 0;; ++restarts) {
    try {
      return read_below(*timestamp);
    } catch (const Error& error) {
      if (!may_be_race(error) || restarts == kMaxRestarts) throw;
      auto newer = fetch(file, kMaxTimestampBytes);
      if (!newer || *newer == *timestamp) throw;
      timestamp = std::move(newer);
    }
  }
}

}  // namespace

std::optional<ChainFiles> capture(MetadataFetcher& fetcher, const std::vector<base::Bytes>& known_roots,
                                  unsigned jobs) {
  return Capture(fetcher, known_roots, jobs).run();
}

}  // namespace gapstow::tuf
