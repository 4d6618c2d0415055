// ComparingSink: a blob that is there already is written only where it differs.
#pragma once

#include <functional>
#include <memory>

#include "blob_plan.h"

namespace gapstow::oci {

/// Opens the place for a blob's new bytes.
using OpenSink = std::function<std::unique_ptr<base::Sink>()>;

/// Compares what comes with the blob that is there: the same bytes leave it alone, the first other ones begin a new
/// file. What comes is proven elsewhere, so equality proves the old file as well, without hashing it.
class ComparingSink final : public base::Sink {
 public:
  ComparingSink(BlobPlan& plan, digest::Digest digest, std::unique_ptr<base::File> old, std::uint64_t size,
                OpenSink open)
      : plan_(plan), digest_(std::move(digest)), old_(std::move(old)), size_(size), open_(std::move(open)) {}

  void write(base::ByteView bytes) override;
  void finish() override;

 private:
  void start_fresh(base::ByteView bytes);

  BlobPlan& plan_;
  digest::Digest digest_;
  std::unique_ptr<base::File> old_;
  std::uint64_t size_;
  OpenSink open_;
  std::uint64_t at_ = 0;
  base::Bytes buffer_;
  std::unique_ptr<base::Sink> fresh_;
};

}  // namespace gapstow::oci
