// Root keys of Notary v1: certificates from the input become the root key of a root that is otherwise good and signed.
// What begins a chain is for the name asked for; an authority vouches for nothing that it has not issued.
//
// Input: a byte that says how, then either a key's value as it is, or certificates of tests/data by number, each with
// changes: number, count of changes, (two bytes of offset, byte) for each.
#include <array>
#include <tuple>

#include "fuzz/fuzz.h"
#include "fuzz/heap.h"
#include "gapstow/base/encoding.h"
#include "gapstow/base/fs.h"
#include "gapstow/json/write.h"
#include "gapstow/sign/signer.h"
#include "gapstow/tuf/trusted_set.h"

namespace {

using namespace gapstow;
using fuzz::require;

const std::string kGun = "example.test/team/app";
constexpr std::size_t kMaxCertificates = 16;
constexpr std::size_t kHeapLimit = 16U << 20;
constexpr base::Time kWhen{1'800'000'000, 0};
constexpr std::array kNames{"proper",
                            "proper-rsa",
                            "ca",
                            "intermediate",
                            "leaf-code",
                            "leaf-server",
                            "leaf-any",
                            "leaf-none",
                            "leaf-mail",
                            "leaf-critical",
                            "leaf-sha1",
                            "mail-intermediate",
                            "leaf-below-mail",
                            "fake-intermediate",
                            "leaf-below-fake",
                            "other-ca",
                            "two-cn",
                            "no-cn",
                            "sha1",
                            "ca-leaf"};

using Identity = std::tuple<std::string, std::string, std::int64_t, std::int64_t>;

Identity identity_of(const sign::Certificate& certificate) {
  return {certificate.public_key().fingerprint(), certificate.common_name(), certificate.not_before().seconds,
          certificate.not_after().seconds};
}

std::string pem_of(base::ByteView der) {
  const std::string text = base::base64(der);
  std::string pem = "-----BEGIN CERTIFICATE-----\n";
  for (std::size_t at = 0; at < text.size(); at += 64) pem += text.substr(at, 64) + "\n";
  return pem + "-----END CERTIFICATE-----\n";
}

/// The certificates of tests/data, and keys that sign.
class Samples {
 public:
  Samples()
      : other_(sign::SecretKey::from_secret(sign::KeyType::ed25519, base::Bytes(32, std::byte{7}))), owner_(owner()) {
    for (const auto* name : kNames) {
      const auto pem = read(std::string("certs/") + name + ".crt");
      all_.push_back(sign::Certificate::from_pem(base::as_text(pem)).front());
    }
    std::string why;
    for (const auto& one : all_) {
      if (chains_to(one, all_, {authority()}, kWhen, why)) issued_.push_back(identity_of(one));
    }
    require(issued_.size() >= 4, "the samples hold certificates that are good");
  }

  const sign::Certificate& number(unsigned number) const { return all_[number % all_.size()]; }
  const sign::Certificate& authority() const { return all_[2]; }
  bool is_issued(const sign::Certificate& leaf) const {
    return std::ranges::find(issued_, identity_of(leaf)) != issued_.end();
  }
  const sign::SecretKey& other() const { return other_; }

  /// r || s by the key of "proper".
  base::Bytes sign(base::ByteView message) const { return raw_signature(owner_.sign(message)); }

 private:
  static base::Bytes read(const std::string& file) {
    base::SystemFs fs;
    return base::read_file(fs, std::string(GAPSTOW_SOURCE_DIR) + "/tests/data/" + file, 64U << 10);
  }

  /// The scalar stands behind version and tag of an ECPrivateKey.
  static sign::SecretKey owner() {
    const auto text = read("keys/p256.key");
    std::string base64;
    for (const auto line : lines_of(base::as_text(text))) {
      if (!line.starts_with("-----")) base64 += line;
    }
    const auto der = base::from_base64(base64);
    const std::array mark{std::byte{2}, std::byte{1}, std::byte{1}, std::byte{4}, std::byte{32}};
    const auto found = std::ranges::search(der, mark);
    require(found.size() == mark.size(), "the key file holds a scalar");
    const auto at = static_cast<std::size_t>(found.end() - der.begin());
    return sign::SecretKey::from_secret(sign::KeyType::ecdsa_p256, base::ByteView(der).subspan(at, 32));
  }

  static std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size());
      lines.push_back(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
  }

  /// From DER: two integers, each with a leading zero or short of 32 bytes.
  static base::Bytes raw_signature(base::ByteView der) {
    base::Bytes raw;
    std::size_t at = 3;
    for (int part = 0; part < 2; ++part) {
      const auto size = std::to_integer<std::size_t>(der[at]);
      auto digits = der.subspan(at + 1, size);
      if (digits.size() > 32) digits = digits.last(32);
      raw.resize(raw.size() + 32 - digits.size());
      base::append(raw, digits);
      at += size + 2;
    }
    return raw;
  }

  sign::SecretKey other_;
  sign::SecretKey owner_;
  std::vector<sign::Certificate> all_;
  std::vector<Identity> issued_;
};

struct Published {
  std::string id;
  json::Value object;
};

Published publish(const std::string& type, base::ByteView value) {
  json::Value object = json::Object{
      {"keytype", type}, {"keyval", json::Object{{"private", json::Value()}, {"public", base::base64(value)}}}};
  std::string id = digest::sha256(base::as_bytes(json::canonical(object))).hex();
  return {std::move(id), std::move(object)};
}

/// A root by this one root key, signed by the owner of "proper" in its name.
base::Bytes root_file(const Samples& samples, const Published& key) {
  const auto other = publish("ed25519", base::ByteView(samples.other().public_key().spki_der()).last(32));
  const auto role = [](const std::string& id) {
    return json::Value(json::Object{{"keyids", json::Array{json::Value(id)}}, {"threshold", 1}});
  };
  json::Object keys{{other.id, other.object}};
  keys.set(key.id, key.object);
  const json::Value body = json::Object{{"_type", "Root"},
                                        {"consistent_snapshot", false},
                                        {"expires", "2099-01-01T00:00:00Z"},
                                        {"keys", keys},
                                        {"roles", json::Object{{"root", role(key.id)},
                                                               {"snapshot", role(other.id)},
                                                               {"targets", role(other.id)},
                                                               {"timestamp", role(other.id)}}},
                                        {"version", 1}};
  const auto signature = samples.sign(base::as_bytes(json::canonical(body)));
  const json::Value entry = json::Object{{"keyid", key.id}, {"method", "ecdsa"}, {"sig", base::base64(signature)}};
  return base::to_bytes(json::serialize(json::Object{{"signatures", json::Array{entry}}, {"signed", body}}));
}

/// Certificates by number, with changes.
std::string bundle_of(const Samples& samples, base::ByteView input) {
  std::string pem;
  while (input.size() >= 2) {
    auto der = samples.number(std::to_integer<unsigned>(input[0])).der();
    auto changes = std::to_integer<unsigned>(input[1]);
    for (input = input.subspan(2); changes > 0 && input.size() >= 3; --changes, input = input.subspan(3)) {
      const std::size_t at = std::to_integer<std::size_t>(input[0]) << 8U | std::to_integer<std::size_t>(input[1]);
      der[at % der.size()] = input[2];
    }
    pem += pem_of(der);
  }
  return pem;
}

void check_certificates(const Samples& samples, const tuf::Key& key) {
  const auto& all = key.certificates;
  require(!all.empty() && all.size() <= kMaxCertificates, "certificates are bounded");
  require(all.front().public_key() == key.key, "the key is that of the first certificate");
  std::string pem;
  for (const auto& one : all) pem += pem_of(one.der());
  const auto again = sign::Certificate::from_pem(pem);
  require(std::ranges::equal(again, all, {}, &sign::Certificate::der, &sign::Certificate::der),
          "certificates read back");
  std::string why;
  const auto named = fuzz::accepted([&] { return all.front().common_name(); });
  if (!chains_to(all.front(), all, {samples.authority()}, kWhen, why)) return;
  require(named && samples.is_issued(all.front()), "an authority vouches only for what it issued");
  require(all.front().not_before() <= kWhen && kWhen <= all.front().not_after(), "and only while that is valid");
}

bool names_fit(const std::string& name, const std::string& gun) {
  return name == gun || (name.ends_with('*') && gun.starts_with(name.substr(0, name.size() - 1)));
}

/// What begins a chain has the owner's key and is for this name.
void check_start(const Samples& samples, base::ByteView raw, const std::string& gun) {
  const auto set = fuzz::accepted(
      [&] { return tuf::TrustedSet::start(tuf::notary_v1(), gun, raw, [](const tuf::Key&) { return true; }); });
  if (!set) return;
  const auto& root = set->root().body;
  const auto& key = root.keys.at(root.roles.at(tuf::RoleType::root).key_ids.at(0));
  require(key.key == samples.number(0).public_key(), "only the owner's key has signed");
  require(names_fit(key.certificates.front().common_name(), gun), "the certificate is for the name");
  require(std::ranges::count(key.certificates, false, &sign::Certificate::is_ca) == 1, "there is one leaf");
  require(!key.certificates.front().has_weak_signature(), "and it is signed properly");
}

}  // namespace

FUZZ_TARGET(input) {
  static const Samples samples;
  if (input.empty()) return;
  const fuzz::HeapLimit heap(kHeapLimit);
  constexpr std::array kTypes{"ecdsa-x509", "rsa-x509", "ecdsa", "rsa"};
  const auto how = std::to_integer<unsigned>(input[0]);
  const std::string bundle = (how & 4U) != 0 ? bundle_of(samples, input.subspan(1)) : "";
  const auto key = publish(kTypes.at(how % 4), (how & 4U) != 0 ? base::as_bytes(bundle) : input.subspan(1));
  const auto raw = root_file(samples, key);
  const auto file = fuzz::accepted([&] { return tuf::notary_v1().parse_root(raw); });
  if (!file) return;
  const auto& read = file->body.keys.at(key.id);
  if (how % 4 >= 2) {
    require(read.certificates.empty() && tuf::notary_v1().canonical_key_id(read) == key.id, "a bare key is its own");
    require(!fuzz::accepted([&] { return tuf::notary_v1().check_root(file->body, kGun), true; }),
            "root keys have certificates");
    return;
  }
  check_certificates(samples, read);
  const auto bare = publish(how % 4 == 0 ? "ecdsa" : "rsa", read.key.spki_der());
  require(tuf::notary_v1().canonical_key_id(read) == bare.id, "the canonical ID is that of the bare key");
  check_start(samples, raw, kGun);
  if (const auto name = fuzz::accepted([&] { return read.certificates.front().common_name(); })) {
    check_start(samples, raw, *name == kGun ? *name + "x" : *name);
  }
}
