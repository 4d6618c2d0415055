// Short forms for spoiling a draft. Edits run when the chain is built; everything else happens at once.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "vectors/tuf_faults.h"

namespace gapstow::test {

using Path = std::vector<std::string>;
using Spoil = std::function<void(VectorDraft&)>;

Path below(Path path, const std::string& name);

/// Sets a member of the signed body.
Spoil put(Path path, json::Value value);
Spoil edit_body(std::function<void(json::Object&)> change);
Spoil edit_envelope(std::function<void(json::Object&)> change);
/// The file's text after it is signed and before others hash it.
Spoil edit_text(std::function<void(std::string&)> change);
/// The file's text after others have hashed it.
Spoil tamper(std::function<void(std::string&)> change);
/// Replaces the first occurrence in the text, which must be there.
Spoil replace(std::string from, std::string to);
/// Changes what the spoilt role is promised by: an entry of meta.
Spoil promise(std::function<void(json::Object&)> change);
/// Sets a member of the place where the role's keys are appointed.
Spoil mandate(std::string member, json::Value value);
/// Changes the bytes of the first signature.
Spoil signature(std::function<base::Bytes(VectorDraft&, base::Bytes)> change);
Spoil in_order(std::vector<Spoil> spoils);
/// One for each dialect.
Spoil by_dialect(Spoil notary, Spoil tuf);

/// Appoints other keys for the spoilt role, and signs with them; a root says so in version 2.
void appoint(VectorDraft& draft, const TestRole& role);
/// A P-256 key for the spoilt role where it has none.
void use_p256(VectorDraft& draft);
/// The first key of the spoilt role.
const PublishedKey& role_key(VectorDraft& draft);
/// A key under any type with any value, its ID fitting.
PublishedKey republished(const Forge& forge, const TestKey& key, const std::string& type, base::ByteView value);
/// A signature entry of the dialect.
json::Value signature_entry(const VectorDraft& draft, const std::string& key_id, const base::Bytes& value);
void add_signature(json::Object& envelope, json::Value entry);

}  // namespace gapstow::test
