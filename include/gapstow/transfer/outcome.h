// Outcome: everything a run has proven, decided and done, as plain data for reports.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/error.h"
#include "gapstow/base/time.h"
#include "gapstow/bundle/statement.h"
#include "gapstow/oci/image_destination.h"
#include "gapstow/trust/decision.h"
#include "gapstow/tuf/chain.h"

namespace gapstow::transfer {

struct SignerOutcome {
  std::string name;  ///< in the trust store; empty when unknown
  std::string fingerprint;
  std::string algorithm;
};

/// A chain that was proven from a pin.
struct ChainOutcome {
  std::string gun;
  std::string dialect;
  std::string source;
  std::string pin;         ///< by which pin it was proven here
  bool first_use = false;  ///< the sealer took it on first use
  std::uint64_t first_root = 0;
  std::vector<tuf::ProvenRole> roles;
  std::vector<std::string> absent_roles;
  trust::ExpiryVerdict expiry;
  std::size_t target_files = 0;  ///< that travel with it
  std::uint64_t target_bytes = 0;
  std::string imported_as{};  ///< of an import: "tuf:DIR", where it was written out as a repository
};

struct ImageOutcome {
  bundle::ImageRecord record;
  std::optional<tuf::ProvenTarget> target;
  bool named_by_seal = false;  ///< the target has a name of its own: that it is this image's is the sealer's word
  trust::Decision decision;
  std::uint64_t bytes = 0;  ///< of its blobs, shared ones included
  std::size_t blobs = 0;
  std::vector<digest::Digest> manifests;  ///< manifests and indexes of the image itself, the signed one first
  std::string imported_as;                ///< of an import: the name at the destination
  std::optional<oci::Delivery> delivery;  ///< of an import: what became, or would become, of it
};

/// Something that was asked for and left out by a run that keeps going.
struct Failure {
  std::string what;  ///< image or repository
  base::Error error;
};

struct Outcome {
  std::string bundle_id;  ///< hex
  std::uint64_t bundle_size = 0;
  std::size_t entries = 0;
  base::Time sealed_at;
  std::string tool;
  std::vector<SignerOutcome> signers;  ///< trusted
  std::vector<SignerOutcome> unknown_signers;
  unsigned threshold = 1;
  trust::Clocks clocks;
  bundle::CheckRecord packed_with;  ///< what the sealer had checked
  std::vector<ChainOutcome> chains;
  std::vector<ImageOutcome> images;
  std::vector<Failure> failures;  ///< of --keep-going
  std::string destination;        ///< empty unless imported
  bool is_rehearsal = false;      ///< --dry-run: nothing was changed
  std::string rollback_reason;    ///< of --allow-rollback, when it was needed

  /// The heaviest refusal or failure, or nothing when everything is accepted and done.
  std::optional<trust::Decision::Refusal> refusal() const;
};

}  // namespace gapstow::transfer
