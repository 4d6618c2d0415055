#include <algorithm>
#include <optional>

#include "framing.h"
#include "gapstow/base/error.h"
#include "gapstow/bundle/parts.h"
#include "gapstow/bundle/reader.h"
#include "gapstow/bundle/seal.h"

namespace gapstow::bundle {
namespace {

using base::Error;
using base::ErrorCode;

/// Keeps the seal that flows by until its identity is known.
class SealProbe {
 public:
  void update(base::ByteView bytes) {
    while (!done_ && !bytes.empty()) {
      const std::size_t count = std::min(bytes.size(), wanted_ - head_.size());
      base::append(head_, bytes.first(count));
      bytes = bytes.subspan(count);
      if (head_.size() == wanted_) advance();
    }
  }

  /// The bundle's identity; throws what makes the seal unreadable.
  digest::Digest bundle_id() const {
    if (failure_) throw Error(*failure_);
    if (!id_) throw Error(ErrorCode::truncated, "ends in the seal");
    return *id_;
  }

 private:
  void advance() {
    try {
      base::MemorySource source(head_);
      if (wanted_ == kHeader) {
        wanted_ += static_cast<std::size_t>(read_seal_header(source, Watch{}));
        return;
      }
      id_ = read_seal(source).bundle_id();
    } catch (const Error& error) {
      failure_ = error;
    }
    done_ = true;
    head_ = {};
  }

  static constexpr std::size_t kHeader = 512;
  std::size_t wanted_ = kHeader;
  base::Bytes head_;
  bool done_ = false;
  std::optional<digest::Digest> id_;
  std::optional<Error> failure_;
};

}  // namespace

struct PartsSource::State {
  std::vector<PartFile> parts;
  std::size_t current = 0;
  std::uint64_t done = 0;  ///< of the current part's content
  digest::Hasher hasher;
  SealProbe probe;
  std::optional<Error> failure;  ///< stays

  std::size_t read(std::span<std::byte> out) {
    while (current < parts.size() && done == parts[current].header.size) end_part();
    if (current == parts.size()) return end_bundle();
    const PartFile& part = parts[current];
    const std::uint64_t left = part.header.size - done;
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left));
    const std::size_t count = part.file->read_at(kPartHeaderBytes + done, out.first(wanted));
    if (count == 0) {
      throw Error(ErrorCode::truncated, "ends " + std::to_string(left) + " bytes too early").within(part.path);
    }
    const base::ByteView piece = out.first(count);
    hasher.update(piece);
    done += count;
    // Before the last bytes of a part are given away they are proven.
    if (done == part.header.size) check_part(part);
    probe.update(piece);
    return count;
  }

  void check_part(const PartFile& part) {
    const digest::Digest found = hasher.finish();
    hasher = digest::Hasher();
    if (found != part.header.sha256) {
      throw Error(
          ErrorCode::digest_mismatch,
          "this part is damaged: its content is " + found.text() + ", its header says " + part.header.sha256.text(),
          "copy this part again")
          .within(part.path);
    }
    std::byte extra{};
    if (part.file->read_at(kPartHeaderBytes + part.header.size, {&extra, 1}) != 0) {
      throw Error(ErrorCode::malformed, "bytes follow behind the end of the part").within(part.path);
    }
  }

  void end_part() {
    ++current;
    done = 0;
  }

  std::size_t end_bundle() {
    if (!parts.empty() && probe.bundle_id() != parts.front().header.bundle) {
      throw Error(ErrorCode::malformed, "the parts belong to another bundle than their headers say");
    }
    return 0;
  }

  void rest_of_part(const base::CancelToken* cancel) {
    base::Bytes buffer(base::kChunkSize);
    while (current < parts.size() && done > 0 && done < parts[current].header.size) {
      if (cancel != nullptr) cancel->check();
      read(buffer);
    }
  }
};

PartsSource::PartsSource(std::vector<PartFile> parts) : state_(std::make_unique<State>()) {
  state_->parts = std::move(parts);
}

PartsSource::~PartsSource() = default;

std::size_t PartsSource::read(std::span<std::byte> out) {
  if (state_->failure) throw Error(*state_->failure);
  try {
    return state_->read(out);
  } catch (const Error& error) {
    state_->failure = error;
    throw;
  }
}

void PartsSource::name_damaged_part(const base::CancelToken* cancel) {
  if (state_->failure) throw Error(*state_->failure);
  state_->rest_of_part(cancel);
}

}  // namespace gapstow::bundle
