// A program that judges what strangers wrote needs nothing of the system while it does so.
#pragma once

namespace gapstow::enforce {

/// From here on this process can compute, allocate, use the descriptors it has and end; every other system call fails.
/// Libraries must have been used once before, since they read their own files then. False where the kernel cannot do
/// so, or for processors that the filter was not written for.
bool enter_sandbox() noexcept;

}  // namespace gapstow::enforce
