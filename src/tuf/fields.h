// Reading what the files of both dialects have in common. Strict: what two readers could understand differently is
// refused.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "gapstow/base/checked.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "gapstow/json/write.h"
#include "gapstow/tuf/dialect.h"

namespace gapstow::tuf {

inline constexpr std::size_t kMaxKeyIdBytes = 128;
inline constexpr std::size_t kMaxSignatureText = 8192;  ///< RSA of 16384 bits takes 2732 in base64, 4096 in hex
inline constexpr std::size_t kMaxWord = 64;
inline constexpr std::size_t kMaxTargets = 1U << 21;  ///< what fits into kMaxTargetsBytes

/// Throws Error{role_invalid} "<path>: <why>".
[[noreturn]] void invalid(const json::Cursor& at, const std::string& why);

/// An array whose length is checked before anything is made of it.
std::vector<json::Cursor> bounded_array(const json::Cursor& at, std::size_t limit);
/// An object of at most `limit` members.
const json::Object& object_of(const json::Cursor& at, std::size_t limit);

/// A whole number from 1 to 2^53; Error{role_invalid} below that.
std::uint64_t positive(const json::Cursor& at);
/// "keyids" and "threshold"; whether the keys exist is not looked at.
RoleKeys read_role_keys(const json::Cursor& role);
/// "_type", which must be `type`, "version" and "expires".
void read_common(const json::Cursor& body, std::string_view type, Common& common);

/// Names of the members of an envelope, and of its signatures, that are not known: at most kMaxUnsignedMembers.
std::vector<std::string> unsigned_members(const json::Cursor& envelope);

/// The envelope and what all roles have; `read` reads the rest of the body, `read_signatures` the signatures.
template <typename Body, typename Read, typename ReadSignatures>
Signed<Body> read_file(base::ByteView raw, std::uint64_t limit, std::string_view type, const Read& read,
                       const ReadSignatures& read_signatures) {
  base::check_limit(raw.size(), limit, "size of the file");
  const json::Value document = json::parse(raw, {.bytes = limit});
  const json::Cursor envelope(document);
  envelope.no_case_variants({"signed", "signatures"});
  const json::Cursor body = envelope.at("signed");
  body.no_case_variants({"_type", "version", "expires"});
  Signed<Body> file;
  read_common(body, type, file.body);
  read(body, file.body);
  file.signatures = read_signatures(envelope.at("signatures"));
  file.canonical = json::canonical(body.value());
  file.unsigned_members = unsigned_members(envelope);
  return file;
}

}  // namespace gapstow::tuf
