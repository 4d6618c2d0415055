#include <algorithm>

#include "gapstow/base/error.h"
#include "gapstow/enforce/break_glass.h"
#include "options.h"
#include "table.h"

namespace gapstow::cli {
namespace {

using base::Error;
using base::ErrorCode;
using digest::Digest;
using enforce::BreakGlass;

/// Tokens begin a little earlier, since the clocks that judge them are others.
constexpr std::int64_t kLead = 300;

std::vector<Digest> given_digests(const Arguments& arguments) {
  std::vector<Digest> digests;
  const auto& operands = arguments.operands();
  for (std::size_t i = 1; i < operands.size(); ++i) {
    try {
      digests.push_back(Digest::parse(operands[i]));
    } catch (const Error& error) {
      throw Error(ErrorCode::usage, "'" + operands[i] + "' is no digest: " + error.why(), "write sha256:HEX");
    }
  }
  std::ranges::sort(digests, {}, &Digest::text);
  const auto twice = std::ranges::unique(digests);
  digests.erase(twice.begin(), twice.end());
  return digests;
}

/// A token that this site would not take is of no use to anybody.
void check_right(const Arguments& arguments, Terminal& terminal, const sign::PublicKey& key) {
  const auto store = load_optional_store(arguments, terminal.fs);
  if (!store) return;
  const auto may = [&](const trust::Operator& each) { return each.may_break_glass && each.key == key; };
  if (std::ranges::any_of(store->operators, may)) return;
  throw Error(ErrorCode::untrusted_key,
              "the trust store lets no operator with this key (" + key.fingerprint() + ") break the glass",
              "gapstow trust add-operator NAME --key PUB --may break-glass");
}

json::Value token_json(const BreakGlass& content, const sign::PublicKey& key, const std::string& token) {
  json::Array digests;
  for (const auto& digest : content.digests) digests.emplace_back(digest.text());
  return json::Object{{"command", "trust break-glass"},
                      {"namespace", content.place},
                      {"digests", std::move(digests)},
                      {"notBefore", base::format_time(content.not_before)},
                      {"notAfter", base::format_time(content.not_after)},
                      {"reason", content.reason},
                      {"key", key.fingerprint()},
                      {"token", token}};
}

int run_break_glass(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(2, 1 + enforce::kMaxTokenDigests, "NAMESPACE DIGEST...");
  BreakGlass content;
  content.place = arguments.operands().front();
  content.digests = given_digests(arguments);
  content.reason = arguments.required("reason");
  const std::int64_t lasting = base::parse_duration(arguments.required("for"));
  if (lasting <= 0 || lasting > enforce::kMaxTokenSeconds - kLead) {
    throw Error(ErrorCode::usage, "a token is good for less than " + base::human_duration(enforce::kMaxTokenSeconds));
  }
  const base::Time now{terminal.clock.now().seconds, 0};
  content.not_before = now.plus_seconds(-kLead);
  content.not_after = now.plus_seconds(lasting);
  const auto signer = open_signer(arguments.required("signer"), terminal);
  check_right(arguments, terminal, signer->public_key());
  const std::string token = enforce::issue_token(content, *signer);
  terminal.print(arguments, token + "\n", token_json(content, signer->public_key(), token));
  return 0;
}

}  // namespace

Command break_glass_command() {
  return {"trust break-glass",
          "NAMESPACE DIGEST... --signer KEY",
          "sign a token that lets images run although nothing proves them",
          {kTrustStoreOption,
           {"reason", 0, "TEXT", "why (required); it goes into the token and every log"},
           {"for", 0, "DURATION", "how long (required): 4h, 30m; less than 7 days"},
           {"signer", 0, "KEY", "private key file of an operator who may break the glass"}},
          run_break_glass};
}

}  // namespace gapstow::cli
