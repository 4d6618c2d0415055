#include "gapstow/base/error.h"
#include "gapstow/digest/digest.h"

namespace gapstow::digest {
namespace {

using base::Error;
using base::ErrorCode;

void check_digest(const Digest& found, const Digest& expected) {
  if (found == expected) return;
  throw Error(ErrorCode::digest_mismatch,
              "the content has digest " + found.text() + ", not " + (expected.empty() ? "any" : expected.text()));
}

}  // namespace

VerifyingSource::VerifyingSource(base::Source& inner, std::uint64_t size, Digest expected)
    : inner_(inner), left_(size), expected_(std::move(expected)), hasher_(expected_.algorithm()) {}

// The first call that finds nothing left to read checks, whether it is the one that read the last bytes or,
// for empty content, the first one. A failed check stays failed: no later call may look like a clean end.
std::size_t VerifyingSource::read(std::span<std::byte> out) {
  if (checked_) return 0;
  if (failed_) throw Error(ErrorCode::digest_mismatch, "the content was refused before");
  failed_ = true;
  std::size_t count = 0;
  if (left_ > 0) {
    count = inner_.read(out.first(std::min<std::uint64_t>(out.size(), left_)));
    if (count == 0) {
      throw Error(ErrorCode::truncated, "the content ends " + std::to_string(left_) + " bytes too early");
    }
    hasher_.update(base::ByteView(out).first(count));
    left_ -= count;
  }
  if (left_ == 0) {
    check_end();
    checked_ = true;
  }
  failed_ = false;
  return count;
}

void VerifyingSource::check_end() {
  std::byte extra{};
  if (inner_.read({&extra, 1}) != 0) throw Error(ErrorCode::digest_mismatch, "the content is longer than was promised");
  check_digest(hasher_.finish(), expected_);
}

HashingSink::HashingSink(base::Sink& inner, Algorithm algorithm) : inner_(inner), hasher_(algorithm) {}

void HashingSink::write(base::ByteView bytes) {
  hasher_.update(bytes);
  size_ += bytes.size();
  inner_.write(bytes);
}

void check_bytes(base::ByteView bytes, std::uint64_t size, const Digest& expected) {
  if (bytes.size() != size) {
    throw Error(ErrorCode::digest_mismatch,
                "the content has " + std::to_string(bytes.size()) + " bytes, not " + std::to_string(size));
  }
  Hasher hasher(expected.algorithm());
  hasher.update(bytes);
  check_digest(hasher.finish(), expected);
}

}  // namespace gapstow::digest
