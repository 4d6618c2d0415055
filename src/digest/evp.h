// The link to OpenSSL: algorithms by name, errors drained so that they do not leak into later calls.
#pragma once

#include <openssl/evp.h>

#include "gapstow/digest/digest.h"

namespace gapstow::digest {

/// The implementation of an algorithm, fetched once a process; a fetch per hash costs more than a small hash.
const EVP_MD* implementation(Algorithm algorithm);

/// Empties the error queue of OpenSSL and throws Error{internal} with what was in it.
[[noreturn]] void fail(const char* what);

}  // namespace gapstow::digest
