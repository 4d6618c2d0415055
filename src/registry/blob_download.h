// BlobDownload: a blob as a stream that survives cut connections.
#pragma once

#include <memory>

#include "gapstow/registry/repository.h"
#include "retry_count.h"

namespace gapstow::registry {

/// Exactly descriptor.size bytes, unproven. The first request is sent when it is made, so that a missing blob shows at
/// once. The server of the repository outlives it; the repository need not.
class BlobDownload final : public base::Source {
 public:
  BlobDownload(const Repository& repository, const oci::Descriptor& descriptor);
  std::size_t read(std::span<std::byte> out) override;

 private:
  /// Opens the stream at position_.
  void open();
  void check_whole(const Reply& reply) const;
  void check_part(const Reply& reply) const;
  /// One try; 0 when the stream was cut.
  std::size_t try_read(std::span<std::byte> out);
  void check_end();

  Server& server_;
  std::string what_;
  Call call_;
  std::uint64_t size_;
  std::uint64_t position_ = 0;  ///< delivered so far
  std::uint64_t skip_ = 0;      ///< of the stream, delivered before already
  std::unique_ptr<Download> stream_;
  RetryCount retries_;
};

}  // namespace gapstow::registry
