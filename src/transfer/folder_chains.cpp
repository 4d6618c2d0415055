// Chains of Notary repositories in folders.
#include <algorithm>
#include <charconv>

#include "chain_sources.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"

namespace gapstow::transfer {
namespace {

using base::Error;
using base::ErrorCode;

/// Role names that may become part of a path: what Notary itself allows, and never a way out of the folder.
bool is_safe_role(const std::string& role) {
  const bool known = std::ranges::all_of(role, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '/';
  });
  const auto parts = base::split(role, '/');
  return known && std::ranges::none_of(parts, [](std::string_view part) { return part.empty(); });
}

/// The GUN as a relative path: not empty, no "." or ".." parts, nothing absolute.
bool is_safe_gun(const std::string& gun) {
  const auto parts = base::split(gun, '/');
  return std::ranges::none_of(parts, [](std::string_view part) { return part.empty() || part == "." || part == ".."; });
}

/// "12.root.json" -> 12; 0 for any other name.
std::uint64_t root_version(std::string_view name) {
  constexpr std::string_view kSuffix = ".root.json";
  if (!name.ends_with(kSuffix)) return 0;
  const std::string_view digits = name.substr(0, name.size() - kSuffix.size());
  std::uint64_t version = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), version);
  const bool plain = error == std::errc{} && end == digits.data() + digits.size() && digits.front() != '0';
  return plain ? version : 0;
}

/// Reads the files of one chain out of a folder, by the names under which a Notary server serves them.
class ChainFolder {
 public:
  ChainFolder(base::ReadFs& fs, std::string folder) : fs_(fs), folder_(std::move(folder)) {}

  tuf::ChainFiles read() {
    tuf::ChainFiles files;
    read_roots(files);
    files.timestamp = read_required("timestamp.json", tuf::kMaxTimestampBytes);
    files.snapshot = read_required("snapshot.json", tuf::kMaxSnapshotBytes);
    read_targets(files);
    return files;
  }

 private:
  std::string path(const std::string& file) const { return folder_ + "/" + file; }

  base::Bytes read_required(const std::string& file, std::uint64_t limit) {
    if (!fs_.status(path(file))) {
      throw Error(ErrorCode::chain_incomplete, path(file) + " is missing",
                  "a chain needs root.json or N.root.json, timestamp.json, snapshot.json and targets.json");
    }
    return base::read_file(fs_, path(file), limit);
  }

  void read_roots(tuf::ChainFiles& files) {
    for (const auto& file : fs_.list(folder_)) {
      const std::uint64_t version = root_version(file);
      if (version == 0) continue;
      if (files.roots.size() >= tuf::kMaxRootVersions) {
        throw Error(ErrorCode::limit_exceeded,
                    folder_ + ": more than " + std::to_string(tuf::kMaxRootVersions) + " root versions");
      }
      files.roots.emplace(version, base::read_file(fs_, path(file), tuf::kMaxRootBytes));
    }
    if (files.roots.empty() || fs_.status(path("root.json"))) add_latest_root(files);
  }

  /// root.json is one of the versions under another name, or a version that stands under no number.
  void add_latest_root(tuf::ChainFiles& files) {
    base::Bytes bytes = read_required("root.json", tuf::kMaxRootBytes);
    const auto root = base::with_context(path("root.json"), [&] { return tuf::notary_v1().parse_root(bytes); });
    const auto [at, added] = files.roots.emplace(root.body.version, bytes);
    if (!added && at->second != bytes) {
      throw Error(ErrorCode::equivocation, path("root.json") + " and " + std::to_string(root.body.version) +
                                               ".root.json are the same version with different content");
    }
  }

  /// The snapshot says which roles exist. A delegated role without a file is left to the verifier.
  void read_targets(tuf::ChainFiles& files) {
    const auto snapshot =
        base::with_context(path("snapshot.json"), [&] { return tuf::notary_v1().parse_snapshot(files.snapshot); });
    for (const auto& [role, meta] : snapshot.body.meta) {
      if (role == "root" || !is_safe_role(role)) continue;
      const std::string file = role + ".json";
      if (role != "targets" && !fs_.status(path(file))) continue;
      files.targets.emplace(role, read_required(file, tuf::kMaxTargetsBytes));
    }
  }

  base::ReadFs& fs_;
  std::string folder_;
};

/// ~/.docker/trust or ~/.notary: tuf/<GUN>/metadata/.
class DockerTrustFolder final : public ChainSource {
 public:
  DockerTrustFolder(base::ReadFs& fs, std::string folder) : fs_(fs), folder_(std::move(folder)) {
    if (!fs_.status(folder_ + "/tuf")) {
      throw Error(ErrorCode::not_found, folder_ + " is not a trust folder of docker or notary (it has no tuf/ in it)",
                  "give ~/.docker/trust or ~/.notary; for a folder of files as served write dir:" + folder_);
    }
  }

  std::optional<FoundChain> load(const std::string& gun, const Pins&) override {
    const std::string metadata = folder_ + "/tuf/" + gun + "/metadata";
    if (!is_safe_gun(gun) || !fs_.status(metadata)) return std::nullopt;
    return FoundChain{ChainFolder(fs_, metadata).read(), &tuf::notary_v1(), "docker", nullptr};
  }
  bool is_nameless() const override { return false; }
  std::string description() const override { return "docker:" + folder_; }

 private:
  base::ReadFs& fs_;
  std::string folder_;
};

/// The files of one repository as a server gives them.
class ServedFolder final : public ChainSource {
 public:
  ServedFolder(base::ReadFs& fs, std::string folder) : fs_(fs), folder_(std::move(folder)) {
    const auto status = fs_.status(folder_);
    if (!status || status->kind != base::FileStatus::Kind::folder) {
      throw Error(ErrorCode::not_found, folder_ + " is not a folder");
    }
  }

  std::optional<FoundChain> load(const std::string&, const Pins&) override {
    return FoundChain{ChainFolder(fs_, folder_).read(), &tuf::notary_v1(), "dir", nullptr};
  }
  bool is_nameless() const override { return true; }
  std::string description() const override { return "dir:" + folder_; }

 private:
  base::ReadFs& fs_;
  std::string folder_;
};

}  // namespace

std::unique_ptr<ChainSource> open_docker_trust(base::ReadFs& fs, const std::string& folder) {
  return std::make_unique<DockerTrustFolder>(fs, folder);
}

std::unique_ptr<ChainSource> open_served_folder(base::ReadFs& fs, const std::string& folder) {
  return std::make_unique<ServedFolder>(fs, folder);
}

}  // namespace gapstow::transfer
