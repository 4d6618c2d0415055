// OpenSSL's objects with owners, and its error queue kept clean.
#pragma once

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

#include "gapstow/base/bytes.h"
#include "octets.h"

namespace gapstow::sign {

template <auto Free>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

using BigNum = std::unique_ptr<BIGNUM, FreeWith<BN_clear_free>>;
using BigNumContext = std::unique_ptr<BN_CTX, FreeWith<BN_CTX_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>>;
using EcGroup = std::unique_ptr<EC_GROUP, FreeWith<EC_GROUP_free>>;
using EcPoint = std::unique_ptr<EC_POINT, FreeWith<EC_POINT_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using X509Object = std::unique_ptr<X509, FreeWith<X509_free>>;

/// Takes back, at the end of its scope, whatever was added to the thread's error queue within it.
class ErrorQueueGuard {
 public:
  ErrorQueueGuard() { ERR_set_mark(); }
  ErrorQueueGuard(const ErrorQueueGuard&) = delete;
  ErrorQueueGuard& operator=(const ErrorQueueGuard&) = delete;
  ~ErrorQueueGuard() { ERR_pop_to_mark(); }
};

/// The bytes that an i2d function writes; empty when it fails.
template <typename T>
base::Bytes encode_with(int (*i2d)(const T*, unsigned char**), const T* object) {
  const int size = i2d(object, nullptr);
  if (size <= 0) return {};
  base::Bytes bytes(static_cast<std::size_t>(size));
  unsigned char* end = writable_octets(bytes);
  if (i2d(object, &end) != size) return {};
  return bytes;
}

}  // namespace gapstow::sign
