#include "verdict_text.h"

#include <algorithm>

#include "deliveries.h"
#include "gapstow/base/text.h"
#include "lines.h"

namespace gapstow::report {
namespace {

using base::printable;

/// Images that were asked for, those that were left out included.
std::size_t asked_for(const transfer::Outcome& outcome) {
  const auto is_chain = [&](const transfer::Failure& failure) {
    return std::ranges::find(outcome.chains, failure.what, &transfer::ChainOutcome::gun) != outcome.chains.end();
  };
  const auto chains = std::ranges::count_if(outcome.failures, is_chain);
  return outcome.images.size() + outcome.failures.size() - static_cast<std::size_t>(chains);
}

/// Where names changed, under which name each image was proven and under which it arrived.
std::string renamings(const transfer::Outcome& outcome, const Style& style) {
  std::string out;
  for (const auto& image : outcome.images) {
    if (!is_delivered(image) || image.imported_as == image.record.reference) continue;
    const std::string origin = "proven as " + printable(image.record.reference);
    const std::string name = printable(image.imported_as);
    out += outcome.is_rehearsal ? wrapped(style, "", {origin, "would be imported as " + name})
                                : line(style, "", origin + ", imported as " + name);
  }
  return out;
}

std::string refused_verdict(const transfer::Outcome& outcome, const trust::Decision::Refusal& refusal,
                            std::string_view otherwise, const Style& style) {
  const std::string why = failure_text(style, refusal.code, refusal.reason);
  if (outcome.destination.empty()) {
    return line(style, "Verdict", why) + line(style, "", otherwise);
  }
  const auto delivered = static_cast<std::size_t>(std::ranges::count_if(outcome.images, is_delivered));
  const std::string done = outcome.is_rehearsal ? " would be imported; " : " imported; ";
  std::string out =
      line(style, "Verdict", std::to_string(delivered) + " of " + counted(asked_for(outcome), "image") + done + why);
  if (delivered == 0) return out + line(style, "", "nothing was imported into " + printable(outcome.destination));
  if (outcome.is_rehearsal)
    return out + line(style, "", "a rehearsal: nothing was changed") + renamings(outcome, style);
  out += line(style, "", "what was imported is proven, every byte checked, now in " + printable(outcome.destination));
  return out + renamings(outcome, style);
}

std::string proven_verdict(const transfer::Outcome& outcome, const Style& style) {
  const std::string what =
      outcome.images.empty() ? counted(outcome.chains.size(), "chain") : counted(outcome.images.size(), "image");
  if (outcome.destination.empty())
    return line(style, "Verdict", style.good("PROVEN") + " " + what + ", every byte checked");
  const std::string where = printable(outcome.destination);
  std::string out;
  if (outcome.is_rehearsal) {
    out = line(style, "Verdict", style.good("PROVEN") + " " + what + ", would be imported into " + where);
    out += line(style, "", "a rehearsal: nothing was changed");
  } else {
    out = line(style, "Verdict", style.good("IMPORTED") + " " + what + ", every byte checked, now in " + where);
  }
  return out + renamings(outcome, style);
}

}  // namespace

std::string failure_section(const transfer::Outcome& outcome, const Style& style) {
  std::string out;
  for (const auto& failure : outcome.failures) {
    out += (out.empty() ? "\n" : "") + line(style, "Left out", style.strong(printable(failure.what)));
    const std::string reason(without_name(failure.error.line(), failure.what));
    out += line(style, "", failure_text(style, failure.error.code(), reason));
    if (!failure.error.hint().empty()) out += line(style, "", style.faint(printable(failure.error.hint())));
  }
  return out;
}

std::string verdict(const transfer::Outcome& outcome, std::string_view otherwise, const Style& style) {
  const auto refusal = outcome.refusal();
  std::string out = refusal ? refused_verdict(outcome, *refusal, otherwise, style) : proven_verdict(outcome, style);
  if (!outcome.rollback_reason.empty()) {
    out += line(style, "", style.warn("an older version was allowed: ") + printable(outcome.rollback_reason));
  }
  return out;
}

std::string pack_verdict(const transfer::Outcome& outcome, const Style& style) {
  const auto refusal = outcome.refusal();
  if (!refusal) return "";
  const std::string done = outcome.images.empty()
                               ? counted(outcome.chains.size(), "chain")
                               : std::to_string(outcome.images.size()) + " of " + counted(asked_for(outcome), "image");
  return "\n" + line(style, "Verdict", done + " packed; " + failure_text(style, refusal->code, refusal->reason));
}

}  // namespace gapstow::report
