#include "snapshot_seal.h"

#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/enforce/snapshot.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "gapstow/json/write.h"
#include "gapstow/sign/dsse.h"

namespace gapstow::enforce {
namespace {

using base::Error;
using base::ErrorCode;

/// The statement about a body, which is what operators sign.
std::string statement(base::ByteView body, const std::string& sha256) {
  SnapshotHeader header;
  FieldReader reader(body.data());
  reader(header);
  return json::serialize(json::Object{{"gapstowDecisions", 1},
                                      {"version", header.version},
                                      {"madeAt", base::format_time({header.made_at, 0})},
                                      {"clockFloor", base::format_time({header.clock_floor, 0})},
                                      {"size", static_cast<std::uint64_t>(body.size())},
                                      {"sha256", sha256}});
}

/// Those of the operators who may and who signed.
std::vector<std::string> entitled(const sign::Envelope& envelope, const std::vector<trust::Operator>& operators) {
  std::vector<std::string> names;
  std::string strangers;
  for (const auto& signature : envelope.signatures) {
    const auto found = std::ranges::find_if(
        operators, [&](const trust::Operator& each) { return each.may_snapshot && each.key == signature.key; });
    if (found != operators.end()) {
      names.push_back(found->name);
    } else {
      strangers += (strangers.empty() ? "" : ", ") + signature.key.fingerprint();
    }
  }
  if (names.empty()) {
    throw Error(ErrorCode::untrusted_key, "no operator who may do so signed the decision file, only " + strangers,
                "if it is from this site: gapstow trust add-operator NAME --key PUB --may snapshot");
  }
  return names;
}

}  // namespace

std::vector<std::string> prove_snapshot(const SnapshotParts& parts, const std::vector<trust::Operator>& operators) {
  if (parts.envelope.empty()) throw Error(ErrorCode::truncated, "the decision file has no signature");
  base::check_limit(parts.envelope.size(), kMaxSnapshotSignature, "size of the signature");
  const sign::Envelope envelope = sign::parse_envelope(parts.envelope);
  if (envelope.payload_type != kSnapshotType) {
    throw Error(ErrorCode::malformed,
                "the signature is about '" + base::printable(envelope.payload_type) + "', not about a decision file");
  }
  auto names = entitled(envelope, operators);
  sign::check_all_signatures(envelope);
  const json::Value value = json::parse(envelope.payload, {.bytes = 4096, .depth = 2});
  const json::Cursor signed_part(value);
  const std::string sha256 = digest::sha256(parts.body).hex();
  if (signed_part.at("sha256").string(64) != sha256) {
    throw Error(ErrorCode::digest_mismatch, "the decision file is not the one that was signed");
  }
  if (statement(parts.body, sha256) != base::as_text(envelope.payload)) {
    throw Error(ErrorCode::malformed, "what was signed and what the decision file says differ");
  }
  return names;
}

base::Bytes sign_snapshot(base::ByteView unsigned_bytes, const std::vector<const sign::Signer*>& signers) {
  Tables::check(unsigned_bytes);
  sign::Envelope envelope{
      std::string(kSnapshotType), base::to_bytes(statement(unsigned_bytes, digest::sha256(unsigned_bytes).hex())), {}};
  const base::Bytes message = sign::pre_authentication_encoding(envelope.payload_type, envelope.payload);
  for (const sign::Signer* signer : signers) {
    envelope.signatures.push_back({signer->public_key(), signer->sign(message)});
  }
  base::Bytes file = base::to_bytes(unsigned_bytes);
  base::append(file, base::as_bytes(sign::write_envelope(envelope)));
  return file;
}

}  // namespace gapstow::enforce
