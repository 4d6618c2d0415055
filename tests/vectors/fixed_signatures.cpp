#include "vectors/fixed_signatures.h"

#include "gapstow/base/encoding.h"

namespace gapstow::test {
namespace {

// The private keys were thrown away. To replace them: make_bundle_vectors --payload > message, then
// openssl dgst -sha256 -sign key.pem message (RSA: -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32).
constexpr std::string_view kP256Key =
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEgJXsxhhoiA/idj3MYPA9t3eN8Z2+c5ztiKIzpS60+gZPryWFwNt1POkyw1uBERGu"
    "RDW6CPNBSShAVuZVKEiMOQ==";
constexpr std::string_view kP256Signature =
    "MEYCIQCYGQyFyKfRDF9180BLteFD10xYyOZUGnJsP/4bs1h10wIhAKcOAl0wkicQQncVooaZZhAUn/jPyBI92lun8oXXAQzY";
constexpr std::string_view kRsaKey =
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAlyNnf2RKLITaEXgxjQvc5GdT1WrNyXug4/3lI/jVvj6DDo4XPDR4wn2r"
    "/ZFq6NAa+fuEKdeRkeS3u3Fy2Phg7fpr02+/DAaT5c670sVKhvD9Dmm9R+Vcaqc3cGYQC/wf5S2ar1W1WK4jb4v7to8fFaUMvwsw"
    "fWdbGH9OgiIxSu9z8WKGWLWe8rHx9TjT/nF9jvXEHEY07OnwsIQZ52x4ZDB1ed9Yedfp+iWmEkTdBtgyu0wRP6u3WeDaxoV8CetF"
    "YYb1b+gvvFBZKKa545vsG6hJyW4lYgiCr8Sqx8603yobpMtx6PetxSGnnUF4UQtpS6BAV/qVStMH6W9Y4e05hQIDAQAB";
constexpr std::string_view kRsaSignature =
    "Ij0I7aIhhwpUaTIedKYmXot/ey4yolFmHadzjWyE8gj5Z7oK1MMdk2rmnJa+hlpKPnbZnLY4eNhHdQSF0okGUU0IALUk6uJuSdX3"
    "EbROHZ51oJ9G9marQgT/2HSAhUFtUPQO2eWnv56sZnMdT8mnytsPO1JieaBst+ALXjntf/NBKdrr9g/GZcKfHLfjhriSkHl+ykRr"
    "k5fo/H+/5ECj3civQcyiCdwj/SPNp5q8BhooNq/NSRgHMGJq5QyPOQ/G0tKmqF7zX/3mEEEOQhOaUJMnyTcJaoc+RnTYK0MSRsE9"
    "oDNz+v1pzsy9Fz2r0yITOQirl0WFs21dd33OInZkgA==";

FixedSigner make_signer(std::string_view key, std::string_view signature) {
  return {sign::PublicKey::from_spki_der(base::from_base64(key)), base::from_base64(signature)};
}

}  // namespace

const FixedSigner& p256_signer() {
  static const FixedSigner signer = make_signer(kP256Key, kP256Signature);
  return signer;
}

const FixedSigner& rsa_signer() {
  static const FixedSigner signer = make_signer(kRsaKey, kRsaSignature);
  return signer;
}

}  // namespace gapstow::test
