#include "blob_plan.h"

#include "gapstow/base/error.h"

namespace gapstow::oci {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::uint64_t kHintBytes = 8ULL << 20;

}  // namespace

BlobPlan::BlobPlan(const std::vector<PlannedBlob>& blobs) {
  for (const auto& blob : blobs) {
    if (blob.digest.empty() || blob.digest.algorithm() != digest::Algorithm::sha256) {
      throw Error(ErrorCode::unsupported, "blob " + blob.digest.text() + " is not named by a SHA-256 digest");
    }
    if (!blobs_.emplace(blob.digest, Blob{blob.size, State::announced}).second) {
      throw Error(ErrorCode::internal, "blob " + blob.digest.text() + " is announced twice");
    }
  }
}

BlobPlan::BlobPlan(BlobPlan&& other) noexcept : blobs_(std::move(other.blobs_)), finished_(other.finished_) {}

BlobPlan& BlobPlan::operator=(BlobPlan&& other) noexcept {
  blobs_ = std::move(other.blobs_);
  finished_ = other.finished_;
  return *this;
}

std::uint64_t BlobPlan::take(const digest::Digest& digest) {
  const std::lock_guard lock(mutex_);
  const auto found = blobs_.find(digest);
  if (found == blobs_.end()) throw Error(ErrorCode::internal, "blob " + digest.text() + " was not announced");
  if (found->second.state != State::announced) {
    throw Error(ErrorCode::internal, "blob " + digest.text() + " is written twice");
  }
  found->second.state = State::taken;
  return found->second.size;
}

void BlobPlan::finish(const digest::Digest& digest) {
  const std::lock_guard lock(mutex_);
  blobs_.at(digest).state = State::finished;
  ++finished_;
}

void BlobPlan::check_complete() {
  const std::lock_guard lock(mutex_);
  if (finished_ == blobs_.size()) return;
  throw Error(ErrorCode::internal, std::to_string(blobs_.size() - finished_) + " announced blobs were not written");
}

void BlobSink::write(base::ByteView bytes) {
  if (bytes.size() > place_.size - written_) {
    throw Error(ErrorCode::internal, "blob " + digest_.text() + " is longer than announced");
  }
  place_.file.write_at(place_.offset + written_, bytes);
  written_ += bytes.size();
  if (written_ - hinted_ >= kHintBytes) {
    place_.file.start_writeback(place_.offset + hinted_, written_ - hinted_);
    hinted_ = written_;
  }
}

void BlobSink::finish() {
  if (written_ != place_.size) {
    throw Error(ErrorCode::internal, "blob " + digest_.text() + " is shorter than announced");
  }
  if (written_ > hinted_) place_.file.start_writeback(place_.offset + hinted_, written_ - hinted_);
  plan_.finish(digest_);
}

}  // namespace gapstow::oci
