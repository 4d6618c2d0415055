// BlobPlan: which blobs were announced and which are written; and the sink that writes one of them.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gapstow/base/fs.h"
#include "gapstow/oci/image_destination.h"

namespace gapstow::oci {

/// Thread-safe after construction.
class BlobPlan {
 public:
  BlobPlan() = default;
  /// Error{unsupported} for digests other than SHA-256, Error{internal} for a blob announced twice.
  explicit BlobPlan(const std::vector<PlannedBlob>& blobs);
  BlobPlan(BlobPlan&& other) noexcept;
  BlobPlan& operator=(BlobPlan&& other) noexcept;

  /// The announced size, once for each blob; Error{internal} for what was not announced or is taken.
  std::uint64_t take(const digest::Digest& digest);
  void finish(const digest::Digest& digest);
  /// Error{internal} unless every blob is finished.
  void check_complete();

 private:
  enum class State { announced, taken, finished };
  struct Blob {
    std::uint64_t size = 0;
    State state = State::announced;
  };
  std::mutex mutex_;
  std::map<digest::Digest, Blob> blobs_;
  std::size_t finished_ = 0;
};

/// Where a blob goes.
struct BlobPlace {
  base::File& file;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

/// Writes exactly the announced bytes and asks the system to begin storing them at once, so that the final sync has
/// little left to do. Error{internal} for more or fewer.
class BlobSink final : public base::Sink {
 public:
  BlobSink(BlobPlan& plan, digest::Digest digest, BlobPlace place)
      : plan_(plan), digest_(std::move(digest)), place_(place) {}
  void write(base::ByteView bytes) override;
  void finish() override;

 private:
  BlobPlan& plan_;
  digest::Digest digest_;
  BlobPlace place_;
  std::uint64_t written_ = 0;
  std::uint64_t hinted_ = 0;
};

}  // namespace gapstow::oci
