#include "gapstow/serve/decisions.h"

#include <algorithm>
#include <map>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"

namespace gapstow::serve {
namespace {

using base::Error;
using base::ErrorCode;
using enforce::KnownImage;

constexpr std::size_t kMaxRefusal = 1000;

/// Reasons as one line that prints and is not too long.
std::string one_line(std::string_view text) {
  std::string line = base::printable(text.substr(0, kMaxRefusal));
  if (text.size() > kMaxRefusal) line += "…";
  return line;
}

/// Which of two entries of one image and digest is to count.
bool is_better(const KnownImage& a, const KnownImage& b) {
  if (a.refused.has_value() != b.refused.has_value()) return !a.refused;
  if (!a.good_until || !b.good_until) return !a.good_until && b.good_until;
  return *a.good_until > *b.good_until;
}

/// Evidence that time has come so far.
base::Time floor_of(const std::vector<transfer::Outcome>& outcomes, const DecisionTimes& times) {
  base::Time floor = times.clock_floor.value_or(base::Time{});
  for (const auto& outcome : outcomes) {
    if (!outcome.clocks.sealed_is_proven || !outcome.clocks.sealed) continue;
    floor = std::max(floor, std::min(*outcome.clocks.sealed, times.made_at));
  }
  return floor;
}

class Gatherer {
 public:
  void add(const transfer::Outcome& outcome) {
    for (const auto& image : outcome.images) add(known_image(outcome, image), age_of(outcome, image));
    for (const auto& chain : outcome.chains) add(chain);
  }

  void give(enforce::SnapshotContent& content) {
    for (auto& [origin, image] : images_) content.images.push_back(std::move(image));
    for (auto& [gun, chain] : chains_) content.chains.push_back(std::move(chain));
  }

 private:
  void add(KnownImage image, const Age& age) {
    const auto [found, is_new] = images_.try_emplace(image.origin, image);
    Age& known_age = ages_.try_emplace(image.origin, age).first->second;
    if (is_new) return;
    KnownImage& there = found->second;
    if (there.digest != image.digest) return replace(there, known_age, std::move(image), age);
    known_age = std::max(known_age, age);
    // The same index; one bundle may hold platforms that the other left out.
    std::vector<digest::Digest> children = there.children;
    children.insert(children.end(), image.children.begin(), image.children.end());
    if (is_better(image, there)) there = std::move(image);
    there.children = std::move(children);
  }

  /// A tag that was moved: what it led to before is signed no more.
  static void replace(KnownImage& there, Age& known_age, KnownImage image, const Age& age) {
    const bool is_undecided = age.first != 0 || known_age.first != 0 ? age.first == known_age.first : age == known_age;
    if (is_undecided) {
      throw Error(ErrorCode::conflict,
                  image.origin + " is " + there.digest.short_text() + " in bundle " + there.bundle_id.substr(0, 12) +
                      " and " + image.digest.short_text() + " in bundle " + image.bundle_id.substr(0, 12) +
                      ", and neither is newer",
                  "leave out the bundle that is wrong");
    }
    if (age < known_age) return;
    there = std::move(image);
    known_age = age;
  }

  void add(const transfer::ChainOutcome& chain) {
    enforce::KnownChain known{chain.gun, {}};
    for (const auto& role : chain.roles) known.expires[role.name] = role.expires;
    const auto [found, is_new] = chains_.try_emplace(chain.gun, known);
    if (is_new) return;
    const auto freshness = [](const enforce::KnownChain& each) {
      const auto timestamp = each.expires.find("timestamp");
      return timestamp == each.expires.end() ? base::Time{base::kFirstSecond, 0} : timestamp->second;
    };
    if (freshness(known) > freshness(found->second)) found->second = std::move(known);
  }

  std::map<std::string, KnownImage> images_;
  std::map<std::string, Age> ages_;
  std::map<std::string, enforce::KnownChain> chains_;
};

}  // namespace

Age age_of(const transfer::Outcome& outcome, std::optional<std::size_t> chain) {
  Age age{0, outcome.sealed_at};
  if (!chain) return age;
  for (const auto& role : outcome.chains.at(*chain).roles) {
    if (role.name == "snapshot") age.first = role.version;
  }
  return age;
}

Age age_of(const transfer::Outcome& outcome, const transfer::ImageOutcome& image) {
  return age_of(outcome, image.record.proof ? std::optional(image.record.proof->chain) : std::nullopt);
}

KnownImage known_image(const transfer::Outcome& outcome, const transfer::ImageOutcome& image) {
  KnownImage known;
  known.origin = image.record.reference;
  known.media_type = one_line(image.record.media_type);
  known.digest = image.record.digest;
  known.size = image.record.size;
  std::ranges::copy_if(image.manifests, std::back_inserter(known.children),
                       [&](const digest::Digest& each) { return each != image.record.digest; });
  known.rule = image.decision.rule;
  if (image.target) {
    known.role = image.target->role;
    known.key_ids = image.target->signed_by;
  }
  for (const auto& signer : outcome.signers) known.signers.push_back(signer.name);
  known.bundle_id = outcome.bundle_id;
  if (!image.decision.refusals.empty()) {
    known.refused = image.decision.refusals.front().code;
    known.refusal = one_line(image.decision.refusals.front().reason);
  }
  if (image.decision.expiry.next) {
    known.good_until = image.decision.expiry.next->until;
    known.lapse = one_line(image.decision.expiry.next->what);
  }
  return known;
}

enforce::SnapshotContent decisions_of(const std::vector<transfer::Outcome>& outcomes, const trust::TrustStore& store,
                                      const DecisionTimes& times) {
  enforce::SnapshotContent content;
  content.version = times.version;
  content.made_at = times.made_at;
  content.clock_floor = floor_of(outcomes, times);
  Gatherer gatherer;
  for (const auto& outcome : outcomes) gatherer.add(outcome);
  gatherer.give(content);
  content.relocations = store.relocations;
  return content;
}

}  // namespace gapstow::serve
