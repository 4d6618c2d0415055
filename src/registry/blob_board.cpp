#include "blob_board.h"

#include <algorithm>

#include "gapstow/base/error.h"
#include "gapstow/base/workers.h"

namespace gapstow::registry {

using base::Error;
using base::ErrorCode;
using Fate = oci::Delivery::Blob::Fate;

/// Writes into one repository. After a failure that nobody will mend it swallows the rest where the run goes on.
class BlobBoard::BoardSink final : public base::Sink {
 public:
  BoardSink(BlobBoard& board, digest::Digest digest, std::unique_ptr<BlobUpload> upload)
      : board_(board), digest_(std::move(digest)), upload_(std::move(upload)) {}
  ~BoardSink() override {
    if (open_) board_.set_state(digest_, State::idle);
  }
  BoardSink(const BoardSink&) = delete;
  BoardSink& operator=(const BoardSink&) = delete;

  void write(base::ByteView bytes) override {
    guard([&] { upload_->write(bytes); });
  }

  void finish() override {
    guard([&] {
      upload_->finish();
      open_ = false;
      board_.set_state(digest_, State::written);
    });
  }

 private:
  template <typename Body>
  void guard(const Body& body) {
    if (!upload_) return;
    try {
      body();
    } catch (const Error& failure) {
      upload_.reset();
      open_ = false;
      if (!board_.absorb(digest_, failure)) throw;
    }
  }

  BlobBoard& board_;
  digest::Digest digest_;
  std::unique_ptr<BlobUpload> upload_;
  bool open_ = true;
};

BlobBoard::BlobBoard(const DeliveryPlan& plan, const std::vector<Holdings>& holdings, ImageFailures& failures,
                     UploadLore& lore, unsigned restarts)
    : plan_(plan), failures_(failures), lore_(lore), restarts_(restarts) {
  for (std::size_t home = 0; home < plan.homes.size(); ++home) {
    for (const auto& [digest, images] : plan.homes[home].needed) {
      const auto blob = plan.blobs.find(digest);
      const bool there = holdings[home].blobs.contains(digest);
      if (blob == plan.blobs.end() || (!there && !is_wanted_in(home, digest))) continue;
      Transfer& transfer = transfers_[digest];
      transfer.blob = blob->second;
      if (!there) transfer.lacking.push_back(home);
      if (there && !transfer.giver) transfer.giver = home;
    }
  }
  std::erase_if(transfers_, [](const auto& entry) { return entry.second.lacking.empty(); });
  for (auto& [digest, transfer] : transfers_) {
    if (!transfer.giver) transfer.writer = transfer.lacking.front();
  }
}

const std::vector<std::size_t>& BlobBoard::needing(std::size_t home, const digest::Digest& digest) const {
  return plan_.homes[home].needed.at(digest);
}

bool BlobBoard::is_wanted_in(std::size_t home, const digest::Digest& digest) const {
  return std::ranges::any_of(needing(home, digest), [&](std::size_t image) { return !failures_.has_failed(image); });
}

bool BlobBoard::wants(const digest::Digest& digest) const {
  const std::lock_guard lock(mutex_);
  const auto found = transfers_.find(digest);
  if (found == transfers_.end() || found->second.giver) return false;
  return std::ranges::any_of(found->second.lacking, [&](std::size_t home) { return is_wanted_in(home, digest); });
}

std::unique_ptr<base::Sink> BlobBoard::open(const digest::Digest& digest) {
  while (const auto home = next_writer(digest)) {
    try {
      auto upload = std::make_unique<BlobUpload>(repository(*home), plan_.blobs.at(digest), lore_);
      return std::make_unique<BoardSink>(*this, digest, std::move(upload));
    } catch (const Error& failure) {
      close_failed(digest);
      // Nothing was read yet: where this repository refuses, the next one may take it.
      failures_.record(needing(*home, digest), failure);
    }
  }
  return std::make_unique<base::NullSink>();
}

std::optional<std::size_t> BlobBoard::next_writer(const digest::Digest& digest) {
  const std::lock_guard lock(mutex_);
  Transfer& transfer = transfers_.at(digest);
  if (transfer.state != State::idle) {
    throw Error(ErrorCode::internal, "blob " + digest.short_text() + " is put twice");
  }
  const auto home = std::ranges::find_if(transfer.lacking, [&](std::size_t at) { return is_wanted_in(at, digest); });
  if (home == transfer.lacking.end()) return std::nullopt;
  transfer.state = State::open;
  transfer.has_failed = false;
  transfer.writer = *home;
  return *home;
}

std::vector<std::size_t> BlobBoard::close_failed(const digest::Digest& digest) {
  const std::lock_guard lock(mutex_);
  Transfer& transfer = transfers_.at(digest);
  transfer.state = State::idle;
  ++transfer.failures;
  transfer.has_failed = true;
  return transfer.lacking;
}

void BlobBoard::set_state(const digest::Digest& digest, State state) {
  const std::lock_guard lock(mutex_);
  Transfer& transfer = transfers_.at(digest);
  transfer.state = state;
  if (state == State::written) transfer.giver = transfer.writer;
}

bool BlobBoard::may_restart(const digest::Digest& digest, const Error& failure) const {
  if (failure.code() != ErrorCode::network) return false;
  const std::lock_guard lock(mutex_);
  const auto found = transfers_.find(digest);
  return found != transfers_.end() && found->second.has_failed && found->second.failures <= restarts_;
}

/// After a failure of a sink. True when the images that need the blob are given up, and the run goes on without them.
bool BlobBoard::absorb(const digest::Digest& digest, const Error& failure) {
  const auto lacking = close_failed(digest);
  if (!failures_.goes_on() || failure.code() == ErrorCode::interrupted || may_restart(digest, failure)) return false;
  for (const auto home : lacking) failures_.record(needing(home, digest), failure);
  return true;
}

void BlobBoard::spread() {
  std::vector<Step> steps;
  for (const auto& [digest, transfer] : transfers_) {
    for (const auto home : transfer.lacking) {
      if (transfer.giver == home || !is_wanted_in(home, digest)) continue;
      steps.push_back({digest, home});
    }
  }
  base::run_parallel(steps.size(), kParallelCalls, [&](std::size_t i) {
    try {
      bring(steps[i]);
    } catch (const Error& failure) {
      failures_.record(needing(steps[i].home, steps[i].digest), failure);
    }
  });
}

void BlobBoard::bring(const Step& step) {
  const Transfer& transfer = transfers_.at(step.digest);
  if (!transfer.giver) {
    throw Error(ErrorCode::network, "blob " + step.digest.short_text() + " could not be written to any repository");
  }
  if (repository(step.home).mount_blob(step.digest, repository(*transfer.giver).path())) return;
  copy(transfer.blob, *transfer.giver, step.home);
  const std::lock_guard lock(mutex_);
  transfers_.at(step.digest).copied.push_back(step.home);
}

/// Through here, for registries that do not mount.
void BlobBoard::copy(const oci::PlannedBlob& blob, std::size_t from, std::size_t to) {
  for (unsigned restarts = 0;; ++restarts) {
    try {
      const auto source = repository(from).open_blob({blob.media_type, blob.digest, blob.size, {}, {}});
      digest::VerifyingSource verified(*source, blob.size, blob.digest);
      BlobUpload upload(repository(to), blob, lore_);
      base::copy(verified, upload);
      return upload.finish();
    } catch (const Error& failure) {
      if (failure.code() != ErrorCode::network || restarts >= kDefaultRestarts) throw;
    }
  }
}

Fate BlobBoard::fate(std::size_t home, const digest::Digest& digest) const {
  const std::lock_guard lock(mutex_);
  const auto found = transfers_.find(digest);
  if (found == transfers_.end()) return Fate::present;
  const Transfer& transfer = found->second;
  if (std::ranges::find(transfer.lacking, home) == transfer.lacking.end()) return Fate::present;
  const bool written = transfer.writer == home || std::ranges::find(transfer.copied, home) != transfer.copied.end();
  return written ? Fate::written : Fate::mounted;
}

}  // namespace gapstow::registry
