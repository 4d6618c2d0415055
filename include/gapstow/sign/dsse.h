// DSSE envelopes in the one spelling that gapstow writes and reads. Source: DSSE 1.0.2 (secure-systems-lab).
#pragma once

#include <string>
#include <vector>

#include "gapstow/base/bytes.h"
#include "gapstow/sign/public_key.h"

namespace gapstow::sign {

inline constexpr std::size_t kMaxEnvelopeSignatures = 64;

/// One signature. The public key travels with it, so that every bit of an envelope can be checked also when
/// the key is unknown; it is no source of trust.
struct EnvelopeSignature {
  PublicKey key;
  base::Bytes value;
};

struct Envelope {
  std::string payload_type;
  base::Bytes payload;
  std::vector<EnvelopeSignature> signatures;  ///< sorted by key fingerprint, each key once
};

/// "DSSEv1 SP LEN(type) SP type SP LEN(body) SP body": the bytes that are signed.
base::Bytes pre_authentication_encoding(std::string_view payload_type, base::ByteView payload);

/// {"payload":b64,"payloadType":t,"signatures":[{"keyid":hex,"publicKey":b64 DER,"sig":b64},…]}, canonical;
/// signatures sorted by keyid. At least one signature and one of each key, else Error{malformed}; too many are
/// Error{limit_exceeded}.
std::string write_envelope(const Envelope& envelope);
/// Accepts exactly what write_envelope() gives; all else is Error{malformed}. A keyid that is not the
/// fingerprint of its publicKey is Error{malformed}, two signatures of one key also. Kinds of keys that gapstow
/// does not know are Error{unsupported}, too many signatures Error{limit_exceeded}.
Envelope parse_envelope(base::ByteView text);

/// Checks *every* signature against the key beside it; the first bad one is Error{signature_invalid}. A key
/// that cannot seal (PublicKey::seal_scheme) is Error{unsupported}.
void check_all_signatures(const Envelope& envelope);

}  // namespace gapstow::sign
