#include "statement_rules.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "gapstow/archive/ustar.h"
#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/bundle/layout.h"
#include "gapstow/bundle/seal.h"

namespace gapstow::bundle {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view kBlobFolder = "blobs/sha256/";

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::malformed, "statement: " + why); }

std::string quoted(std::string_view text) { return "'" + base::printable(text.substr(0, 300)) + "'"; }

template <typename Item>
bool is_strictly_rising(const std::vector<Item>& items) {
  return std::ranges::adjacent_find(items, std::greater_equal<>{}) == items.end();
}

std::string chain_folder(std::size_t index) {
  std::string number = std::to_string(index);
  if (number.size() < 4) number.insert(0, 4 - number.size(), '0');
  return "gapstow/trust/" + number;
}

void check_seal_size(const Statement& statement) {
  base::check_limit(statement.seal_size, kMaxSealBytes, "statement: sealSize");
  if (statement.seal_size == 0 || statement.seal_size % archive::kBlock != 0) {
    refuse("sealSize " + std::to_string(statement.seal_size) + " is no multiple of 512");
  }
}

void check_counts(const Statement& statement) {
  base::check_limit(statement.entries.size(), kMaxEntries, "statement: number of entries");
  base::check_limit(statement.images.size(), kMaxImages, "statement: number of images");
  base::check_limit(statement.chains.size(), kMaxChains, "statement: number of chains");
  if (statement.images.empty() && statement.chains.empty()) refuse("there is no image and no chain");
}

/// Names have a canonical form, occur once, and none is a folder of another.
void check_names(const std::vector<Entry>& entries) {
  std::unordered_set<std::string_view> names;
  names.insert(kSealName);
  for (const Entry& entry : entries) {
    if (!archive::is_canonical_name(entry.name)) refuse(quoted(entry.name) + " is not a name that an entry may have");
    if (!names.insert(entry.name).second) refuse("entry " + quoted(entry.name) + " occurs twice");
  }
  for (const Entry& entry : entries) {
    const std::string_view name = entry.name;
    for (std::size_t slash = name.find('/'); slash != std::string_view::npos; slash = name.find('/', slash + 1)) {
      if (names.contains(name.substr(0, slash))) refuse("entry " + quoted(name) + " stands below another entry");
    }
  }
}

/// Walks the entries in the order that the format demands.
class OrderCheck {
 public:
  explicit OrderCheck(const std::vector<Entry>& entries) : entries_(entries) {}

  void demand(const std::string& name) {
    if (at_ >= entries_.size()) refuse("entry " + quoted(name) + " is missing");
    if (entries_[at_].name != name) refuse("expected entry " + quoted(name) + ", found " + quoted(entries_[at_].name));
    ++at_;
  }
  void allow(std::string_view name) {
    if (at_ < entries_.size() && entries_[at_].name == name) ++at_;
  }
  std::size_t position() const { return at_; }

 private:
  const std::vector<Entry>& entries_;
  std::size_t at_ = 0;
};

void check_blob(const Entry& entry) {
  if (!entry.name.starts_with(kBlobFolder)) refuse("entry " + quoted(entry.name) + " has no place in the order");
  if (entry.name.substr(kBlobFolder.size()) != entry.sha256.hex()) {
    refuse("blob " + quoted(entry.name) + " is named after another digest than " + entry.sha256.text());
  }
}

/// The count of entries before the blobs.
std::size_t check_order(const Statement& statement) {
  OrderCheck order(statement.entries);
  order.demand("oci-layout");
  order.demand("index.json");
  order.allow("manifest.json");
  for (const ChainRecord& chain : statement.chains) {
    for (const ChainFile& file : chain.files) order.demand(chain.folder + "/" + file.file);
  }
  for (std::size_t i = order.position(); i < statement.entries.size(); ++i) check_blob(statement.entries[i]);
  return order.position();
}

void check_sizes(const Statement& statement) {
  for (const Entry& entry : statement.entries) {
    base::check_limit(entry.size, archive::kMaxEntrySize, "statement: size of " + quoted(entry.name));
  }
  base::check_limit(lay_out(statement).total, kMaxBundleBytes, "statement: size of the bundle");
}

void check_metadata(const Statement& statement, std::size_t before_blobs) {
  const std::size_t count = statement.metadata_entries;
  if (count < before_blobs || count > statement.entries.size()) {
    refuse("metadataEntries is " + std::to_string(count) + ", expected " + std::to_string(before_blobs) + " to " +
           std::to_string(statement.entries.size()));
  }
  for (std::size_t i = 0; i < count; ++i) {
    const Entry& entry = statement.entries[i];
    base::check_limit(entry.size, kMaxMetadataEntryBytes, "statement: size of metadata entry " + quoted(entry.name));
  }
}

/// The sizes of entries by name.
using EntrySizes = std::unordered_map<std::string_view, std::uint64_t>;

EntrySizes sizes_of(const std::vector<Entry>& entries, std::size_t count) {
  EntrySizes sizes;
  for (std::size_t i = 0; i < count; ++i) sizes.emplace(entries[i].name, entries[i].size);
  return sizes;
}

void check_target_files(const EntrySizes& entries, const ChainRecord& chain, const std::string& which) {
  const auto not_rising = [](const TargetFileRecord& a, const TargetFileRecord& b) { return a.name >= b.name; };
  if (std::ranges::adjacent_find(chain.targets, not_rising) != chain.targets.end()) {
    refuse(which + "targets are not sorted by name");
  }
  for (const TargetFileRecord& target : chain.targets) {
    const auto entry = entries.find(std::string(kBlobFolder) + target.sha256.hex());
    if (entry == entries.end()) refuse(which + "target " + quoted(target.name) + " has no entry");
    if (entry->second != target.size)
      refuse(which + "target " + quoted(target.name) + " has not the size of its entry");
  }
}

void check_chains(const Statement& statement) {
  const auto entries = sizes_of(statement.entries, statement.entries.size());
  for (std::size_t i = 0; i < statement.chains.size(); ++i) {
    const ChainRecord& chain = statement.chains[i];
    const std::string which = "chain " + std::to_string(i) + ": ";
    base::check_limit(chain.files.size(), kMaxChainFiles, "statement: " + which + "number of files");
    if (chain.folder != chain_folder(i)) refuse(which + "folder is " + quoted(chain.folder));
    if (chain.files.empty()) refuse(which + "there is no file");
    if (!is_strictly_rising(chain.root_key_ids)) refuse(which + "rootKeyIds are not sorted");
    check_target_files(entries, chain, which);
  }
}

/// A manifest that the statement names must stand among the metadata, with the size it is said to have.
void check_manifest(const EntrySizes& metadata, const digest::Digest& digest, std::uint64_t size,
                    const std::string& which) {
  if (digest.empty() || digest.algorithm() != digest::Algorithm::sha256) refuse(which + "the digest is not SHA-256");
  const std::string blob = std::string(kBlobFolder) + digest.hex();
  const auto entry = metadata.find(blob);
  if (entry == metadata.end()) refuse(which + "its manifest is not among the metadata entries");
  if (entry->second != size) refuse(which + "its size is not that of entry " + quoted(blob));
}

void check_attachments(const EntrySizes& metadata, const ImageRecord& image) {
  std::set<std::tuple<std::string, digest::Digest, digest::Digest, std::string>> seen;
  for (std::size_t i = 0; i < image.attachments.size(); ++i) {
    const AttachmentRecord& attachment = image.attachments[i];
    const std::string which = "image " + quoted(image.reference) + ": attachment " + std::to_string(i) + ": ";
    const bool by_tag = attachment.kind == "cosign";
    if (!by_tag && attachment.kind != "referrer") refuse(which + "unknown kind");
    if (by_tag == attachment.tag.empty()) refuse(which + "a cosign attachment has a tag, and no other has one");
    if (by_tag && !attachment.artifact_type.empty()) refuse(which + "a cosign attachment has no artifactType");
    check_manifest(metadata, attachment.digest, attachment.size, which);
    const bool first = seen.emplace(attachment.kind, attachment.subject, attachment.digest, attachment.tag).second;
    if (!first) refuse(which + "occurs twice");
  }
}

void check_image(const Statement& statement, const ImageRecord& image) {
  const std::string which = "image " + quoted(image.reference) + ": ";
  if (image.binding != "manifest" && image.binding != "diff-ids") refuse(which + "unknown binding");
  if (!is_strictly_rising(image.platforms)) refuse(which + "platforms are not sorted");
  if (!is_strictly_rising(image.left_out)) refuse(which + "leftOut is not sorted");
  if (image.proof && image.proof->chain >= statement.chains.size()) {
    refuse(which + "there is no chain " + std::to_string(image.proof->chain));
  }
}

/// Every image once, its manifest and those of its attachments among the metadata.
void check_images(const Statement& statement) {
  const auto metadata = sizes_of(statement.entries, statement.metadata_entries);
  std::unordered_set<std::string_view> references;
  for (const ImageRecord& image : statement.images) {
    check_image(statement, image);
    const std::string which = "image " + quoted(image.reference) + ": ";
    if (!references.insert(image.reference).second) refuse(which + "occurs twice");
    check_manifest(metadata, image.digest, image.size, which);
    check_attachments(metadata, image);
  }
}

}  // namespace

void check_rules(const Statement& statement) {
  check_counts(statement);
  check_seal_size(statement);
  if (statement.sealed_at.nanoseconds != 0) refuse("sealedAt has a fraction of a second");
  const std::string& rule = statement.checked.expiry_rule;
  if (rule != "now" && rule != "sealed" && rule != "ignore") refuse("unknown expiryRule " + quoted(rule));
  check_chains(statement);
  check_names(statement.entries);
  check_sizes(statement);
  const std::size_t before_blobs = check_order(statement);
  check_metadata(statement, before_blobs);
  check_images(statement);
}

}  // namespace gapstow::bundle
