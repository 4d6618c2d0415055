#include "gapstow/sign/secret.h"

#include <sodium/utils.h>

#include <algorithm>
#include <utility>

#include "gapstow/base/error.h"
#include "sodium.h"

namespace gapstow::sign {

SecretBytes::SecretBytes(std::size_t size) {
  if (size == 0) return;
  ensure_sodium();
  data_ = static_cast<std::byte*>(sodium_malloc(size));
  if (data_ == nullptr) {
    throw base::Error(base::ErrorCode::internal, "the system gives no guarded memory for a secret",
                      "check the limits on memory and on mappings of this process");
  }
  size_ = size;
  sodium_memzero(data_, size_);
}

SecretBytes SecretBytes::copy_of(base::ByteView bytes) {
  SecretBytes copy(bytes.size());
  std::ranges::copy(bytes, copy.bytes().begin());
  return copy;
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

SecretBytes::~SecretBytes() { sodium_free(data_); }

void wipe(std::span<std::byte> bytes) { sodium_memzero(bytes.data(), bytes.size()); }

}  // namespace gapstow::sign
