#include "listener_tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <time.h>

#include <algorithm>
#include <array>

#include "gapstow/base/error.h"
#include "gapstow/base/fs.h"

namespace gapstow::serve {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::uint64_t kMaxPemBytes = 1 << 20;
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kSuites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

struct FreePem {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, FreePem>;
using Certificate = std::unique_ptr<X509, FreePem>;

/// The bytes of a PEM file, wiped when they were read: one of them is a private key.
class PemFile {
 public:
  explicit PemFile(const std::string& path) {
    base::SystemFs fs;
    bytes_ = base::read_file(fs, path, kMaxPemBytes);
    bio_.reset(BIO_new_mem_buf(bytes_.data(), static_cast<int>(bytes_.size())));
    if (bio_ == nullptr) throw Error(ErrorCode::internal, "no memory for " + path);
  }
  PemFile(const PemFile&) = delete;
  PemFile& operator=(const PemFile&) = delete;
  ~PemFile() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

  BIO* bio() const { return bio_.get(); }

 private:
  base::Bytes bytes_;
  Bio bio_;
};

/// No passphrases are asked for: nobody sits at a server.
int no_passphrase(char*, int, int, void*) { return -1; }

std::vector<Certificate> certificates_in(const std::string& path) {
  const PemFile file(path);
  std::vector<Certificate> found;
  while (X509* each = PEM_read_bio_X509(file.bio(), nullptr, no_passphrase, nullptr)) found.emplace_back(each);
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const auto why = last_tls_error("no certificate in it");
  if (found.empty() || !at_end) throw Error(ErrorCode::malformed, path + " cannot be used as certificates: " + why);
  return found;
}

std::int64_t end_of(const X509& certificate) {
  struct tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &parts) != 1) {
    throw Error(ErrorCode::malformed, "a certificate without a readable end");
  }
  return ::timegm(&parts);
}

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* length, const unsigned char* offered,
                    unsigned int offered_length, void*) {
  static constexpr std::array<unsigned char, 9> kHttp = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* found = nullptr;
  const int result = SSL_select_next_proto(&found, length, kHttp.data(), kHttp.size(), offered, offered_length);
  *chosen = found;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

std::string last_tls_error(std::string_view otherwise) {
  const auto error = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  return reason == nullptr ? std::string(otherwise) : std::string(reason);
}

TlsContext::TlsContext(const TlsFiles& files) : context_(SSL_CTX_new(TLS_server_method())) {
  SSL_CTX* context = context_.get();
  if (context == nullptr) throw Error(ErrorCode::internal, "TLS is not there: " + last_tls_error("no memory"));
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, kCiphers);
  SSL_CTX_set_ciphersuites(context, kSuites);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  // Sessions live in the tickets of clients, not in memory here.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  use_certificate(files.certificate);
  use_key(files.key);
  if (!files.client_ca.empty()) demand_clients_of(files.client_ca);
}

void TlsContext::use_certificate(const std::string& path) {
  const auto chain = certificates_in(path);
  if (SSL_CTX_use_certificate(context_.get(), chain.front().get()) != 1) {
    throw Error(ErrorCode::malformed, path + " cannot be used: " + last_tls_error("not a server's certificate"));
  }
  end_ = end_of(*chain.front());
  for (const auto& each : chain) end_ = std::min(end_, end_of(*each));
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context_.get(), chain[i].get()) != 1) {
      throw Error(ErrorCode::malformed, path + " cannot be used: " + last_tls_error("not a chain"));
    }
  }
}

void TlsContext::use_key(const std::string& path) {
  const PemFile file(path);
  const std::unique_ptr<EVP_PKEY, FreePem> key(PEM_read_bio_PrivateKey(file.bio(), nullptr, no_passphrase, nullptr));
  if (key == nullptr) {
    throw Error(ErrorCode::malformed, path + " is no private key without a passphrase: " + last_tls_error("not PEM"));
  }
  if (SSL_CTX_use_PrivateKey(context_.get(), key.get()) != 1 || SSL_CTX_check_private_key(context_.get()) != 1) {
    throw Error(ErrorCode::malformed, path + " is not the key of the certificate: " + last_tls_error("another key"));
  }
}

void TlsContext::demand_clients_of(const std::string& path) {
  SSL_CTX* context = context_.get();
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const auto& each : certificates_in(path)) {
    if (X509_STORE_add_cert(store, each.get()) != 1 || SSL_CTX_add_client_CA(context, each.get()) != 1) {
      throw Error(ErrorCode::malformed, path + " cannot be used: " + last_tls_error("not an authority"));
    }
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  // A session taken up again is not checked again: the client's certificate might have ended meanwhile.
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context, 0);
}

Ssl TlsContext::session(int socket) const {
  Ssl ssl(SSL_new(context_.get()));
  if (ssl == nullptr || SSL_set_fd(ssl.get(), socket) != 1) {
    throw Error(ErrorCode::internal, "no TLS session: " + last_tls_error("no memory"));
  }
  SSL_set_accept_state(ssl.get());
  return ssl;
}

}  // namespace gapstow::serve
