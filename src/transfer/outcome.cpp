#include "gapstow/transfer/outcome.h"

namespace gapstow::transfer {

std::optional<trust::Decision::Refusal> Outcome::refusal() const {
  std::optional<trust::Decision::Refusal> heaviest;
  const auto weigh = [&](base::ErrorCode code, const std::string& what, const std::string& why) {
    if (!heaviest || trust::outweighs(code, heaviest->code)) {
      // What failed on its way up may have its name in front already.
      heaviest = trust::Decision::Refusal{code, why.starts_with(what) ? why : what + ": " + why};
    }
  };
  for (const auto& image : images) {
    for (const auto& refusal : image.decision.refusals) weigh(refusal.code, image.record.reference, refusal.reason);
    if (!image.delivery || !image.delivery->failure) continue;
    weigh(image.delivery->failure->code(), image.record.reference, image.delivery->failure->line());
  }
  for (const auto& failure : failures) weigh(failure.error.code(), failure.what, failure.error.line());
  return heaviest;
}

}  // namespace gapstow::transfer
