// Files of Notary v1: whatever parses says the same when its signed part is written out anew, and stays in its limits.
#include "fuzz/fuzz.h"
#include "gapstow/json/parse.h"
#include "gapstow/json/write.h"
#include "gapstow/tuf/dialect.h"
#include "gapstow/tuf/inspect.h"

namespace {

using namespace gapstow;

const std::string kRole = "targets";

/// The same file in another spelling of JSON has the same canonical bytes.
template <typename Parse>
void check_file(base::ByteView input, const Parse& parse) {
  const auto file = fuzz::accepted([&] { return parse(input); });
  if (!file) return;
  fuzz::require(file->body.version >= 1, "versions are positive");
  fuzz::require(file->signatures.size() <= tuf::kMaxSignatures, "signatures are bounded");
  const std::string text = json::pretty(json::parse(input));
  const auto again = fuzz::accepted([&] { return parse(base::as_bytes(text)); });
  fuzz::require(again.has_value(), "white space does not matter");
  fuzz::require(again->canonical == file->canonical, "canonical bytes do not depend on spelling");
  fuzz::require(again->body.expires == file->body.expires, "the body does not depend on spelling");
}

}  // namespace

FUZZ_TARGET(input) {
  const auto& dialect = tuf::notary_v1();
  check_file(input, [&](base::ByteView raw) { return dialect.parse_root(raw); });
  check_file(input, [&](base::ByteView raw) { return dialect.parse_timestamp(raw); });
  check_file(input, [&](base::ByteView raw) { return dialect.parse_snapshot(raw); });
  check_file(input, [&](base::ByteView raw) { return dialect.parse_targets(raw, kRole); });
  const auto bytes = base::to_bytes(input);
  const auto claimed = tuf::inspect_chain({{{1, bytes}}, bytes, bytes, {{kRole, bytes}}}, dialect);
  fuzz::require(claimed.roles.size() == 3 && claimed.roots.size() == 1, "inspection shows every file");
}
