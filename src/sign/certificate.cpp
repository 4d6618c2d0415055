#include "gapstow/sign/certificate.h"

#include <openssl/obj_mac.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "gapstow/base/encoding.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "openssl.h"
#include "pem.h"

namespace gapstow::sign {

using base::Error;
using base::ErrorCode;

struct Certificate::Data {
  X509Object x509;
  base::Bytes der;
  PublicKey key;
  base::Time not_before;
  base::Time not_after;
  bool is_ca;
  bool weak;
};

namespace {

using BasicConstraints = std::unique_ptr<BASIC_CONSTRAINTS, FreeWith<BASIC_CONSTRAINTS_free>>;

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::malformed, why); }

/// Decodes and demands that OpenSSL would write the same bytes, so that no part hides in an odd spelling.
X509Object decode(base::ByteView der) {
  const unsigned char* at = octets(der);
  X509Object x509(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!x509) refuse("certificate cannot be decoded");
  if (at != octets(der) + der.size()) refuse("data behind a certificate");
  const auto again = encode_with<X509>(i2d_X509, x509.get());
  if (!base::equal(again, der)) refuse("certificate is not in its canonical DER form");
  if ((X509_get_extension_flags(x509.get()) & EXFLAG_INVALID) != 0) refuse("certificate has an invalid extension");
  const X509_ALGOR* outer = nullptr;
  X509_get0_signature(nullptr, &outer, x509.get());
  if (X509_ALGOR_cmp(outer, X509_get0_tbs_sigalg(x509.get())) != 0) {
    refuse("certificate names two signature algorithms");
  }
  return x509;
}

PublicKey key_of(const X509* x509) {
  const auto spki = encode_with<X509_PUBKEY>(i2d_X509_PUBKEY, X509_get_X509_PUBKEY(x509));
  if (spki.empty()) refuse("certificate holds no public key");
  return PublicKey::from_spki_der(spki);
}

/// UTCTime or GeneralizedTime in the one form that RFC 5280 allows: seconds, "Z", no fraction.
base::Time time_of(const ASN1_TIME* time) {
  std::string digits(reinterpret_cast<const char*>(ASN1_STRING_get0_data(time)),
                     static_cast<std::size_t>(ASN1_STRING_length(time)));
  if (ASN1_STRING_type(time) == V_ASN1_UTCTIME && digits.size() == 13) {
    digits.insert(0, digits[0] >= '5' ? "19" : "20");
  }
  if (digits.size() != 15 || digits.find_first_not_of("0123456789") != 14 || digits[14] != 'Z') {
    refuse("validity of a certificate is not in the form of RFC 5280");
  }
  return base::parse_time(digits.substr(0, 4) + "-" + digits.substr(4, 2) + "-" + digits.substr(6, 2) + "T" +
                          digits.substr(8, 2) + ":" + digits.substr(10, 2) + ":" + digits.substr(12, 2) + "Z");
}

bool says_ca(const X509* x509) {
  int critical = 0;
  const BasicConstraints constraints(
      static_cast<BASIC_CONSTRAINTS*>(X509_get_ext_d2i(x509, NID_basic_constraints, &critical, nullptr)));
  if (!constraints && critical != -1) refuse("certificate has malformed or repeated basic constraints");
  return constraints && constraints->ca != 0;
}

/// A signature algorithm that OpenSSL cannot take apart counts as weak.
bool weakly_signed(X509* x509) {
  int digest = NID_undef;
  std::uint32_t flags = 0;
  if (X509_get_signature_info(x509, &digest, nullptr, nullptr, &flags) != 1) return true;
  constexpr std::array kWeak{NID_md2, NID_md4, NID_md5, NID_md5_sha1, NID_mdc2, NID_sha, NID_sha1, NID_ripemd160};
  return std::ranges::find(kWeak, digest) != kWeak.end();
}

}  // namespace

std::vector<Certificate> Certificate::from_pem(std::string_view pem, std::size_t max_count) {
  const ErrorQueueGuard guard;
  std::vector<Certificate> certificates;
  for (auto& block : read_pem(pem, max_count)) {
    if (block.label != "CERTIFICATE") refuse("expected PEM blocks 'CERTIFICATE', found '" + block.label + "'");
    auto x509 = decode(block.der);
    auto key = key_of(x509.get());
    const auto not_before = time_of(X509_get0_notBefore(x509.get()));
    const auto not_after = time_of(X509_get0_notAfter(x509.get()));
    const bool is_ca = says_ca(x509.get());
    const bool weak = weakly_signed(x509.get());
    certificates.push_back(Certificate(std::make_shared<const Data>(
        Data{std::move(x509), std::move(block.der), std::move(key), not_before, not_after, is_ca, weak})));
  }
  if (certificates.empty()) refuse("PEM text holds no certificate");
  return certificates;
}

std::string Certificate::common_name() const {
  const ErrorQueueGuard guard;
  const X509_NAME* subject = X509_get_subject_name(data_->x509.get());
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) refuse("certificate has no common name");
  if (X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) refuse("certificate has several common names");
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  const std::unique_ptr<unsigned char, decltype([](unsigned char* text) { OPENSSL_free(text); })> owner(utf8);
  if (size < 0) refuse("common name of a certificate cannot be read as text");
  std::string name(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  if (name.empty() || name.find('\0') != std::string::npos || !base::is_utf8(name)) {
    refuse("common name of a certificate is not plain text");
  }
  return name;
}

base::Time Certificate::not_before() const { return data_->not_before; }

base::Time Certificate::not_after() const { return data_->not_after; }

bool Certificate::is_ca() const { return data_->is_ca; }

bool Certificate::has_weak_signature() const { return data_->weak; }

const PublicKey& Certificate::public_key() const { return data_->key; }

const base::Bytes& Certificate::der() const { return data_->der; }

namespace {

using Store = std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>>;
/// A stack that holds its own references.
struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_pop_free(stack, X509_free); }
};
using Stack = std::unique_ptr<STACK_OF(X509), FreeStack>;

/// 112 bits: no SHA-1, no RSA below 2048 bits anywhere in a chain.
constexpr int kAuthLevel = 2;

/// The usage must be allowed by every certificate of the chain that restricts its usages at all.
bool whole_chain_allows(STACK_OF(X509) * chain, std::uint32_t usage) {
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    X509* x509 = sk_X509_value(chain, i);
    if ((X509_get_extension_flags(x509) & EXFLAG_XKUSAGE) == 0) continue;
    if ((X509_get_extended_key_usage(x509) & (usage | XKU_ANYEKU)) == 0) return false;
  }
  return true;
}

/// OpenSSL lets old certificates without basic constraints pass as authorities; between leaf and anchor we do not.
bool intermediates_say_ca(STACK_OF(X509) * chain) {
  for (int i = 1; i + 1 < sk_X509_num(chain); ++i) {
    if (X509_check_ca(sk_X509_value(chain, i)) != 1) return false;
  }
  return true;
}

[[noreturn]] void out_of_memory() { throw Error(ErrorCode::internal, "OpenSSL cannot allocate a certificate store"); }

}  // namespace

bool chains_to(const Certificate& leaf, const std::vector<Certificate>& intermediates,
               const std::vector<Certificate>& authorities, base::Time when, std::string& why) {
  const ErrorQueueGuard guard;
  const Store store(X509_STORE_new());
  const StoreContext context(X509_STORE_CTX_new());
  const Stack untrusted(sk_X509_new_null());
  if (!store || !context || !untrusted) out_of_memory();
  for (const auto& authority : authorities) {
    if (X509_STORE_add_cert(store.get(), authority.data_->x509.get()) != 1) out_of_memory();
  }
  for (const auto& intermediate : intermediates) {
    X509* x509 = intermediate.data_->x509.get();
    X509_up_ref(x509);
    if (sk_X509_push(untrusted.get(), x509) <= 0) {
      X509_free(x509);
      out_of_memory();
    }
  }
  if (X509_STORE_CTX_init(context.get(), store.get(), leaf.data_->x509.get(), untrusted.get()) != 1) out_of_memory();
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(rules, static_cast<std::time_t>(when.seconds));
  X509_VERIFY_PARAM_set_auth_level(rules, kAuthLevel);
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);  // any pinned authority may end a chain
  if (X509_verify_cert(context.get()) != 1) {
    why = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
    return false;
  }
  STACK_OF(X509)* chain = X509_STORE_CTX_get0_chain(context.get());
  if (!intermediates_say_ca(chain)) {
    why = X509_verify_cert_error_string(X509_V_ERR_INVALID_CA);
    return false;
  }
  if (!whole_chain_allows(chain, XKU_SSL_SERVER) && !whole_chain_allows(chain, XKU_CODE_SIGN)) {
    why = X509_verify_cert_error_string(X509_V_ERR_INVALID_PURPOSE);
    return false;
  }
  why.clear();
  return true;
}

}  // namespace gapstow::sign
