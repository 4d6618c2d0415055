// The one door to libsodium: every user of it calls this first.
#pragma once

namespace gapstow::sign {

/// Makes libsodium ready, once and from any thread. Throws Error{internal} when it cannot be.
void ensure_sodium();

}  // namespace gapstow::sign
