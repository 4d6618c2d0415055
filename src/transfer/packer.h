// Packer: gathers images, proves their chains and knows where every byte comes from. Packing writes what it has
// gathered into a bundle, copying hands it to a destination.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "contents.h"
#include "gapstow/bundle/seal.h"
#include "gapstow/transfer/pack.h"
#include "gapstow/trust/store.h"
#include "pack_chains.h"
#include "pack_images.h"
#include "target_files.h"

namespace gapstow::transfer {

/// Reads documents of whichever source is being walked. What a registry gave is kept: it is needed again.
class SourceBlobs final : public BlobStore {
 public:
  void use(const ChosenImage& image) { image_ = &image; }
  base::Bytes load(const oci::Descriptor& descriptor, std::uint64_t limit) override;
  std::optional<std::uint64_t> size_of(const oci::Descriptor& blob) override { return image_->source->find(blob); }
  const base::Bytes* kept(const digest::Digest& digest) const;

 private:
  const ChosenImage* image_ = nullptr;
  std::map<digest::Digest, base::Bytes> kept_;
};

class Packer {
 public:
  Packer(const PackRequest& request, const Surroundings& around);
  Packer(const Packer&) = delete;
  Packer& operator=(const Packer&) = delete;

  /// Everything that was asked for; with keep_going what fails is left out. Once, before the rest.
  void gather();

  /// Of a bundle: the seal, and the content of its entries.
  bundle::Seal make_seal();
  std::unique_ptr<base::Source> open(std::size_t index);
  Outcome finish(const bundle::Seal& seal);
  /// What a seal says of the bundle and who signed it, into the outcome.
  void note_seal(const bundle::Seal& seal);

  /// Without a bundle: what was gathered.
  const Contents& contents() const { return contents_; }
  const std::vector<WalkedImage>& walked() const { return walked_; }
  std::vector<ChainShelf::Item>& chains() { return chains_.items(); }
  std::unique_ptr<base::Source> open_blob(const digest::Digest& digest);
  std::uint64_t size_of(const digest::Digest& digest) const { return places_.at(digest).size; }
  /// So far: images with their decisions, chains, failures, clocks.
  Outcome& outcome() { return outcome_; }

  /// Whether entries and blobs may be opened and read by several threads at once.
  bool is_parallel() const;

 private:
  /// Where the bytes of a blob come from.
  struct Place {
    oci::ImageSource* source = nullptr;
    std::string media_type;
    std::uint64_t size = 0;
  };

  bool take_attached(ChosenImage& image);
  void add_images(const ChosenImage& chosen);
  std::vector<std::string> all_tags(const ChosenImage& chosen);
  void try_image(const ChosenImage& image);
  void add_image(const ChosenImage& image);
  void add_proven(const ChosenImage& image, const std::string& gun);
  void add_unproven(const ChosenImage& image, const std::string& gun);
  void add_contents(const ChosenImage& image, const oci::SourceImage& match, ImageOutcome outcome);
  void add_attachments(const ChosenImage& image, WalkedImage& walked, bundle::ImageRecord& record);
  void add_chain(const std::string& gun);
  void add_target_files(std::size_t chain);
  tuf::ProvenTarget find_target(const ChosenImage& image, const ChainShelf::Item& item);
  void check_target_names() const;
  bool needs_chain(const std::string& gun) const;
  void drop_idle_chains();
  void note_expired(const trust::ExpiryVerdict& verdict, const std::string& repository);
  void judge(ImageOutcome& image, const std::string& repository, const tuf::VerifiedChain* chain);
  void fail(const std::string& what, const base::Error& error);
  void collect_entries();
  void collect_chains();
  void collect_blobs(const std::vector<oci::PlannedBlob>& list);
  void add_entry(std::string name, std::uint64_t size, digest::Digest digest, base::Bytes bytes);

  const PackRequest& request_;
  ImageChooser chooser_;
  ChainShelf chains_;
  SourceBlobs blobs_;
  Contents contents_;
  std::map<digest::Digest, Place> places_;
  TargetShelf target_files_;
  std::set<std::string> used_target_names_;
  std::vector<WalkedImage> walked_;
  std::set<std::string> references_;
  std::set<std::size_t> used_chains_;  ///< by an image, or asked for alone
  trust::TrustStore rules_;
  bundle::Statement statement_;
  std::vector<base::Bytes> made_;  ///< parallel to statement_.entries: content that gapstow made; empty for blobs
  Outcome outcome_;
};

}  // namespace gapstow::transfer
