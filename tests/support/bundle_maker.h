// Small bundles for tests: a statement with its contents, seals of the least size, files in memory, and a consumer that
// remembers what it was given.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "gapstow/base/fs.h"
#include "gapstow/bundle/reader.h"
#include "gapstow/bundle/writer.h"
#include "gapstow/sign/signer.h"

namespace gapstow::test {

/// The Ed25519 key whose seed is 32 times this byte.
sign::SecretKey seeded_key(unsigned char fill);

/// A statement and the bytes of its entries, in the order of Statement::entries.
struct BundleContent {
  bundle::Statement statement;
  std::vector<base::Bytes> contents;
};

/// Gathers what a bundle is to hold. Views are plain texts, not derived from the images.
class BundleMaker {
 public:
  BundleMaker();
  /// A chain and its files (path below the chain's folder, text).
  BundleMaker& chain(const std::string& gun, const std::vector<std::pair<std::string, std::string>>& files);
  /// An image with a manifest (unique by `reference`), a config unless it is empty, and layers; proven by the last
  /// chain when there is one.
  BundleMaker& image(const std::string& reference, const std::vector<base::Bytes>& layers,
                     std::string_view config = R"({"config":1})");
  /// seal_size is left 0.
  BundleContent content() const;

 private:
  struct Blob {
    digest::Digest digest;
    base::Bytes bytes;
  };
  static void add_blob(std::vector<Blob>& to, base::ByteView bytes);

  bundle::Statement statement_;
  std::vector<std::pair<std::string, base::Bytes>> chain_files_;
  std::vector<Blob> metadata_;
  std::vector<Blob> layers_;
};

/// One chain of two files, one image with a config and two layers; every content is shorter than a block.
BundleContent small_content();
/// The least: an image without a chain, its manifest and one layer. For tests that try every bit.
BundleContent tiny_content();

/// A seal of the least size: no room for co-signers but what rounding to 512 leaves. Like Seal::make() it checks.
bundle::Seal make_tight_seal(bundle::Statement statement, const std::vector<const sign::Signer*>& signers);

bundle::OpenContent open_contents(const std::vector<base::Bytes>& contents);
/// The whole bundle, as write_stream() gives it.
base::Bytes bundle_bytes(const bundle::Seal& seal, const std::vector<base::Bytes>& contents);

/// A file in memory.
class BundleMemoryFile final : public base::File {
 public:
  BundleMemoryFile() = default;
  explicit BundleMemoryFile(base::Bytes bytes) : bytes_(std::move(bytes)) {}
  std::size_t read_at(std::uint64_t offset, std::span<std::byte> out) override;
  void write_at(std::uint64_t offset, base::ByteView bytes) override;
  std::uint64_t size() override { return bytes_.size(); }
  void sync() override { ++syncs_; }
  void start_writeback(std::uint64_t, std::uint64_t) override {}
  const base::Bytes& bytes() const { return bytes_; }
  int syncs() const { return syncs_; }

 private:
  std::mutex mutex_;
  base::Bytes bytes_;
  int syncs_ = 0;
};

/// Remembers all that it was given. Trusts the keys it was made with.
class CollectingConsumer final : public bundle::Consumer {
 public:
  explicit CollectingConsumer(bundle::SealPolicy policy) : policy_(std::move(policy)) {}
  /// Wants no payload and keeps nothing: for large bundles.
  void ignore_payload() { ignore_payload_ = true; }

  bundle::SealPolicy on_claim(const bundle::Seal& seal) override;
  void on_seal(const bundle::Seal& seal, const bundle::SealSigners& signers) override;
  void on_metadata(const bundle::Entry& entry, base::ByteView bytes) override;
  void on_payload() override;
  std::unique_ptr<base::Sink> open_payload(const bundle::Entry& entry) override;

  bool sealed() const { return sealed_; }
  bool payload_began() const { return payload_began_; }
  const std::vector<std::string>& metadata_order() const { return metadata_order_; }
  /// What was proven, by name: metadata and payload that was finished.
  const std::map<std::string, base::Bytes>& proven() const { return proven_; }

 private:
  class CollectingSink;
  bundle::SealPolicy policy_;
  bool ignore_payload_ = false;
  bool sealed_ = false;
  bool payload_began_ = false;
  std::vector<std::string> metadata_order_;
  std::mutex mutex_;
  std::map<std::string, base::Bytes> proven_;
};

/// What a reader said of some bytes: nothing when they were proven, and which entries it finished.
struct ReadOutcome {
  std::optional<base::ErrorCode> code;
  std::string line;
  std::map<std::string, base::Bytes> proven;
};
ReadOutcome stream_outcome(base::ByteView bytes, const bundle::SealPolicy& policy);
ReadOutcome file_outcome(base::ByteView bytes, const bundle::SealPolicy& policy, unsigned jobs = 1);

}  // namespace gapstow::test
