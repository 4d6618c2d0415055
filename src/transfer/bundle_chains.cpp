// The chains that a bundle carries, as a source for another one.
#include <algorithm>

#include "chain_sources.h"
#include "gapstow/base/error.h"
#include "gapstow/bundle/layout.h"
#include "gapstow/bundle/reader.h"
#include "views.h"

namespace gapstow::transfer {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view kBlobFolder = "blobs/sha256/";

/// A bundle on disk, of which only the seal has been read.
class BundleFile {
 public:
  BundleFile(base::ReadFs& fs, const std::string& path) : file_(fs.open(path)) {
    base::FileSource front(*file_);
    seal_.emplace(base::with_context(path, [&] { return bundle::read_seal(front); }));
    layout_ = bundle::lay_out(seal_->claimed());
    const auto& entries = seal_->claimed().entries;
    for (std::size_t i = 0; i < entries.size(); ++i) by_name_.emplace(entries[i].name, i);
  }

  const bundle::Statement& statement() const { return seal_->claimed(); }
  /// The bytes of an entry, verified as they are read. Error{malformed} when there is none of that name.
  std::unique_ptr<base::Source> open(const std::string& name);

 private:
  std::unique_ptr<base::File> file_;
  std::optional<bundle::Seal> seal_;
  bundle::Layout layout_;
  std::map<std::string, std::size_t> by_name_;
};

class EntrySource final : public base::Source {
 public:
  EntrySource(base::File& file, std::uint64_t offset, const bundle::Entry& entry)
      : content_(file, offset, entry.size), proven_(content_, entry.size, entry.sha256) {}
  std::size_t read(std::span<std::byte> out) override { return proven_.read(out); }

 private:
  base::FileSource content_;
  digest::VerifyingSource proven_;
};

std::unique_ptr<base::Source> BundleFile::open(const std::string& name) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) throw Error(ErrorCode::malformed, "the bundle has no entry " + name);
  return std::make_unique<EntrySource>(*file_, layout_.entries[found->second].content,
                                       statement().entries[found->second]);
}

/// The target files that travel with one chain.
class BundleTargets final : public TargetFiles {
 public:
  BundleTargets(std::shared_ptr<BundleFile> file, const bundle::ChainRecord& chain) : file_(std::move(file)) {
    for (const auto& target : chain.targets) digests_.emplace(target.name, target.sha256);
  }
  std::unique_ptr<base::Source> open(const std::string& name, const tuf::Target&) override {
    const auto found = digests_.find(name);
    if (found == digests_.end()) return nullptr;
    return file_->open(std::string(kBlobFolder) + found->second.hex());
  }

 private:
  std::shared_ptr<BundleFile> file_;
  std::map<std::string, digest::Digest> digests_;
};

class BundleChains final : public ChainSource {
 public:
  BundleChains(base::ReadFs& fs, std::string path)
      : path_(std::move(path)), file_(std::make_shared<BundleFile>(fs, path_)) {}

  std::optional<FoundChain> load(const std::string& gun, const Pins&) override {
    const auto& chains = file_->statement().chains;
    const auto chain = std::ranges::find(chains, gun, &bundle::ChainRecord::gun);
    if (chain == chains.end()) return std::nullopt;
    return base::with_context(path_, [&] {
      const tuf::Dialect& dialect = dialect_of(*chain);
      std::shared_ptr<TargetFiles> targets;
      if (!chain->targets.empty()) targets = std::make_shared<BundleTargets>(file_, *chain);
      return FoundChain{read(*chain), &dialect, "bundle", std::move(targets)};
    });
  }
  bool is_nameless() const override { return false; }
  bool takes_any_name() const override { return true; }
  std::string description() const override { return "bundle:" + path_; }

 private:
  tuf::ChainFiles read(const bundle::ChainRecord& chain) {
    tuf::ChainFiles files;
    for (const auto& file : chain.files) {
      const std::string name = chain.folder + "/" + file.file;
      base::with_context(name, [&] {
        const auto content = file_->open(name);
        add_chain_file(files, chain, file, base::read_all(*content, bundle::kMaxMetadataEntryBytes));
      });
    }
    return files;
  }

  std::string path_;
  std::shared_ptr<BundleFile> file_;
};

}  // namespace

std::unique_ptr<ChainSource> open_bundle_chains(base::ReadFs& fs, const std::string& path) {
  return std::make_unique<BundleChains>(fs, path);
}

}  // namespace gapstow::transfer
