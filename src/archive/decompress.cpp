#include "gapstow/archive/decompress.h"

#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "gapstow/base/error.h"
#include "gzip_source.h"

namespace gapstow::archive {
namespace {

using base::Error;
using base::ErrorCode;

/// What every zstd reader accepts without being told otherwise: 128 MiB.
constexpr int kMaxWindowLog = 27;

/// Gives first what was read to learn the kind.
class PrefixedSource final : public base::Source {
 public:
  PrefixedSource(base::ByteView head, std::unique_ptr<base::Source> rest)
      : head_(base::to_bytes(head)), rest_(std::move(rest)) {}
  std::size_t read(std::span<std::byte> out) override {
    if (used_ == head_.size()) return rest_->read(out);
    const std::size_t count = std::min(out.size(), head_.size() - used_);
    std::memcpy(out.data(), head_.data() + used_, count);
    used_ += count;
    return count;
  }

 private:
  base::Bytes head_;
  std::size_t used_ = 0;
  std::unique_ptr<base::Source> rest_;
};

/// Any number of zstd frames. Source: RFC 8878.
class ZstdSource final : public base::Source {
 public:
  explicit ZstdSource(std::unique_ptr<base::Source> inner)
      : inner_(std::move(inner)), context_(ZSTD_createDCtx()), block_(base::kChunkSize) {
    if (context_ == nullptr) throw Error(ErrorCode::internal, "no memory for zstd");
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
  }

  std::size_t read(std::span<std::byte> out) override {
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    while (output.pos == 0 && !done_) {
      if (input_.pos == input_.size && !flushing_ && !load()) break;
      const std::size_t left = ZSTD_decompressStream(context_.get(), &output, &input_);
      if (ZSTD_isError(left) != 0) {
        throw Error(ErrorCode::malformed, std::string("damaged zstd stream: ") + ZSTD_getErrorName(left));
      }
      frame_open_ = left != 0;
      flushing_ = frame_open_ && output.pos == output.size;
    }
    return output.pos;
  }

 private:
  struct Deleter {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };

  bool load() {
    const std::size_t count = inner_->read(block_);
    if (count == 0) {
      if (frame_open_) throw Error(ErrorCode::truncated, "the zstd stream ends too early");
      done_ = true;
      return false;
    }
    input_ = {block_.data(), count, 0};
    return true;
  }

  std::unique_ptr<base::Source> inner_;
  std::unique_ptr<ZSTD_DCtx, Deleter> context_;
  base::Bytes block_;
  ZSTD_inBuffer input_{nullptr, 0, 0};
  bool frame_open_ = true;  ///< a frame is not at its end
  bool flushing_ = false;   ///< the last call filled the output: more may wait inside
  bool done_ = false;
};

}  // namespace

Compression compression_of(base::ByteView head) {
  const auto starts = [&](std::string_view magic) { return base::as_text(head).starts_with(magic); };
  if (starts("\x1f\x8b")) return Compression::gzip;
  if (starts("\x28\xb5\x2f\xfd")) return Compression::zstd;
  // A skippable frame in front, as parallel compressors write it.
  const bool skippable = head.size() >= kMagicBytes && base::as_text(head).substr(1, 3) == "\x2a\x4d\x18" &&
                         (head[0] & std::byte{0xf0}) == std::byte{0x50};
  if (skippable) return Compression::zstd;
  if (starts("BZh")) return Compression::bzip2;
  if (starts("\xfd"
             "7zXZ")) {
    return Compression::xz;
  }
  return Compression::none;
}

std::unique_ptr<base::Source> decompress(std::unique_ptr<base::Source> inner, std::uint64_t limit) {
  std::array<std::byte, kMagicBytes> magic{};
  const std::size_t count = base::read_full(*inner, magic);
  const base::ByteView head = base::ByteView(magic).first(count);
  std::unique_ptr<base::Source> source = std::make_unique<PrefixedSource>(head, std::move(inner));
  switch (compression_of(head)) {
    case Compression::gzip:
      source = std::make_unique<GzipSource>(std::move(source));
      break;
    case Compression::zstd:
      source = std::make_unique<ZstdSource>(std::move(source));
      break;
    default:
      break;
  }
  return std::make_unique<base::LimitedSource>(std::move(source), limit);
}

}  // namespace gapstow::archive
