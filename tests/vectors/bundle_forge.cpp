#include "vectors/bundle_forge.h"

#include <stdexcept>

#include "gapstow/archive/ustar.h"
#include "gapstow/base/encoding.h"
#include "gapstow/bundle/reader.h"

namespace gapstow::test {

Forge::Forge(const BundleContent& content, std::uint64_t seal_bytes)
    : seal_size(seal_bytes), trailer(archive::kTrailerBytes) {
  bundle::Statement statement = content.statement;
  statement.seal_size = seal_size;
  payload = base::as_text(bundle::write_statement(statement));
  seal_header = archive::make_header(bundle::kSealName, seal_size);
  for (std::size_t i = 0; i < content.contents.size(); ++i) {
    const bundle::Entry& entry = statement.entries[i];
    // Names that no header can have stand in the statement only.
    const bool canonical = archive::is_canonical_name(entry.name) && entry.size <= archive::kMaxEntrySize;
    entries.push_back({archive::make_header(canonical ? entry.name : "x", canonical ? entry.size : 0),
                       content.contents[i], base::Bytes(archive::padding_of(content.contents[i].size()))});
  }
}

std::string Forge::signed_envelope(const std::vector<const sign::Signer*>& signers) const {
  sign::Envelope envelope{std::string(bundle::kPayloadType), base::to_bytes(payload), {}};
  const base::Bytes message = sign::pre_authentication_encoding(envelope.payload_type, envelope.payload);
  for (const sign::Signer* signer : signers) {
    envelope.signatures.push_back({signer->public_key(), signer->sign(message)});
  }
  return sign::write_envelope(envelope);
}

base::Bytes Forge::assemble(const std::string& envelope) const {
  base::Bytes bytes = seal_header;
  base::append(bytes, base::as_bytes(envelope));
  if (envelope.size() > seal_size) throw std::runtime_error("forge: the seal is too small for the envelope");
  bytes.resize(seal_header.size() + seal_size, static_cast<std::byte>(seal_padding));
  for (const ForgedEntry& entry : entries) {
    base::append(bytes, entry.header);
    base::append(bytes, entry.content);
    base::append(bytes, entry.padding);
  }
  base::append(bytes, trailer);
  return bytes;
}

void replace_once(std::string& text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  if (at == std::string::npos) throw std::runtime_error("forge: there is no '" + from + "'");
  text.replace(at, from.size(), to);
}

const sign::SecretKey& alice() {
  static const sign::SecretKey key = seeded_key(1);
  return key;
}

const sign::SecretKey& bob() {
  static const sign::SecretKey key = seeded_key(2);
  return key;
}

const sign::SecretKey& carol() {
  static const sign::SecretKey key = seeded_key(3);
  return key;
}

VectorFile to_vector_file(const BundleVector& vector) {
  VectorFile file;
  file.header = {{"expect", vector.expect}, {"spec", vector.spec}, {"comment", vector.comment}};
  for (const sign::Signer* key : vector.keys) {
    file.header.emplace_back("key", base::base64(key->public_key().spki_der()));
  }
  if (vector.threshold != 1) file.header.emplace_back("threshold", std::to_string(vector.threshold));
  if (vector.expect == "ok") {
    base::MemorySource source(vector.bytes);
    const bundle::Seal seal = bundle::read_seal(source);
    file.header.emplace_back("time", base::format_time(seal.claimed().sealed_at));
    file.header.emplace_back("bundle", seal.bundle_id().hex());
  }
  file.header.emplace_back("compressed", "zstd");
  file.bytes = vector.bytes;
  return file;
}

std::vector<BundleVector> bundle_vectors() {
  std::vector<BundleVector> all = container_vectors();
  for (auto part : {statement_vectors(), seal_vectors()}) {
    for (BundleVector& vector : part) all.push_back(std::move(vector));
  }
  return all;
}

}  // namespace gapstow::test
