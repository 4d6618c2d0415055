// Digests as values, and streams that compute or check them. Source: OCI image specification 1.1, "Digests".
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gapstow/base/bytes.h"
#include "gapstow/base/stream.h"

namespace gapstow::digest {

enum class Algorithm { sha256, sha512 };

/// "sha256" or "sha512".
std::string_view name(Algorithm algorithm);

/// An algorithm and its value. A default-made Digest is empty and equal to no computed one.
class Digest {
 public:
  Digest() = default;
  /// `value` has the algorithm's size (32 or 64 bytes), else Error{malformed}.
  Digest(Algorithm algorithm, base::ByteView value);
  /// "sha256:<64 lower-case hex>" or sha512 likewise. Another registered algorithm is Error{unsupported},
  /// anything else Error{malformed}.
  static Digest parse(std::string_view text);
  /// From bare lower-case hex of SHA-256.
  static Digest from_sha256_hex(std::string_view hex);

  Algorithm algorithm() const { return algorithm_; }
  base::ByteView value() const { return value_; }
  bool empty() const { return value_.empty(); }
  std::string hex() const;
  /// "sha256:<hex>".
  std::string text() const;
  /// "sha256:26d980671166", for people.
  std::string short_text() const;

  auto operator<=>(const Digest&) const = default;
  bool operator==(const Digest&) const = default;

 private:
  Algorithm algorithm_ = Algorithm::sha256;
  base::Bytes value_;
};

/// Computes a digest piece by piece. Not copyable; finish() may be called once (Error{internal} after that).
class Hasher {
 public:
  explicit Hasher(Algorithm algorithm = Algorithm::sha256);
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();
  void update(base::ByteView bytes);
  Digest finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

Digest sha256(base::ByteView bytes);
Digest sha512(base::ByteView bytes);

/// Hands through the bytes of `inner` and checks them: exactly `size` bytes (Error{truncated} when fewer,
/// Error{digest_mismatch} when more) with digest `expected` (Error{digest_mismatch}). The check is made
/// before the call that would deliver the last bytes returns, so a consumer that copies everything and sees
/// no error has copied the right bytes. Bytes delivered before are unproven until then. `inner` is read one
/// byte further to see its end (wrap it in an ExactSource when more follows); after an error every read throws.
class VerifyingSource final : public base::Source {
 public:
  VerifyingSource(base::Source& inner, std::uint64_t size, Digest expected);
  std::size_t read(std::span<std::byte> out) override;

 private:
  void check_end();

  base::Source& inner_;
  std::uint64_t left_;
  Digest expected_;
  Hasher hasher_;
  bool checked_ = false;
  bool failed_ = false;
};

/// Hashes and counts what passes into another sink.
class HashingSink final : public base::Sink {
 public:
  explicit HashingSink(base::Sink& inner, Algorithm algorithm = Algorithm::sha256);
  void write(base::ByteView bytes) override;
  void finish() override { inner_.finish(); }
  std::uint64_t size() const { return size_; }
  /// Call once, at the end.
  Digest digest() { return hasher_.finish(); }

 private:
  base::Sink& inner_;
  Hasher hasher_;
  std::uint64_t size_ = 0;
};

/// Error{digest_mismatch} unless the bytes have that size and digest; size is checked first.
void check_bytes(base::ByteView bytes, std::uint64_t size, const Digest& expected);

}  // namespace gapstow::digest
