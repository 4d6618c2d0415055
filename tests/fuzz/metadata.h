// What holds for the metadata of every dialect: whatever parses says the same when it is written out anew, and stays in
// its limits.
#pragma once

#include <string>

#include "fuzz/fuzz.h"
#include "fuzz/heap.h"
#include "gapstow/json/parse.h"
#include "gapstow/json/write.h"
#include "gapstow/tuf/dialect.h"
#include "gapstow/tuf/inspect.h"

namespace gapstow::fuzz {

/// The bytes that signatures cover are those of the member "signed", and do not depend on what is beside it.
template <typename Parse>
void check_signed_part(base::ByteView input, const std::string& canonical, const Parse& parse) {
  json::Value document = json::parse(input);
  auto& members = *document.get_if<json::Object>();
  require(json::canonical(*members.find("signed")) == canonical, "signatures cover the signed part");
  members.set("signatures", json::Array{});
  const std::string bare = json::serialize(document);
  const auto file = accepted([&] { return parse(base::as_bytes(bare)); });
  require(!file || file->canonical == canonical, "signatures are not signed");
}

/// A chain of files, each parsed several times.
inline constexpr std::size_t kMetadataPerByte = 2 * kParsedPerByte;

/// The same file in another spelling of JSON has the same canonical bytes.
template <typename Parse>
void check_metadata_file(base::ByteView input, const Parse& parse) {
  const auto file = accepted([&] { return parse(input); });
  if (!file) return;
  require(file->body.version >= 1, "versions are positive");
  require(file->signatures.size() <= tuf::kMaxSignatures, "signatures are bounded");
  const std::string text = json::pretty(json::parse(input));
  const auto again = accepted([&] { return parse(base::as_bytes(text)); });
  require(again.has_value(), "white space does not matter");
  require(again->canonical == file->canonical, "canonical bytes do not depend on spelling");
  require(again->body.expires == file->body.expires && again->body.version == file->body.version,
          "the body does not depend on spelling");
  check_signed_part(input, file->canonical, parse);
}

/// The input as a file of each role.
inline void check_metadata(base::ByteView input, const tuf::Dialect& dialect) {
  const HeapLimit heap(kParsedBase + kMetadataPerByte * input.size());
  const std::string role(tuf::kTopRole);
  check_metadata_file(input, [&](base::ByteView raw) { return dialect.parse_root(raw); });
  check_metadata_file(input, [&](base::ByteView raw) { return dialect.parse_timestamp(raw); });
  check_metadata_file(input, [&](base::ByteView raw) { return dialect.parse_snapshot(raw); });
  check_metadata_file(input, [&](base::ByteView raw) { return dialect.parse_targets(raw, role); });
  const auto bytes = base::to_bytes(input);
  const auto claimed = tuf::inspect_chain({{{1, bytes}}, bytes, bytes, {{role, bytes}}}, dialect);
  require(claimed.roles.size() == 3 && claimed.roots.size() == 1, "inspection shows every file");
}

}  // namespace gapstow::fuzz
