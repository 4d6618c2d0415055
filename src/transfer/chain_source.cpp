#include "gapstow/transfer/chain_source.h"

#include <algorithm>
#include <charconv>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/bundle/layout.h"
#include "gapstow/bundle/reader.h"
#include "gapstow/registry/notary.h"
#include "views.h"

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

  std::optional<FoundChain> load(const std::string& gun) override {
    const std::string metadata = folder_ + "/tuf/" + gun + "/metadata";
    if (!is_safe_gun(gun) || !fs_.status(metadata)) return std::nullopt;
    return FoundChain{ChainFolder(fs_, metadata).read(), &tuf::notary_v1(), "docker"};
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

  std::optional<FoundChain> load(const std::string&) override {
    return FoundChain{ChainFolder(fs_, folder_).read(), &tuf::notary_v1(), "dir"};
  }
  bool is_nameless() const override { return true; }
  std::string description() const override { return "dir:" + folder_; }

 private:
  base::ReadFs& fs_;
  std::string folder_;
};

/// The chains that a bundle carries, with or without images.
class BundleChains final : public ChainSource {
 public:
  BundleChains(base::ReadFs& fs, std::string path) : path_(std::move(path)), file_(fs.open(path_)) {
    base::FileSource front(*file_);
    seal_.emplace(base::with_context(path_, [&] { return bundle::read_seal(front); }));
  }

  std::optional<FoundChain> load(const std::string& gun) override {
    const auto& statement = seal_->claimed();
    const auto chain = std::ranges::find(statement.chains, gun, &bundle::ChainRecord::gun);
    if (chain == statement.chains.end()) return std::nullopt;
    return base::with_context(path_, [&] {
      const tuf::Dialect& dialect = dialect_of(*chain);
      return FoundChain{read(*chain), &dialect, "bundle"};
    });
  }
  bool is_nameless() const override { return false; }
  std::string description() const override { return "bundle:" + path_; }

 private:
  tuf::ChainFiles read(const bundle::ChainRecord& chain) {
    const auto& entries = seal_->claimed().entries;
    const bundle::Layout layout = bundle::lay_out(seal_->claimed());
    tuf::ChainFiles files;
    for (const auto& file : chain.files) {
      const std::string name = chain.folder + "/" + file.file;
      const auto entry = std::ranges::find(entries, name, &bundle::Entry::name);
      const auto& place = layout.entries[static_cast<std::size_t>(entry - entries.begin())];
      base::with_context(name, [&] {
        base::FileSource content(*file_, place.content, entry->size);
        digest::VerifyingSource proven(content, entry->size, entry->sha256);
        add_chain_file(files, file, base::read_all(proven, bundle::kMaxMetadataEntryBytes));
      });
    }
    return files;
  }

  std::string path_;
  std::unique_ptr<base::File> file_;
  std::optional<bundle::Seal> seal_;
};

/// A Notary server.
class NotaryChains final : public ChainSource {
 public:
  NotaryChains(registry::Network& network, std::string url) : network_(network), url_(std::move(url)) {
    network_.server(url_, "");  // a bad URL is said at once
  }

  std::optional<FoundChain> load(const std::string& gun) override {
    auto files = base::with_context(description(), [&] {
      return registry::fetch_notary_chain(network_.server(url_, gun.substr(0, gun.find('/'))), gun);
    });
    if (!files) return std::nullopt;
    return FoundChain{std::move(*files), &tuf::notary_v1(), "notary"};
  }
  bool is_nameless() const override { return false; }
  std::string description() const override { return "notary:" + url_; }

 private:
  registry::Network& network_;
  std::string url_;
};

/// Whether the latest root claims to be of that repository; proof comes later.
bool claims_name(const FoundChain& chain, const std::string& gun) {
  try {
    const auto root = chain.dialect->parse_root(chain.files.roots.rbegin()->second);
    chain.dialect->check_root(root.body, gun);
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

std::unique_ptr<ChainSource> open_chain_source(base::ReadFs& fs, std::string_view spec, registry::Network* network) {
  const std::size_t colon = spec.find(':');
  const std::string_view kind = spec.substr(0, colon);
  const std::string place(colon == std::string_view::npos ? "" : spec.substr(colon + 1));
  if (!place.empty() && kind == "docker") return std::make_unique<DockerTrustFolder>(fs, place);
  if (!place.empty() && kind == "dir") return std::make_unique<ServedFolder>(fs, place);
  if (!place.empty() && kind == "bundle") return std::make_unique<BundleChains>(fs, place);
  if (!place.empty() && kind == "notary" && network != nullptr) {
    return std::make_unique<NotaryChains>(*network, place);
  }
  throw Error(ErrorCode::usage, "'" + base::printable(spec) + "' is no source of a chain",
              "write notary:URL (a Notary server), docker:DIR (a trust folder of docker or notary), dir:DIR (files as "
              "served) or bundle:FILE (the chains of a bundle)");
}

FoundChain find_chain(const std::vector<std::shared_ptr<ChainSource>>& sources, const std::string& gun) {
  std::vector<std::string> asked;
  for (const auto& source : sources) {
    auto found = source->load(gun);
    asked.push_back(source->description());
    if (!found) continue;
    if (source->is_nameless() && sources.size() > 1 && !claims_name(*found, gun)) continue;
    return std::move(*found);
  }
  throw Error(ErrorCode::chain_incomplete, "no chain for " + gun + " in " + base::join(asked, ", "),
              "pull or push the image once with DOCKER_CONTENT_TRUST=1, or say --gun when it was signed under another "
              "name");
}

}  // namespace gapstow::transfer
