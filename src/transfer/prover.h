// Prover: takes a bundle apart while it is read, proves chains and images, decides, and hands content to a destination
// when nothing is refused.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "contents.h"
#include "gapstow/bundle/reader.h"
#include "gapstow/oci/image_destination.h"
#include "gapstow/transfer/held.h"
#include "gapstow/transfer/outcome.h"
#include "gapstow/transfer/verify.h"
#include "gapstow/tuf/chain.h"
#include "repository_writer.h"
#include "shipment.h"

namespace gapstow::transfer {

class Prover final : public bundle::Consumer {
 public:
  /// `state` may be nullptr.
  Prover(const VerifyRequest& request, trust::State* state, const Surroundings& around);
  /// What is proven and accepted is put into `destination` as well.
  void deliver_to(oci::ImageDestination& destination, const ImportOptions& options);
  /// Repositories of TUF 1.0 are written out, when nothing is refused.
  void deliver_to(RepositoryWriter& repositories);
  /// What is proven before the payload is kept.
  void keep(KeptContents& kept);

  bundle::SealPolicy on_claim(const bundle::Seal& seal) override;
  void on_seal(const bundle::Seal& seal, const bundle::SealSigners& signers) override;
  void on_metadata(const bundle::Entry& entry, base::ByteView bytes) override;
  void on_payload() override;
  std::unique_ptr<base::Sink> open_payload(const bundle::Entry& entry) override;
  bool reopens_payload(const bundle::Entry& entry, const base::Error& error) override;

  /// What goes to the destination; nothing when nothing is accepted or nobody asked.
  const std::optional<Shipment>& shipment() const { return shipment_; }
  Outcome take_outcome() { return std::move(outcome_); }
  /// What the state should remember: the chains that were not refused.
  std::vector<trust::SeenUpdate> updates() const;

 private:
  void take_chain_file(const bundle::Entry& entry, base::ByteView bytes);
  void prove_chain(std::size_t index, const tuf::ChainFiles& files);
  void check_history(const tuf::VerifiedChain& chain, std::size_t index);
  void prove_contents();
  WalkedImage walk_image(const bundle::ImageRecord& record, Contents& contents) const;
  void compare_entries(const Contents& contents, const std::vector<WalkedImage>& walked) const;
  void check_importable() const;
  bool keeps_chain_files() const;
  void prove_target_files(std::size_t index, Contents& contents);
  void start_repositories();
  std::unique_ptr<base::Sink> open_destination(const bundle::Entry& entry);
  void judge_image(std::size_t index, const WalkedImage& walked);
  void judge_lone_chain(std::size_t index);
  void hand_over(const std::vector<WalkedImage>& walked);
  void report_lifetimes(std::size_t chain, trust::ExpiryRule rule);
  void start_import(const std::vector<WalkedImage>& walked, const Contents& contents);

  const VerifyRequest& request_;
  trust::State* state_;
  oci::ImageDestination* destination_ = nullptr;
  const ImportOptions* options_ = nullptr;
  RepositoryWriter* repositories_ = nullptr;
  KeptContents* kept_ = nullptr;
  Observer& observer_;
  const bundle::Seal* seal_ = nullptr;
  const bundle::Statement* statement_ = nullptr;

  Outcome outcome_;
  std::size_t chain_ = 0;  ///< the chain whose files are coming in
  std::size_t chain_file_ = 0;
  tuf::ChainFiles files_;
  std::vector<tuf::VerifiedChain> chains_;
  std::vector<tuf::ChainFiles> chain_files_;                        ///< of each chain, where they are to be attached
  std::map<std::size_t, trust::Decision::Refusal> chain_refusals_;  ///< rollback and the like, by chain
  std::set<std::size_t> refused_alone_;                             ///< chains without an image that are refused
  std::map<std::string, base::Bytes> views_;
  std::map<digest::Digest, base::Bytes> documents_;
  std::map<digest::Digest, std::set<digest::Digest>> further_hashes_;  ///< of target files among the payload
  std::optional<Shipment> shipment_;
};

}  // namespace gapstow::transfer
