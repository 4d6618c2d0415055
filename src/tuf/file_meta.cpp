#include "file_meta.h"

#include "gapstow/base/error.h"

namespace gapstow::tuf {

using base::Error;
using base::ErrorCode;

void check_bytes(const FileMeta& meta, base::ByteView raw, const digest::Digest& sha256) {
  if (meta.length && *meta.length != raw.size()) {
    throw Error(ErrorCode::digest_mismatch, "the file has " + std::to_string(raw.size()) + " bytes, " +
                                                std::to_string(*meta.length) + " are promised");
  }
  for (const auto& expected : meta.hashes) {
    const auto found = expected.algorithm() == digest::Algorithm::sha256 ? sha256 : digest::sha512(raw);
    if (found == expected) continue;
    throw Error(ErrorCode::digest_mismatch,
                "the file has digest " + found.short_text() + ", " + expected.short_text() + " is promised",
                "the files must be kept byte for byte as they were served");
  }
}

void check_version(const FileMeta& meta, std::uint64_t version) {
  if (!meta.version || *meta.version == version) return;
  throw Error(ErrorCode::role_invalid,
              "version " + std::to_string(version) + " where " + std::to_string(*meta.version) + " is promised");
}

}  // namespace gapstow::tuf
