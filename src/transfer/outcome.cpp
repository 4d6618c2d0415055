#include "gapstow/transfer/outcome.h"

namespace gapstow::transfer {

std::optional<trust::Decision::Refusal> Outcome::refusal() const {
  std::optional<trust::Decision::Refusal> heaviest;
  for (const auto& image : images) {
    for (const auto& refusal : image.decision.refusals) {
      if (!heaviest || trust::outweighs(refusal.code, heaviest->code)) {
        heaviest = trust::Decision::Refusal{refusal.code, image.record.reference + ": " + refusal.reason};
      }
    }
  }
  return heaviest;
}

}  // namespace gapstow::transfer
