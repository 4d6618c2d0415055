// SecretBytes: memory for passphrases and private keys, locked, not copyable, wiped at the end.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "gapstow/base/bytes.h"

namespace gapstow::sign {

/// Guarded memory of libsodium; throws Error{internal} when the system gives none.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size);
  static SecretBytes copy_of(base::ByteView bytes);
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  std::span<std::byte> bytes() { return {data_, size_}; }
  base::ByteView view() const { return {data_, size_}; }
  bool empty() const { return size_ == 0; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Overwrites memory in a way the compiler keeps.
void wipe(std::span<std::byte> bytes);

}  // namespace gapstow::sign
