// Spoilings of signatures: who signed, and what stands where a signature belongs.
#include <algorithm>
#include <memory>

#include "gapstow/base/encoding.h"
#include "gapstow/json/write.h"
#include "support/spoiling_means.h"
#include "support/tuf_signature_forms.h"

namespace gapstow::test {
namespace {

using namespace spoil;

const std::string kNobody(64, '0');

Object stray_signature() { return Object{{"keyid", Value(kNobody)}, {"method", Value("ecdsa")}, {"sig", Value("")}}; }

Apply signers(std::function<void(const TestRepository&, std::vector<PublishedKey>&)> change) {
  return
      [=](TestRepository& repository, const std::string& role) { change(repository, repository.draft(role).signers); };
}

/// By the stranger's key, under the ID of the right one.
void forge(TestRepository& repository, const std::string& role) {
  PublishedKey forged = repository.keys.at("stranger");
  forged.id = repository.draft(role).signers.front().id;
  repository.draft(role).signers = {forged};
}

/// The right key's signature of another role's file.
void borrow(TestRepository& repository, const std::string& role) {
  auto& draft = repository.draft(role);
  const auto entry = repository.signature(draft.signers.front(), json::canonical(Value(Object{{"a", Value(1)}})));
  draft.edit_envelope.push_back([=](Object& o) { o.set("signatures", Value(Array{entry})); });
}

/// Of the bytes of the signed part as they stand in the file, indented, instead of their canonical form.
void sign_as_written(TestRepository& repository, const std::string& role) {
  auto& draft = repository.draft(role);
  const auto form = std::shared_ptr<TestRepository>(repository.clone());
  const auto signer = draft.signers.front();
  draft.edit_envelope.push_back([=](Object& o) {
    const auto written = "{ " + json::canonical(*o.find("signed")).substr(1);
    o.set("signatures", Value(Array{form->signature(signer, written)}));
  });
  draft.edit_text.push_back([](std::string& t) { t.insert(t.find("\"signed\":{") + 10, " "); });
}

Apply list(std::function<void(Array&)> change) {
  return envelope([=](Object& o) { edit(o, {"signatures"}, [&](Value& v) { change(*v.get_if<Array>()); }); });
}

void drop_method(Object& o) {
  edit(o, {"signatures", "0"}, [](Value& v) { erase(*v.get_if<Object>(), {"method"}); });
}

Value in_capitals(const Value& text) {
  std::string upper = *text.get_if<std::string>();
  std::ranges::transform(upper, upper.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return Value(upper);
}

void two_signatures_of_one_key(Array& items) {
  Value other = items.front();
  other.get_if<Object>()->set("sig", Value(""));
  items.insert(items.begin(), other);
}

Array many_strangers() {
  Array many;
  for (int i = 0; i < 1001; ++i) {
    Object stray = stray_signature();
    stray.set("keyid", Value(base::hex(digest::sha256(base::as_bytes(std::to_string(i))).value())));
    many.emplace_back(stray);
  }
  return many;
}

/// As long as a signature of the role's key may be, so that length alone does not give it away.
void zero(base::Bytes& bytes) { std::ranges::fill(bytes, std::byte{0}); }

std::vector<Spoiling> value_spoilings() {
  return {
      {"signature with a bit flipped", signature_bytes([](base::Bytes& b) { b.back() ^= std::byte{1}; })},
      {"signature of zeros", signature_bytes(zero)},
      {"signature empty", signature("sig", "")},
      {"signature short", signature_bytes([](base::Bytes& b) { b.pop_back(); })},
      {"signature with a byte behind it", signature_bytes([](base::Bytes& b) { b.push_back(std::byte{0}); })},
      {"signature not encoded", signature("sig", "?!")},
      {"signature null", signature("sig", Value())},
      {"signature a number", signature("sig", 7)},
      {"signature missing", envelope([](Object& o) {
         edit(o, {"signatures", "0"}, [](Value& v) { erase(*v.get_if<Object>(), {"sig"}); });
       })},
      {"base64 without padding", signature("sig", "AA"), is_notary},
      {"base64 with bits behind its end", signature("sig", "AB=="), is_notary},
      {"hexadecimal in capitals", changed_signature("sig", in_capitals), is_v1},
      {"hexadecimal of odd length", signature("sig", "abc"), is_v1},
  };
}

std::vector<Spoiling> method_spoilings() {
  return {
      {"method in capitals", changed_signature("method", in_capitals), is_notary},
      {"method unknown", signature("method", "rot13"), is_notary},
      {"method of another family", signature("method", "rsapss"), is_notary},
      {"method null", signature("method", Value()), is_notary},
      {"method missing", envelope(drop_method), is_notary},
  };
}

/// Changes the two numbers of the role's ECDSA signature; it is written as the dialect does.
Apply numbers(std::function<void(EcdsaPair&, const TestKey&)> change) {
  return [=](TestRepository& repository, const std::string& role) {
    const bool is_raw = is_notary(repository, role);
    const auto key = repository.keys.at(key_name(repository, role)).key;
    signature_bytes([=](base::Bytes& bytes) {
      auto pair = is_raw ? EcdsaPair::from_raw(bytes) : EcdsaPair::from_der(bytes, key);
      change(pair, key);
      bytes = is_raw ? pair.raw() : pair.der();
    })(repository, role);
  };
}

/// DER for Notary, r and s side by side for TUF 1.0.
void in_other_form(TestRepository& repository, const std::string& role) {
  const bool is_raw = is_notary(repository, role);
  const auto key = repository.keys.at(key_name(repository, role)).key;
  signature_bytes([=](base::Bytes& bytes) {
    bytes = is_raw ? EcdsaPair::from_raw(bytes).der() : EcdsaPair::from_der(bytes, key).raw();
  })(repository, role);
}

bool is_der(const TestRepository& repository, const std::string& role) {
  return is_v1(repository, role) && is_ecdsa(repository, role);
}

std::vector<Spoiling> ecdsa_spoilings() {
  return {
      {"ECDSA with r zero", numbers([](EcdsaPair& pair, const TestKey&) { zero(pair.r); }), is_ecdsa},
      {"ECDSA with s zero", numbers([](EcdsaPair& pair, const TestKey&) { zero(pair.s); }), is_ecdsa},
      {"ECDSA with r the order", numbers([](EcdsaPair& pair, const TestKey& key) { pair.r = curve_order(key); }),
       is_ecdsa},
      {"ECDSA with s the order", numbers([](EcdsaPair& pair, const TestKey& key) { pair.s = curve_order(key); }),
       is_ecdsa},
      {"ECDSA with s of all ones",
       numbers([](EcdsaPair& pair, const TestKey&) { std::ranges::fill(pair.s, std::byte{0xFF}); }), is_ecdsa},
      {"ECDSA with the other s", numbers([](EcdsaPair& pair, const TestKey& key) { pair.s = negated(pair.s, key); }),
       is_ecdsa},
      {"ECDSA in the form of the other dialect", in_other_form, is_ecdsa},
      {"DER with a padded number", signature_bytes(pad_first_number), is_der},
      {"DER with a negative number", signature_bytes(make_first_number_negative), is_der},
      {"DER with a length in two bytes", signature_bytes(write_length_in_two_bytes), is_der},
      {"DER with an open length", signature_bytes(leave_length_open), is_der},
      {"DER with a byte behind its numbers", signature_bytes(add_byte_inside), is_der},
  };
}

}  // namespace

std::vector<Spoiling> signing_spoilings() {
  return {
      {"unsigned", signers([](const auto&, auto& keys) { keys.clear(); })},
      {"signed by a stranger", signers([](const auto& r, auto& keys) { keys = {r.keys.at("stranger")}; })},
      {"signed by a stranger as well",
       signers([](const auto& r, auto& keys) { keys.insert(keys.begin(), r.keys.at("stranger")); })},
      {"signed by a stranger under the right ID", forge},
      {"signature of something else", borrow},
      {"signature of the bytes as written", sign_as_written},
      {"body changed after signing",
       envelope([](Object& o) { set(o, {"signed", "expires"}, "2199-01-02T03:04:05Z"); })},
      {"member added after signing", envelope([](Object& o) { set(o, {"signed", "x-note"}, "forged"); })},
      {"same signature twice", list([](Array& items) { items.push_back(Value(items.front())); })},
      {"two signatures of one key, one of them bad", list(two_signatures_of_one_key)},
      {"a bad signature of nobody beside", another_signature(Value(stray_signature()))},
      {"too many signatures", list([](Array& items) {
         for (const auto& stray : many_strangers()) items.push_back(stray);
       })},
      {"a signature null", list([](Array& items) { items.insert(items.begin(), Value()); })},
      {"a signature a text", list([](Array& items) { items.insert(items.begin(), Value("signed")); })},
      {"key ID of a signature unknown", signature("keyid", kNobody)},
      {"key ID of a signature in capitals", changed_signature("keyid", in_capitals)},
      {"key ID of a signature empty", signature("keyid", "")},
      {"key ID of a signature null", signature("keyid", Value())},
      {"key ID of a signature too long", signature("keyid", std::string(5000, 'a'))},
  };
}

std::vector<Spoiling> signature_value_spoilings() {
  std::vector<Spoiling> all;
  for (const auto& group : {value_spoilings(), method_spoilings(), ecdsa_spoilings()}) {
    all.insert(all.end(), group.begin(), group.end());
  }
  return all;
}

}  // namespace gapstow::test
