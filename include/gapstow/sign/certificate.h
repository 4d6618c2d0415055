// X.509 certificates as far as Notary v1 roots need them. Source: RFC 5280.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gapstow/base/bytes.h"
#include "gapstow/base/time.h"
#include "gapstow/sign/public_key.h"

namespace gapstow::sign {

/// One parsed certificate; immutable, cheap to copy.
class Certificate {
 public:
  /// All "CERTIFICATE" blocks of a PEM text, in order, at least one and at most `max_count` (else
  /// Error{limit_exceeded}); anything that is neither a block nor white space is Error{malformed}. Keys must be
  /// such that PublicKey takes them.
  static std::vector<Certificate> from_pem(std::string_view pem, std::size_t max_count = 16);

  /// The one common name of the subject; Error{malformed} when there is none or more than one.
  std::string common_name() const;
  base::Time not_before() const;
  base::Time not_after() const;
  bool is_ca() const;
  /// True when the certificate itself is signed with SHA-1 or MD5.
  bool has_weak_signature() const;
  const PublicKey& public_key() const;
  const base::Bytes& der() const;

 private:
  struct Data;
  explicit Certificate(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  std::shared_ptr<const Data> data_;
  friend bool chains_to(const Certificate&, const std::vector<Certificate>&, const std::vector<Certificate>&,
                        base::Time, std::string&);
};

/// True when `leaf` chains through `intermediates` to one of `authorities`, all valid at `when`, and its
/// extended key usage allows server authentication, code signing or anything (or is absent), and so do those of
/// the authorities above it. SHA-1 and keys below 112 bits of strength are refused in the chain. An authority
/// need not be self-signed. On false `why` says the reason in OpenSSL's words.
bool chains_to(const Certificate& leaf, const std::vector<Certificate>& intermediates,
               const std::vector<Certificate>& authorities, base::Time when, std::string& why);

}  // namespace gapstow::sign
