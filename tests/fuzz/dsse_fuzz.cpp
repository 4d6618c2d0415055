// DSSE envelopes: one spelling, sorted, each key once.
#include "fuzz/fuzz.h"
#include "gapstow/sign/dsse.h"

using namespace gapstow;

FUZZ_TARGET(input) {
  const auto envelope = fuzz::accepted([&] { return sign::parse_envelope(input); });
  if (!envelope) return;
  fuzz::require(sign::write_envelope(*envelope) == base::as_text(input), "an envelope has one spelling");
  const auto& signatures = envelope->signatures;
  fuzz::require(!signatures.empty() && signatures.size() <= sign::kMaxEnvelopeSignatures, "signatures are bounded");
  for (std::size_t i = 1; i < signatures.size(); ++i) {
    fuzz::require(signatures[i - 1].key.fingerprint() < signatures[i].key.fingerprint(),
                  "keys are sorted and distinct");
  }
  static_cast<void>(fuzz::accepted([&] {
    check_all_signatures(*envelope);
    return true;
  }));
}
