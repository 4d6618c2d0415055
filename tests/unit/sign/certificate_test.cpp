#include "gapstow/sign/certificate.h"

#include <openssl/err.h>
#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

#include "gapstow/base/encoding.h"
#include "support/error_of.h"
#include "support/gen_bytes.h"
#include "support/sign_keys.h"

using namespace gapstow;
using base::Bytes;
using base::ByteView;
using sign::Certificate;

namespace {

std::string pem(const std::string& name) { return test::data_file("certs/" + name + ".crt"); }

Certificate load(const std::string& name) {
  const auto all = Certificate::from_pem(pem(name));
  REQUIRE(all.size() == 1);
  return all[0];
}

std::string pem_of(ByteView der) {
  return "-----BEGIN CERTIFICATE-----\n" + base::base64(der) + "\n-----END CERTIFICATE-----\n";
}

/// The certificate with each `from` in its DER replaced by `to` of the same length.
std::string edited(const std::string& name, const std::string& from, const std::string& to) {
  REQUIRE(from.size() == to.size());
  std::string der(base::as_text(load(name).der()));
  REQUIRE(der.find(from) != std::string::npos);
  for (auto at = der.find(from); at != std::string::npos; at = der.find(from, at + 1)) der.replace(at, from.size(), to);
  return pem_of(base::as_bytes(der));
}

const base::Time kNow = base::parse_time("2026-11-23T00:00:00Z");

bool chains(const std::string& leaf, const std::vector<std::string>& between, const std::vector<std::string>& roots,
            base::Time when = kNow) {
  std::vector<Certificate> intermediates;
  std::vector<Certificate> authorities;
  for (const auto& name : between) intermediates.push_back(load(name));
  for (const auto& name : roots) authorities.push_back(load(name));
  std::string why = "untouched";
  const bool good = chains_to(load(leaf), intermediates, authorities, when, why);
  CAPTURE(why);
  CHECK(good == why.empty());
  return good;
}

}  // namespace

TEST_CASE("what a certificate says") {
  const auto certificate = load("proper");
  CHECK(certificate.common_name() == "example.test/team/app");
  CHECK(base::format_time(certificate.not_before()) == "2026-01-01T00:00:00Z");
  CHECK(base::format_time(certificate.not_after()) == "2046-01-01T00:00:00Z");
  CHECK_FALSE(certificate.is_ca());
  CHECK_FALSE(certificate.has_weak_signature());
  CHECK(certificate.public_key() == test::public_fixture("p256"));
  CHECK(load("proper-rsa").public_key() == test::public_fixture("rsa2048"));
  CHECK(load("proper-ed25519").public_key() == test::public_fixture("ed25519"));
  CHECK_FALSE(load("proper-ed25519").has_weak_signature());
  CHECK(base::format_time(load("future").not_before()) == "2060-01-01T00:00:00Z");
  CHECK(base::format_time(load("expired").not_after()) == "2021-01-01T00:00:00Z");
  CHECK(load("ca-leaf").is_ca());
  CHECK(load("sha1").has_weak_signature());
  CHECK(load("md5").has_weak_signature());
}

TEST_CASE("a certificate has one common name of plain text") {
  REQUIRE_ERROR(malformed, load("no-cn").common_name());
  REQUIRE_ERROR(malformed, load("two-cn").common_name());
  for (const auto& text : {edited("proper", "example.test", std::string("example\0test", 12)),
                           edited("proper", "example.test", "example\xfftest")}) {
    REQUIRE_ERROR(malformed, Certificate::from_pem(text).at(0).common_name());
  }
}

TEST_CASE("certificates come in the order of the text, and nothing between them") {
  const auto text = pem("leaf-code") + "\n\n" + pem("intermediate") + pem("ca");
  const auto all = Certificate::from_pem(text);
  REQUIRE(all.size() == 3);
  CHECK(all[0].der() == load("leaf-code").der());
  CHECK(all[1].der() == load("intermediate").der());
  CHECK(all[2].der() == load("ca").der());
  REQUIRE_ERROR(limit_exceeded, Certificate::from_pem(text, 2));
  const auto proper = pem("proper");
  for (const auto& bad : {std::string(), std::string(" \n"), "subject=x\n" + proper, proper + "x",
                          proper + "subject\n" + proper, proper + test::data_file("keys/p256.pub"),
                          test::data_file("keys/p256.key"), proper.substr(0, proper.size() / 2)}) {
    CAPTURE(bad);
    REQUIRE_ERROR(malformed, Certificate::from_pem(bad));
  }
  REQUIRE_ERROR(limit_exceeded, Certificate::from_pem(std::string(2 << 20, '\n')));
  auto trusted = proper;
  for (auto at = trusted.find("CERTIFICATE"); at != std::string::npos; at = trusted.find("CERTIFICATE", at + 20)) {
    trusted.insert(at, "TRUSTED ");
  }
  REQUIRE_ERROR(malformed, Certificate::from_pem(trusted));
}

TEST_CASE("a certificate is exactly its DER") {
  const auto der = load("proper").der();
  auto longer = der;
  longer.push_back(std::byte{0});
  REQUIRE_ERROR(malformed, Certificate::from_pem(pem_of(longer)));
  for (std::size_t size = 1; size < der.size(); ++size) {
    REQUIRE_ERROR(malformed, Certificate::from_pem(pem_of(ByteView(der).first(size))));
  }
}

TEST_CASE("a flipped bit in a certificate is refused or stays in its bytes") {
  const auto der = load("proper").der();
  for (std::size_t bit = 0; bit < der.size() * 8; ++bit) {
    const auto changed = test::flipped(der, bit);
    Bytes read_as = changed;
    const auto code = test::error_of([&] {
      const auto all = Certificate::from_pem(pem_of(changed));
      read_as = all.at(0).der();
      static_cast<void>(all.at(0).common_name());
    });
    CHECK(read_as == changed);
    if (code) CHECK((*code == base::ErrorCode::malformed || *code == base::ErrorCode::unsupported));
  }
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("certificates with odd insides are refused") {
  REQUIRE_ERROR(unsupported, load("small-rsa"));
  REQUIRE_ERROR(malformed, Certificate::from_pem(edited("proper", "260101000000Z", "260101000060Z")));
  REQUIRE_ERROR(malformed, Certificate::from_pem(edited("proper", "260101000000Z", "261301000000Z")));
  REQUIRE_ERROR(malformed, Certificate::from_pem(edited("proper", "260101000000Z", "2601010000+00")));
  // The algorithm of the signature names SHA-384 inside and SHA-256 outside.
  std::string der(base::as_text(load("proper").der()));
  const std::string ecdsa_sha256("\x2a\x86\x48\xce\x3d\x04\x03\x02", 8);
  der[der.find(ecdsa_sha256) + 7] = 3;
  REQUIRE_ERROR(malformed, Certificate::from_pem(pem_of(base::as_bytes(der))));
}

TEST_CASE("chains that hold") {
  CHECK(chains("leaf-code", {"intermediate"}, {"ca"}));
  CHECK(chains("leaf-server", {"intermediate"}, {"ca"}));
  CHECK(chains("leaf-any", {"intermediate"}, {"ca"}));
  CHECK(chains("leaf-none", {"intermediate"}, {"ca"}));
  CHECK(chains("leaf-code", {"intermediate"}, {"other-ca", "ca"}));
  CHECK(chains("leaf-code", {"mail-intermediate", "intermediate"}, {"ca"}));
  CHECK(chains("leaf-code", {}, {"intermediate"}));  // any pinned authority ends a chain
}

TEST_CASE("chains that do not hold") {
  CHECK_FALSE(chains("leaf-code", {}, {"ca"}));
  CHECK_FALSE(chains("leaf-code", {"intermediate"}, {}));
  CHECK_FALSE(chains("leaf-code", {"intermediate"}, {"other-ca"}));  // same name, other key
  CHECK_FALSE(chains("leaf-code", {"intermediate", "ca"}, {"other-ca"}));
  CHECK_FALSE(chains("proper", {}, {"ca"}));
  CHECK_FALSE(chains("leaf-mail", {"intermediate"}, {"ca"}));
  CHECK_FALSE(chains("leaf-below-mail", {"mail-intermediate"}, {"ca"}));
  CHECK_FALSE(chains("leaf-below-fake", {"fake-intermediate"}, {"ca"}));
  CHECK_FALSE(chains("leaf-critical", {"intermediate"}, {"ca"}));
  CHECK_FALSE(chains("leaf-sha1", {"intermediate"}, {"ca"}));
}

TEST_CASE("a chain holds in the time of each of its certificates") {
  const auto at = [](const char* text) { return base::parse_time(text); };
  CHECK(chains("leaf-code", {"intermediate"}, {"ca"}, at("2026-01-01T00:00:01Z")));
  CHECK_FALSE(chains("leaf-code", {"intermediate"}, {"ca"}, at("2025-12-31T23:59:59Z")));
  CHECK(chains("leaf-code", {"intermediate"}, {"ca"}, at("2029-12-31T23:59:59Z")));
  CHECK_FALSE(chains("leaf-code", {"intermediate"}, {"ca"}, at("2030-01-01T00:00:01Z")));
  CHECK(chains("leaf-server", {"intermediate"}, {"ca"}, at("2035-12-31T00:00:00Z")));
  CHECK_FALSE(chains("leaf-server", {"intermediate"}, {"ca"}, at("2036-01-02T00:00:00Z")));  // the intermediate's end
}

TEST_CASE("a changed signature breaks a chain") {
  const auto leaf = load("leaf-code");
  const auto changed = Certificate::from_pem(pem_of(test::flipped(leaf.der(), (leaf.der().size() - 4) * 8)));
  std::string why;
  CHECK_FALSE(chains_to(changed.at(0), {load("intermediate")}, {load("ca")}, kNow, why));
  CHECK_FALSE(why.empty());
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("prop: arbitrary bytes are no certificate") {
  rc::prop("only Error, of few classes", [] {
    const auto bytes = *test::any_bytes();
    const auto code = test::error_of([&] { Certificate::from_pem(pem_of(bytes)); });
    RC_ASSERT(code == base::ErrorCode::malformed || code == base::ErrorCode::unsupported);
    const auto text = *test::any_text();
    RC_ASSERT(test::error_of([&] { Certificate::from_pem(text); }) == base::ErrorCode::malformed);
  });
}
