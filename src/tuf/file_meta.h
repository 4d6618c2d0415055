// Whether bytes are those that another file promises.
#pragma once

#include "gapstow/base/bytes.h"
#include "gapstow/digest/digest.h"
#include "gapstow/tuf/metadata.h"

namespace gapstow::tuf {

/// Error{digest_mismatch} unless length and every hash that `meta` names are those of `raw`, whose SHA-256 is `sha256`.
void check_bytes(const FileMeta& meta, base::ByteView raw, const digest::Digest& sha256);

/// Error{role_invalid} unless `version` is the one that `meta` names, if it names one.
void check_version(const FileMeta& meta, std::uint64_t version);

}  // namespace gapstow::tuf
