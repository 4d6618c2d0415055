// The decision file, and bundles that were named: what is proven, and for how long.
#include <algorithm>

#include "doctor_tools.h"

namespace gapstow::cluster {
namespace {

using base::Error;

constexpr std::int64_t kOldSnapshotSeconds = 90LL * 86400;

/// How many decisions are over, and how many soon.
struct Lapses {
  std::size_t over = 0;
  std::size_t soon = 0;
  std::string example;
};

Lapses count_lapses(const Site& site, const enforce::Snapshot& snapshot) {
  Lapses lapses;
  for (std::size_t i = 0; i < snapshot.images(); ++i) {
    const auto image = snapshot.at(i);
    if (image.refused || !image.good_until) continue;
    const bool is_over = *image.good_until <= site.now;
    const bool is_soon = !is_over && *image.good_until <= site.now.plus_seconds(site.soon_seconds);
    if (is_over) ++lapses.over;
    if (is_soon) ++lapses.soon;
    if ((is_over || is_soon) && lapses.example.empty()) {
      lapses.example = std::string(image.origin) + " (" + std::string(image.lapse) + ", " +
                       base::format_time(*image.good_until) + ")";
    }
  }
  return lapses;
}

}  // namespace

Findings examine_snapshot(const Site& site, const std::string& path, const trust::TrustStore& store,
                          std::shared_ptr<const enforce::Snapshot>& snapshot) {
  Notes notes("snapshot");
  const std::string renew = "gapstow trust snapshot BUNDLE... -o " + path + " --signer KEY";
  if (!site.fs.status(path)) {
    notes.notice(path, "there is no decision file; a verifier on this node refuses every pull", renew);
    return notes.take();
  }
  // An older one is signed too.
  const std::string so = "and so can bring back an older one that allows what was withdrawn since";
  guard_above(notes, site, path, so);
  guard(notes, site, path, so);
  try {
    snapshot = enforce::Snapshot::open(path, store.operators);
  } catch (const Error& error) {
    notes.warning(path, "cannot be used, so that a verifier refuses every pull: " + error.line(), renew);
    return notes.take();
  }
  if (site.now < snapshot->clock_floor()) {
    notes.warning(path,
                  "the clock says " + base::format_time(site.now) + " and is behind its floor " +
                      base::format_time(snapshot->clock_floor()) + ", so that everything is refused",
                  "set the clock of this machine");
  }
  if (snapshot->made_at().plus_seconds(kOldSnapshotSeconds) < site.now) {
    notes.warning(path, "was made at " + base::format_time(snapshot->made_at()) + ", more than 90 days ago", renew);
  }
  const Lapses lapses = count_lapses(site, *snapshot);
  if (lapses.over > 0) {
    notes.warning(path, counted(lapses.over, "decision") + " lapsed, such as " + lapses.example,
                  "import newer bundles, then " + renew);
  }
  if (lapses.soon > 0) {
    notes.warning(
        path,
        counted(lapses.soon, "decision") + " will lapse soon" + (lapses.over == 0 ? ", such as " + lapses.example : ""),
        "import newer bundles, then " + renew);
  }
  if (notes.empty()) {
    notes.fine(path, "version " + std::to_string(snapshot->version()) + ", " + counted(snapshot->images(), "image") +
                         ", made at " + base::format_time(snapshot->made_at()));
  }
  return notes.take();
}

Findings examine_bundle(const Site& site, const ExaminedBundle& bundle) {
  Notes notes("bundle");
  if (bundle.failure) {
    notes.warning(
        bundle.name,
        "cannot be proven: " + bundle.failure->line() + " [" + std::string(base::name(bundle.failure->code())) + "]",
        "gapstow verify " + bundle.name);
    return notes.take();
  }
  for (const auto& image : bundle.outcome->images) {
    if (image.decision.allowed()) continue;
    const auto& refusal = image.decision.refusals.front();
    notes.warning(
        bundle.name,
        image.record.reference + " is refused: " + refusal.reason + " [" + std::string(base::name(refusal.code)) + "]",
        "bring a newer bundle");
  }
  for (const auto& chain : bundle.outcome->chains) {
    const auto& next = chain.expiry.next;
    if (next && next->until <= site.now.plus_seconds(site.soon_seconds)) {
      notes.warning(bundle.name, next->what + " of " + chain.gun + " lapses at " + base::format_time(next->until),
                    "bring a newer bundle before");
    }
    for (const auto& finding : chain.expiry.findings) {
      if (finding.lapsed || !finding.lapsed_now) continue;
      notes.notice(bundle.name, finding.what + " of " + chain.gun + " was good until " +
                                    base::format_time(finding.until) + ", and is judged by " + chain.expiry.judged_by);
    }
  }
  if (notes.empty()) {
    notes.fine(bundle.name, counted(bundle.outcome->images.size(), "image") + " and " +
                                counted(bundle.outcome->chains.size(), "chain") + " proven, nothing lapses soon");
  }
  return notes.take();
}

}  // namespace gapstow::cluster
