// Trust store and state: what everything else rests on.
#include <algorithm>

#include "doctor_tools.h"
#include "gapstow/trust/state.h"

namespace gapstow::cluster {
namespace {

using base::Error;
using Rule = trust::Rule;

void look_at_places(Notes& notes, const Site& site, const std::string& folder) {
  const std::string so = "and so decides what is trusted";
  guard_above(notes, site, folder, so);
  guard(notes, site, folder, so);
  guard(notes, site, folder + "/" + std::string(trust::kStoreFile), so);
}

void look_at_rules(Notes& notes, const std::string& folder, const trust::TrustStore& store) {
  for (const Rule& rule : store.rules) {
    if (rule.deny || rule.chain_required || rule.pattern.text() != "*") continue;
    notes.warning(folder, "the rule for * asks no image for a chain", "name the repositories that have none instead");
  }
  const bool ignores =
      std::ranges::any_of(store.rules, [](const Rule& rule) { return rule.expiry == trust::ExpiryRule::ignore; });
  if (ignores) notes.notice(folder, "there is a rule by which nothing ever expires");
}

}  // namespace

Findings examine_trust_store(const Site& site, const std::string& folder, std::optional<trust::TrustStore>& store) {
  Notes notes("trust-store");
  look_at_places(notes, site, folder);
  try {
    store = trust::load_store(site.fs, folder);
  } catch (const Error& error) {
    if (error.code() == base::ErrorCode::not_found) {
      notes.warning(folder, "there is no trust store, so that nothing can be verified here",
                    "gapstow trust init --trust-store " + folder);
    } else if (notes.empty()) {
      notes.warning(folder, "cannot be used: " + error.line(), "mend it, or bring it anew from where it was made");
    }
    return notes.take();
  }
  if (store->signers.empty()) {
    notes.warning(folder, "no signer is trusted, so that no bundle is accepted",
                  "gapstow trust add-signer NAME --key FILE");
  }
  const auto may_snapshot = [](const trust::Operator& each) { return each.may_snapshot; };
  if (std::ranges::none_of(store->operators, may_snapshot)) {
    notes.notice(folder, "no operator may sign decision files, so that verifiers have none to go by",
                 "gapstow trust add-operator NAME --key FILE --may snapshot");
  }
  look_at_rules(notes, folder, *store);
  if (notes.empty()) {
    notes.fine(folder, counted(store->signers.size(), "signer") + ", " + counted(store->roots.size(), "root") + ", " +
                           counted(store->rules.size(), "rule") + "; only its owner may write it");
  }
  return notes.take();
}

Findings examine_state(const Site& site, const std::string& path) {
  Notes notes("state");
  const auto status = site.fs.status(path);
  if (!status) {
    notes.notice(path, "there is no state: nothing was imported here, and rollbacks cannot be noticed");
    return notes.take();
  }
  const std::string so = "and so can make it forget what was seen";
  guard_above(notes, site, path, so);
  guard(notes, site, path, so);
  try {
    const auto state = trust::State::open_existing(path);
    const auto floor = state == nullptr ? std::nullopt : state->clock_floor();
    if (floor && site.now.plus_seconds(trust::kFloorLeeway) < *floor) {
      notes.warning(path,
                    "the clock says " + base::format_time(site.now) + " and is behind proven evidence of " +
                        base::format_time(*floor) + ", so that everything is refused",
                    "set the clock of this machine");
    } else if (notes.empty()) {
      notes.fine(path, floor ? "readable, the clock is past " + base::format_time(*floor) : "readable");
    }
  } catch (const Error& error) {
    notes.warning(path, "cannot be read: " + error.line(), "restore it from a backup; see gapstow-history(1)");
  }
  return notes.take();
}

}  // namespace gapstow::cluster
