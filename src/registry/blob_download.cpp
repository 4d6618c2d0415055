#include "blob_download.h"

#include <array>

#include "gapstow/base/error.h"
#include "transfer_headers.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;

std::string count_of(std::uint64_t bytes) { return std::to_string(bytes) + " bytes"; }

/// The body of a refusal, so that it can be told.
Reply with_body(Download& download) {
  Reply reply = download.reply();
  std::array<std::byte, 4096> piece{};
  while (reply.body.size() < 4 * piece.size()) {
    const std::size_t count = download.read(piece);
    if (count == 0) break;
    base::append(reply.body, base::ByteView(piece).first(count));
  }
  return reply;
}

}  // namespace

BlobDownload::BlobDownload(const Repository& repository, const oci::Descriptor& descriptor)
    : server_(repository.server()),
      what_("blob " + descriptor.digest.short_text() + " of " + repository.name()),
      size_(descriptor.size),
      retries_(repository.policy()) {
  call_.target = "/v2/" + repository.path() + "/blobs/" + descriptor.digest.text();
  call_.scope = repository.scope();
  open();
}

void BlobDownload::open() {
  Call call = call_;
  if (position_ > 0) call.headers.add("Range", "bytes=" + std::to_string(position_) + "-");
  stream_ = server_.download(call);
  const Reply& reply = stream_->reply();
  skip_ = 0;
  if (reply.status == 200) {
    check_whole(reply);
    skip_ = position_;
  } else if (reply.status == 206 && position_ > 0) {
    check_part(reply);
  } else if (reply.status == 416 && position_ > 0) {
    throw Error(ErrorCode::digest_mismatch,
                what_ + ": the server has only " + count_of(position_) + " of " + count_of(size_));
  } else {
    refuse(with_body(*stream_), what_);
  }
}

void BlobDownload::check_whole(const Reply& reply) const {
  const auto length = content_length(reply.headers);
  if (!length || *length == size_) return;
  throw Error(ErrorCode::digest_mismatch,
              what_ + ": the server has " + count_of(*length) + ", but " + count_of(size_) + " were promised");
}

void BlobDownload::check_part(const Reply& reply) const {
  const auto range = content_range(reply.headers);
  if (!range || range->first != position_) {
    throw Error(ErrorCode::network, what_ + ": the server answered another range than was asked for");
  }
  if (range->last >= size_ || (range->total && *range->total != size_)) {
    throw Error(ErrorCode::digest_mismatch, what_ + ": the server has " +
                                                count_of(range->total.value_or(range->last + 1)) + ", but " +
                                                count_of(size_) + " were promised");
  }
}

std::size_t BlobDownload::try_read(std::span<std::byte> out) {
  if (!stream_) open();
  try {
    while (skip_ > 0) {
      std::array<std::byte, 16 * 1024> scratch{};
      const std::size_t count = stream_->read(std::span(scratch).first(std::min<std::uint64_t>(scratch.size(), skip_)));
      if (count == 0) return 0;
      skip_ -= count;
    }
    return stream_->read(out);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::network) throw;
    return 0;
  }
}

std::size_t BlobDownload::read(std::span<std::byte> out) {
  if (position_ == size_) {
    check_end();
    return 0;
  }
  const auto wanted = out.first(std::min<std::uint64_t>(out.size(), size_ - position_));
  while (true) {
    const std::size_t count = try_read(wanted);
    position_ += count;
    if (count > 0) return count;
    stream_.reset();
    if (retries_.again(position_)) continue;
    throw Error(ErrorCode::network, what_ + ": the connection was cut again and again, at byte " +
                                        std::to_string(position_) + " of " + std::to_string(size_));
  }
}

void BlobDownload::check_end() {
  if (!stream_) return;
  std::byte extra{};
  std::size_t count = 0;
  try {
    count = stream_->read({&extra, 1});
  } catch (const Error& error) {
    // All bytes are here; that the connection was cut behind them changes nothing.
    if (error.code() != ErrorCode::network) throw;
  }
  stream_.reset();
  if (count == 0) return;
  throw Error(ErrorCode::digest_mismatch, what_ + ": the server sends more than the promised " + count_of(size_));
}

}  // namespace gapstow::registry
