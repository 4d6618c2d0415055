// Byte streams: a Source is read, a Sink is written; adapters compose. No adapter owns what it wraps
// unless it takes a unique_ptr. A Sink without finish() has not delivered anything.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "gapstow/base/bytes.h"

namespace gapstow::base {

/// Somewhere bytes come from. One reader, one thread at a time.
class Source {
 public:
  virtual ~Source() = default;
  /// Reads 1 to out.size() bytes (out is not empty); 0 means the end, and stays so. Throws Error.
  virtual std::size_t read(std::span<std::byte> out) = 0;
};

/// Somewhere bytes go to.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void write(ByteView bytes) = 0;
  /// Everything was written; called once. Errors that were held back come out here.
  virtual void finish() = 0;
};

/// The unit in which streams are moved: large enough to hide system calls, small enough for a cache.
inline constexpr std::size_t kChunkSize = 256 * 1024;

/// Fills `out` wholly, or throws Error{truncated}.
void read_exact(Source& source, std::span<std::byte> out);
/// Fills as much of `out` as there is; the count.
std::size_t read_full(Source& source, std::span<std::byte> out);
/// Everything up to the end, at most `limit` bytes, else Error{limit_exceeded}.
Bytes read_all(Source& source, std::uint64_t limit);
/// Moves everything up to the end; does not finish the sink. The count of bytes.
std::uint64_t copy(Source& from, Sink& to);

/// Reads bytes that the caller keeps alive.
class MemorySource final : public Source {
 public:
  explicit MemorySource(ByteView bytes) : rest_(bytes) {}
  std::size_t read(std::span<std::byte> out) override;

 private:
  ByteView rest_;
};

/// Reads bytes that it owns.
class OwnedSource final : public Source {
 public:
  explicit OwnedSource(Bytes bytes) : bytes_(std::move(bytes)), reader_(bytes_) {}
  OwnedSource(const OwnedSource&) = delete;
  OwnedSource& operator=(const OwnedSource&) = delete;
  std::size_t read(std::span<std::byte> out) override { return reader_.read(out); }

 private:
  Bytes bytes_;
  MemorySource reader_;
};

/// Gathers what is written; Error{limit_exceeded} beyond `limit` bytes.
class MemorySink final : public Sink {
 public:
  explicit MemorySink(std::uint64_t limit = UINT64_MAX) : limit_(limit) {}
  void write(ByteView bytes) override;
  void finish() override {}
  const Bytes& bytes() const { return bytes_; }
  Bytes take() { return std::move(bytes_); }

 private:
  std::uint64_t limit_;
  Bytes bytes_;
};

/// Swallows everything.
class NullSink final : public Sink {
 public:
  void write(ByteView) override {}
  void finish() override {}
};

/// Exactly `size` bytes of another source; Error{truncated} when it ends before.
class ExactSource final : public Source {
 public:
  ExactSource(Source& inner, std::uint64_t size) : inner_(inner), left_(size) {}
  std::size_t read(std::span<std::byte> out) override;
  std::uint64_t left() const { return left_; }

 private:
  Source& inner_;
  std::uint64_t left_;
};

/// At most `limit` bytes of another source; one more is Error{limit_exceeded}.
class LimitedSource final : public Source {
 public:
  LimitedSource(std::unique_ptr<Source> inner, std::uint64_t limit) : inner_(std::move(inner)), left_(limit) {}
  std::size_t read(std::span<std::byte> out) override;

 private:
  std::unique_ptr<Source> inner_;
  std::uint64_t left_;
};

}  // namespace gapstow::base
