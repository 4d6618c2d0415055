#include "sodium.h"

#include <sodium/core.h>

#include "gapstow/base/error.h"

namespace gapstow::sign {

void ensure_sodium() {
  static const bool kReady = sodium_init() >= 0;
  if (!kReady) throw base::Error(base::ErrorCode::internal, "libsodium cannot be initialised");
}

}  // namespace gapstow::sign
