// BlobBoard: which repository of a run lacks which blob, who gets it written, and how it reaches the others.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "blob_upload.h"
#include "delivery_plan.h"
#include "findings.h"
#include "gapstow/registry/images.h"
#include "image_failures.h"

namespace gapstow::registry {

/// Safe to use from several threads. All references outlive it.
class BlobBoard {
 public:
  BlobBoard(const DeliveryPlan& plan, const std::vector<Holdings>& holdings, ImageFailures& failures, UploadLore& lore,
            unsigned restarts);

  /// Whether its bytes must come from outside: some repository lacks it, and none of the others has it.
  bool wants(const digest::Digest& digest) const;
  /// A sink into the first repository that lacks it and takes it.
  std::unique_ptr<base::Sink> open(const digest::Digest& digest);
  /// Whether another sink may do better after this failure of one.
  bool may_restart(const digest::Digest& digest, const base::Error& failure) const;
  /// Mounts and copies until no repository with an image that has not failed lacks a blob.
  void spread();
  /// The plan, and afterwards what was done, for a blob that the repository needs.
  oci::Delivery::Blob::Fate fate(std::size_t home, const digest::Digest& digest) const;

 private:
  class BoardSink;
  enum class State { idle, open, written };
  struct Transfer {
    oci::PlannedBlob blob;
    std::vector<std::size_t> lacking;   ///< homes, in the order of images
    std::optional<std::size_t> giver;   ///< a home that has it
    std::optional<std::size_t> writer;  ///< the home that gets, or got, it written
    std::vector<std::size_t> copied;    ///< homes that would not mount it
    State state = State::idle;
    unsigned failures = 0;    ///< of sinks, and of attempts to open one
    bool has_failed = false;  ///< the last sink, by itself: not whoever writes into it
  };
  struct Step {
    digest::Digest digest;
    std::size_t home = 0;
  };

  const Repository& repository(std::size_t home) const { return plan_.homes[home].repository; }
  const std::vector<std::size_t>& needing(std::size_t home, const digest::Digest& digest) const;
  bool is_wanted_in(std::size_t home, const digest::Digest& digest) const;
  std::optional<std::size_t> next_writer(const digest::Digest& digest);
  /// The homes that lack it.
  std::vector<std::size_t> close_failed(const digest::Digest& digest);
  void set_state(const digest::Digest& digest, State state);
  bool absorb(const digest::Digest& digest, const base::Error& failure);
  void bring(const Step& step);
  void copy(const oci::PlannedBlob& blob, std::size_t from, std::size_t to);

  const DeliveryPlan& plan_;
  ImageFailures& failures_;
  UploadLore& lore_;
  unsigned restarts_;
  mutable std::mutex mutex_;
  std::map<digest::Digest, Transfer> transfers_;  ///< of blobs that some repository lacks
};

}  // namespace gapstow::registry
