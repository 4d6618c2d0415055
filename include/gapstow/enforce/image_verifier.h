// containerd's question whether an image may be pulled, and its answer. Source: containerd 2.x, plugin
// io.containerd.image-verifier.v1.bindir: one program run per pull, which speaks through its arguments, its standard
// input and its exit status.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "gapstow/base/bytes.h"
#include "gapstow/base/time.h"
#include "gapstow/digest/digest.h"
#include "gapstow/enforce/judge.h"

namespace gapstow::enforce {

/// Of the descriptor on standard input.
inline constexpr std::uint64_t kMaxDescriptorBytes = 1ULL << 20;
inline constexpr std::string_view kDescriptorType = "application/vnd.oci.descriptor.v1+json";

/// One pull.
struct Pull {
  std::string name;  ///< the origin reference, also where a mirror is asked
  digest::Digest digest;
};

/// `-name REF -digest DIGEST -stdin-media-type TYPE`, in any order, with one dash or two, the value in the next word or
/// behind '='. Options that are not known are passed over with their values. Error{usage} for what is missing, twice,
/// or no option; Error{unsupported} for another media type.
Pull parse_pull(std::span<const std::string> words);

/// Error{digest_mismatch} unless the descriptor on standard input is that of the digest; Error{malformed},
/// Error{limit_exceeded}.
void check_descriptor(const Pull& pull, base::ByteView descriptor);

struct PullAnswer {
  int exit_code = 2;   ///< 0: allow; 1: refused; 2: not decided, which refuses too
  std::string reason;  ///< one line
};

PullAnswer answer_pull(const Judge& judge, const Pull& pull, base::Time now);

}  // namespace gapstow::enforce
