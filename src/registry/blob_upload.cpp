#include "blob_upload.h"

#include <algorithm>

#include "gapstow/base/error.h"
#include "transfer_headers.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;

bool is_good(const Reply& reply) { return reply.status >= 200 && reply.status < 300; }

/// Refusals of a part after which it is worth asking how far the upload got.
bool is_passing(int status) {
  return status == 401 || status == 404 || status == 408 || status == 416 || status == 429 || status >= 500;
}

/// What refuse() would throw.
Error refusal_error(const Reply& reply, const std::string& what) {
  try {
    refuse(reply, what);
  } catch (const Error& error) {
    return error;
  }
}

}  // namespace

/// GitHub's registry refuses larger requests only after it has read them, when the first bytes are not at hand any
/// more.
UploadLore::UploadLore(const std::string& host, UploadJournal* journal)
    : places(journal), largest_request(host == "ghcr.io" ? kPartBytes : UINT64_MAX) {}

BlobUpload::BlobUpload(const Repository& repository, const oci::PlannedBlob& blob, UploadLore& lore)
    : repository_(repository),
      blob_(blob),
      lore_(lore),
      session_(repository, blob.digest),
      retries_(repository_.policy()),
      window_(std::min(blob.size, kKeptBytes)) {
  const auto place = is_small() ? std::nullopt : lore_.places.find(key());
  const auto there = place ? session_.take_up(*place) : std::nullopt;
  if (!there || *there > blob_.size) {
    begin();
    return;
  }
  sent_ = *there;
  mixed_ = sent_ > 0;
  lore_.places.remember(key(), session_.location());
}

UploadJournal::Key BlobUpload::key() const { return {repository_.server().host(), repository_.path(), blob_.digest}; }

void BlobUpload::begin() {
  session_.begin();
  if (session_.shortest_part() > 0) lore_.shortest_part = session_.shortest_part();
  sent_ = 0;
  mixed_ = false;
  if (!is_small()) lore_.places.remember(key(), session_.location());
}

void BlobUpload::write(base::ByteView bytes) {
  if (bytes.size() > blob_.size - window_.end()) {
    throw Error(ErrorCode::internal, session_.what() + ": more bytes are written than were announced");
  }
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), window_.capacity()));
    window_.append(piece);
    bytes = bytes.subspan(piece.size());
    if (!is_small()) send_all();
  }
}

/// All that was written, up to the reply to the last part.
void BlobUpload::send_all() {
  while (sent_ < window_.end()) {
    std::optional<Reply> reply;
    std::optional<Error> cut;
    try {
      reply = send_some();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::network) throw;
      cut = error;
      cut->within(session_.what());
    }
    if (!cut && !reply) continue;
    part_.reset();
    cut ? resume(*cut, nullptr) : end_part(*reply);
  }
}

/// A piece of what was written; the reply when that ends the request.
std::optional<Reply> BlobUpload::send_some() {
  if (!part_) {
    part_first_ = sent_;
    part_end_ = sent_ + part_length();
    part_ = session_.send_part(part_first_, part_end_ - part_first_);
  }
  auto bytes = window_.from(sent_);
  bytes = bytes.first(std::min<std::uint64_t>(bytes.size(), part_end_ - sent_));
  const bool taken = part_->write(bytes);
  if (taken) sent_ += bytes.size();
  if (taken && sent_ < part_end_) return std::nullopt;
  return part_->take_reply();
}

std::uint64_t BlobUpload::part_length() const {
  const std::uint64_t largest = std::max(lore_.largest_request.load(), lore_.shortest_part.load());
  return std::min(blob_.size - sent_, largest);
}

void BlobUpload::end_part(const Reply& reply) {
  if (!is_good(reply)) return on_refusal(reply);
  if (session_.follow(reply)) lore_.places.remember(key(), session_.location());
  const auto there = uploaded_bytes(reply.headers);
  const bool whole = sent_ == part_end_ && (!reply.headers.find("Range") || there == sent_);
  if (whole) return;
  resume(Error(ErrorCode::network, session_.what() + ": the server took only a part of what it was sent"), nullptr);
}

void BlobUpload::on_refusal(const Reply& reply) {
  const bool too_long = reply.status == 413 || (reply.status == 416 && part_first_ == 0);
  if (too_long && make_parts_smaller(part_end_ - part_first_)) {
    const auto there = session_.ask();
    if (there && *there >= window_.start() && *there <= window_.end()) {
      sent_ = *there;
      return;
    }
    if (window_.start() > 0) throw refusal_error(reply, session_.what());
    return begin();
  }
  if (!is_passing(reply.status)) refuse(reply, session_.what());
  resume(refusal_error(reply, session_.what()), &reply);
}

/// False when smaller ones make no sense.
bool BlobUpload::make_parts_smaller(std::uint64_t refused) {
  const std::uint64_t shortest = std::max(kSmallestPart, lore_.shortest_part.load());
  const std::uint64_t next = std::max(refused > kPartBytes ? kPartBytes : refused / 2, shortest);
  if (next >= refused) return false;
  std::uint64_t known = lore_.largest_request.load();
  while (known > next && !lore_.largest_request.compare_exchange_weak(known, next)) {
  }
  return true;
}

/// Goes on where the registry stands, if that is still at hand.
void BlobUpload::resume(const Error& failure, const Reply* refusal) {
  const auto there = session_.ask();
  const bool reachable = there && *there >= window_.start() && *there <= window_.end();
  if (!reachable && window_.start() > 0) throw Error(failure);
  if (!retries_.again(reachable ? *there : 0, refusal)) throw Error(failure);
  if (!reachable) return begin();
  sent_ = *there;
  mixed_ = mixed_ || sent_ > 0;
}

void BlobUpload::finish() {
  if (window_.end() != blob_.size) {
    throw Error(ErrorCode::internal, session_.what() + ": fewer bytes are written than were announced");
  }
  if (is_small()) return finish_small();
  close(session_.close({}));
  lore_.places.forget(key());
}

void BlobUpload::finish_small() {
  while (blob_.size <= lore_.largest_request.load()) {
    const Reply reply = session_.close(base::to_bytes(window_.from(0)));
    if (reply.status == 413 && make_parts_smaller(blob_.size)) break;
    // The answer to an earlier try was lost, or the registry has given the upload up.
    const bool lost = reply.status == 404 || reply.status == 416;
    if (!lost || repository_.head_blob(blob_.digest) == blob_.size || !retries_.again(0, &reply)) return close(reply);
    begin();
  }
  send_all();
  close(session_.close({}));
}

/// Whether the blob is there now, with its digest.
void BlobUpload::close(const Reply& reply) {
  const auto promised = reply.headers.find("Docker-Content-Digest");
  if (is_good(reply) && promised && *promised != blob_.digest.text()) {
    throw Error(ErrorCode::digest_mismatch, session_.what() + ": the server stored something else");
  }
  if (is_good(reply) && reply.status != 202) return;
  if (reply.status == 400 && base::as_text(reply.body).find("DIGEST_INVALID") != std::string_view::npos) {
    // Joined from several connections it may be the joint that is wrong; from the first byte on it may be right.
    lore_.places.forget(key());
    throw Error(mixed_ ? ErrorCode::network : ErrorCode::digest_mismatch,
                session_.what() + ": the server received other bytes than were sent");
  }
  if (repository_.head_blob(blob_.digest) == blob_.size) return;
  lore_.places.forget(key());
  if (is_good(reply)) throw Error(ErrorCode::network, session_.what() + ": the server took it, but does not have it");
  refuse(reply, session_.what());
}

}  // namespace gapstow::registry
