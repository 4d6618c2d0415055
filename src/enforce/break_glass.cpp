#include "gapstow/enforce/break_glass.h"

#include <algorithm>

#include "gapstow/base/checked.h"
#include "gapstow/base/encoding.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "gapstow/json/write.h"
#include "gapstow/sign/dsse.h"

namespace gapstow::enforce {
namespace {

using base::Error;
using base::ErrorCode;
using digest::Digest;
using json::Cursor;

constexpr std::size_t kMaxPlace = 63;
constexpr std::size_t kMaxReason = 1024;

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::malformed, "break-glass token: " + why); }

/// A DNS label (RFC 1123), which the names of namespaces are.
bool is_place(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= kMaxPlace && is_letter(text.front()) && is_letter(text.back()) &&
         std::ranges::all_of(text, [&](char c) { return is_letter(c) || c == '-'; });
}

void check(const BreakGlass& content) {
  if (!is_place(content.place)) refuse("'" + base::printable(content.place.substr(0, kMaxPlace)) + "' is no namespace");
  if (content.digests.empty()) refuse("it names no digest");
  base::check_limit(content.digests.size(), kMaxTokenDigests, "digests of a token");
  for (std::size_t i = 1; i < content.digests.size(); ++i) {
    if (content.digests[i - 1] >= content.digests[i]) refuse("its digests are not sorted");
  }
  if (content.reason.empty() || content.reason.size() > kMaxReason || content.reason.front() == ' ' ||
      content.reason.back() == ' ' || base::printable(content.reason) != content.reason) {
    refuse("its reason is empty, longer than " + std::to_string(kMaxReason) + " bytes, or does not print on one line");
  }
  if (content.not_before.nanoseconds != 0 || content.not_after.nanoseconds != 0) refuse("a time with a fraction");
  if (content.not_before >= content.not_after) refuse("it ends before it begins");
  if (content.not_after.seconds - content.not_before.seconds > kMaxTokenSeconds) {
    refuse("it would be good for longer than " + base::human_duration(kMaxTokenSeconds));
  }
}

std::string payload_of(const BreakGlass& content) {
  json::Array digests;
  for (const Digest& digest : content.digests) digests.emplace_back(digest.text());
  return json::serialize(json::Object{{"gapstowBreakGlass", 1},
                                      {"place", content.place},
                                      {"digests", std::move(digests)},
                                      {"notBefore", base::format_time(content.not_before)},
                                      {"notAfter", base::format_time(content.not_after)},
                                      {"reason", content.reason}});
}

BreakGlass parse_payload(base::ByteView text) {
  const json::Value value = json::parse(text, {.bytes = kMaxTokenBytes, .depth = 3});
  const Cursor token(value);
  if (token.at("gapstowBreakGlass").integer(1, 1 << 20) != 1) {
    throw Error(ErrorCode::unsupported, "break-glass token of a version that this gapstow does not know");
  }
  BreakGlass content;
  content.place = token.at("place").string(kMaxPlace);
  for (const auto& digest : token.at("digests").array(kMaxTokenDigests)) {
    content.digests.push_back(Digest::parse(digest.string(160)));
  }
  content.not_before = base::parse_time(token.at("notBefore").string(64));
  content.not_after = base::parse_time(token.at("notAfter").string(64));
  content.reason = token.at("reason").string(kMaxReason);
  check(content);
  if (payload_of(content) != base::as_text(text)) refuse("it is not in its one form");
  return content;
}

const trust::Operator& entitled(const std::vector<trust::Operator>& operators, const sign::PublicKey& key) {
  const auto found = std::ranges::find_if(
      operators, [&](const trust::Operator& each) { return each.may_break_glass && each.key == key; });
  if (found == operators.end()) {
    throw Error(ErrorCode::untrusted_key, "the token is signed by " + key.fingerprint() + ", who may not do so");
  }
  return *found;
}

}  // namespace

std::string issue_token(const BreakGlass& content, const sign::Signer& signer) {
  try {
    check(content);
  } catch (const Error& error) {
    throw Error(ErrorCode::usage, error.why(), error.hint());
  }
  sign::Envelope envelope{std::string(kBreakGlassType), base::to_bytes(payload_of(content)), {}};
  const base::Bytes message = sign::pre_authentication_encoding(envelope.payload_type, envelope.payload);
  envelope.signatures.push_back({signer.public_key(), signer.sign(message)});
  std::string token = base::base64(base::as_bytes(sign::write_envelope(envelope)));
  if (token.size() > kMaxTokenBytes) throw Error(ErrorCode::usage, "the token would be too long; name fewer digests");
  return token;
}

ProvenToken prove_token(std::string_view base64, const std::vector<trust::Operator>& operators) {
  base::check_limit(base64.size(), kMaxTokenBytes, "size of a break-glass token");
  const sign::Envelope envelope = sign::parse_envelope(base::from_base64(base64));
  if (envelope.payload_type != kBreakGlassType) {
    refuse("it is of type '" + base::printable(envelope.payload_type) + "'");
  }
  if (envelope.signatures.size() != 1) refuse("it has several signatures");
  const trust::Operator& who = entitled(operators, envelope.signatures.front().key);
  sign::check_all_signatures(envelope);
  return {parse_payload(envelope.payload), who.name};
}

std::vector<TriedToken> try_tokens(const std::vector<std::string>& tokens,
                                   const std::vector<trust::Operator>& operators) {
  std::vector<TriedToken> all;
  for (const auto& token : tokens) {
    TriedToken& tried = all.emplace_back();
    try {
      tried.proven = prove_token(token, operators);
    } catch (const Error& error) {
      tried.why_not = error.line() + " [" + std::string(base::name(error.code())) + "]";
    }
  }
  return all;
}

}  // namespace gapstow::enforce
