#include "gapstow/sign/dsse.h"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

#include "gapstow/base/encoding.h"
#include "gapstow/sign/signer.h"
#include "support/error_of.h"
#include "support/gen_bytes.h"
#include "support/sign_keys.h"

using namespace gapstow;
using base::as_bytes;
using base::as_text;
using base::Bytes;
using sign::Envelope;
using sign::KeyType;
using sign::SecretKey;

namespace {

const std::string kType = "application/vnd.in-toto+json";

SecretKey fixed_key(unsigned char value) {
  return SecretKey::from_secret(KeyType::ed25519, Bytes(32, std::byte{value}));
}

sign::EnvelopeSignature signature_by(const sign::Signer& signer, const Envelope& envelope) {
  return {signer.public_key(), signer.sign(sign::pre_authentication_encoding(envelope.payload_type, envelope.payload))};
}

Envelope signed_by(std::initializer_list<unsigned char> keys, std::string_view payload = "{}") {
  Envelope envelope{kType, base::to_bytes(payload), {}};
  for (const auto key : keys) envelope.signatures.push_back(signature_by(fixed_key(key), envelope));
  return envelope;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  REQUIRE(text.find(from) != std::string::npos);
  return text.replace(text.find(from), from.size(), to);
}

}  // namespace

TEST_CASE("what is signed, by the example of the DSSE specification") {
  CHECK(as_text(sign::pre_authentication_encoding("http://example.com/HelloWorld", as_bytes("hello world"))) ==
        "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  CHECK(as_text(sign::pre_authentication_encoding("", {})) == "DSSEv1 0  0 ");
}

TEST_CASE("an envelope is written in one form") {
  const auto envelope = signed_by({1}, "hello");
  const auto& [key, value] = envelope.signatures[0];
  CHECK(write_envelope(envelope) ==
        R"({"payload":"aGVsbG8=","payloadType":")" + kType + R"(","signatures":[{"keyid":")" + key.fingerprint() +
            R"(","publicKey":")" + base::base64(key.spki_der()) + R"(","sig":")" + base::base64(value) + R"("}]})");
}

TEST_CASE("signatures are sorted by key and read back") {
  const auto text = write_envelope(signed_by({1, 2, 3, 4}));
  CHECK(write_envelope(signed_by({4, 2, 1, 3})) == text);
  const auto read = sign::parse_envelope(as_bytes(text));
  CHECK(read.payload_type == kType);
  CHECK(as_text(read.payload) == "{}");
  REQUIRE(read.signatures.size() == 4);
  CHECK(std::ranges::is_sorted(read.signatures, {}, [](const auto& item) { return item.key.fingerprint(); }));
  CHECK_NOTHROW(check_all_signatures(read));
}

TEST_CASE("envelopes by all kinds of keys that seal") {
  Envelope envelope{kType, base::to_bytes("statement"), {}};
  const auto message = sign::pre_authentication_encoding(envelope.payload_type, envelope.payload);
  for (const char* name : {"ed25519", "p256", "rsa2048", "rsapss-sha256"}) {
    const auto key = test::public_fixture(name);
    envelope.signatures.push_back({key, test::scheme_sign(name, key.seal_scheme(), message)});
  }
  const auto read = sign::parse_envelope(as_bytes(write_envelope(envelope)));
  CHECK_NOTHROW(check_all_signatures(read));
  for (std::size_t i = 0; i < read.signatures.size(); ++i) {
    auto spoiled = read;
    spoiled.signatures[i].value = test::flipped(spoiled.signatures[i].value, 77);
    REQUIRE_ERROR(signature_invalid, check_all_signatures(spoiled));
  }
  auto other_type = read;
  other_type.payload_type += "x";
  REQUIRE_ERROR(signature_invalid, check_all_signatures(other_type));
  auto other_payload = read;
  other_payload.payload.push_back(std::byte{' '});
  REQUIRE_ERROR(signature_invalid, check_all_signatures(other_payload));
}

TEST_CASE("signatures under schemes that do not seal are refused") {
  Envelope envelope{kType, base::to_bytes("statement"), {}};
  const auto message = sign::pre_authentication_encoding(envelope.payload_type, envelope.payload);
  using sign::Scheme;
  for (const auto& [name, scheme] : {std::pair{"rsa2048", Scheme::rsa_pkcs1_sha256},
                                     {"rsa2048", Scheme::rsa_pss_sha256_any_salt},
                                     {"p256", Scheme::ecdsa_sha256_raw}}) {
    envelope.signatures = {{test::public_fixture(name), test::scheme_sign(name, scheme, message)}};
    REQUIRE_ERROR(signature_invalid, check_all_signatures(envelope));
  }
  envelope.signatures = {{test::public_fixture("p384"), test::scheme_sign("p384", Scheme::ecdsa_sha384_der, message)}};
  REQUIRE_ERROR(unsupported, check_all_signatures(envelope));
}

TEST_CASE("envelopes that cannot be") {
  REQUIRE_ERROR(malformed, write_envelope(signed_by({})));
  REQUIRE_ERROR(signature_invalid, check_all_signatures(signed_by({})));
  REQUIRE_ERROR(malformed, write_envelope(signed_by({1, 1})));
  auto empty_value = signed_by({1});
  empty_value.signatures[0].value.clear();
  REQUIRE_ERROR(malformed, write_envelope(empty_value));
  auto no_type = signed_by({1});
  no_type.payload_type.clear();
  REQUIRE_ERROR(malformed, write_envelope(no_type));
  Envelope many{kType, {}, {}};
  for (unsigned char key = 1; key <= sign::kMaxEnvelopeSignatures; ++key) {
    many.signatures.push_back(signature_by(fixed_key(key), many));
  }
  CHECK_NOTHROW(sign::parse_envelope(as_bytes(write_envelope(many))));
  many.signatures.push_back(signature_by(fixed_key(200), many));
  REQUIRE_ERROR(limit_exceeded, write_envelope(many));
}

TEST_CASE("envelopes in any other form are refused") {
  const auto good = write_envelope(signed_by({1, 2}, "hello"));
  const auto one = write_envelope(signed_by({1}, "hello"));
  const auto other = write_envelope(signed_by({2}, "hello"));
  REQUIRE_NOTHROW(sign::parse_envelope(as_bytes(good)));
  const auto items = [](const std::string& text) {
    const auto begin = text.find("[") + 1;
    return text.substr(begin, text.rfind("]") - begin);
  };
  const auto id = signed_by({1}).signatures[0].key.fingerprint();
  const auto with_list = [&](const std::string& list) {
    return replaced(one, "[" + items(one) + "]", "[" + list + "]");
  };
  const auto sorted = items(good);
  const auto middle = sorted.find("},{") + 1;
  for (const auto& bad : {std::string(),
                          std::string("{}"),
                          std::string("[]"),
                          std::string("null"),
                          good + "\n",
                          " " + good,
                          replaced(good, "\"payload\":", "\"payload\": "),
                          replaced(good, "aGVsbG8=", "aGVsbG8"),
                          replaced(good, "aGVsbG8=", "aGVsbG9="),
                          replaced(good, "\"payload\":", "\"extra\":1,\"payload\":"),
                          replaced(good, "\"payloadType\":", "\"payloadtype\":"),
                          replaced(good, "application/", "application\\/"),
                          replaced(good, "\"" + kType + "\"", "null"),
                          with_list(""),
                          with_list("null"),
                          with_list("{}"),
                          with_list(items(one) + "," + items(one)),
                          with_list(sorted.substr(middle + 1) + "," + sorted.substr(0, middle)),
                          replaced(one, id, std::string(64, '0')),
                          replaced(one, id, ""),
                          replaced(one, "\"sig\":\"", "\"sig\":\"AAAA"),
                          replaced(one, "\"keyid\":", "\"cert\":\"\",\"keyid\":")}) {
    CAPTURE(bad);
    const auto code = test::error_of([&] { check_all_signatures(sign::parse_envelope(as_bytes(bad))); });
    CHECK((code == base::ErrorCode::malformed || code == base::ErrorCode::signature_invalid));
  }
  CHECK(items(other) != items(one));
}

TEST_CASE("every flipped bit and every cut of an envelope is noticed") {
  const auto text = base::to_bytes(write_envelope(signed_by({7, 9}, "hello")));
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    const auto changed = test::flipped(text, bit);
    const auto code = test::error_of([&] { check_all_signatures(sign::parse_envelope(changed)); });
    CAPTURE(bit);
    CHECK(code.has_value());
  }
  for (std::size_t size = 0; size < text.size(); ++size) {
    REQUIRE_ERROR(malformed, sign::parse_envelope(base::ByteView(text).first(size)));
  }
}

TEST_CASE("prop: envelopes come back as they were") {
  rc::prop("for any payload and type", [] {
    Envelope envelope{*rc::gen::suchThat(test::any_text(), [](const auto& t) { return !t.empty() && t.size() <= 256; }),
                      *test::any_bytes(),
                      {}};
    const auto keys = *rc::gen::unique<std::vector<unsigned char>>(3, rc::gen::arbitrary<unsigned char>());
    for (const auto key : keys) envelope.signatures.push_back(signature_by(fixed_key(key), envelope));
    const auto text = write_envelope(envelope);
    const auto read = sign::parse_envelope(as_bytes(text));
    RC_ASSERT(read.payload == envelope.payload);
    RC_ASSERT(read.payload_type == envelope.payload_type);
    RC_ASSERT(read.signatures.size() == keys.size());
    RC_ASSERT(write_envelope(read) == text);
    check_all_signatures(read);
  });
  rc::prop("arbitrary bytes are no envelope", [] {
    const auto bytes = *test::any_bytes();
    RC_ASSERT(test::error_of([&] { sign::parse_envelope(bytes); }) == base::ErrorCode::malformed);
  });
}
