// Decision files: whatever is taken can be searched, finds what it lists, and written anew says the same.
#include "fuzz/fuzz.h"
#include "gapstow/enforce/judge.h"
#include "gapstow/enforce/snapshot.h"

using namespace gapstow;

namespace {

enforce::KnownImage image_of(const enforce::Snapshot& snapshot, std::size_t index) {
  const auto view = snapshot.at(index);
  enforce::KnownImage image;
  image.origin = view.origin;
  image.media_type = view.media_type;
  image.digest = view.digest;
  image.size = view.size;
  image.children = snapshot.children(index);
  image.rule = view.rule;
  image.role = view.role;
  image.key_ids.assign(view.key_ids.begin(), view.key_ids.end());
  image.signers.assign(view.signers.begin(), view.signers.end());
  image.bundle_id = view.bundle_id;
  image.good_until = view.good_until;
  image.lapse = view.lapse;
  image.refused = view.refused;
  image.refusal = view.refusal;
  return image;
}

void check_lookups(const enforce::Snapshot& snapshot, std::size_t index) {
  const auto view = snapshot.at(index);
  const auto found = snapshot.find(view.origin);
  fuzz::require(found && found->digest == view.digest, "an image is found by its origin");
  const auto repository = view.origin.substr(0, view.origin.rfind(':'));
  auto manifests = snapshot.children(index);
  manifests.push_back(view.digest);
  for (const auto& manifest : manifests) {
    const auto holders = snapshot.find(repository, manifest);
    fuzz::require(std::ranges::any_of(holders, [&](const auto& each) { return each.origin == view.origin; }),
                  "an image is found by its manifests");
  }
}

/// Tables that nobody looked through as a whole: each question is answered or refused.
void ask_unchecked(base::ByteView input) {
  const auto opened =
      fuzz::accepted([&] { return enforce::Snapshot::own(base::to_bytes(input), enforce::SnapshotCheck::as_read); });
  if (!opened) return;
  const auto& snapshot = *opened;
  constexpr std::size_t kAsked = 64;
  for (std::size_t i = 0; i < std::min(snapshot->images(), kAsked); ++i) {
    const auto image = fuzz::accepted([&] { return image_of(*snapshot, i); });
    if (!image) continue;
    enforce::Question question;
    question.reference = image->origin + "@" + image->digest.text();
    const auto ruling = enforce::Judge(snapshot, {}).judge(question, snapshot->clock_floor());
    fuzz::require(!ruling.allowed() || *ruling.digest == image->digest, "what is allowed is what was asked for");
    static_cast<void>(fuzz::accepted([&] { return snapshot->find(image->origin); }));
  }
  static_cast<void>(fuzz::accepted([&] { return snapshot->chains(); }));
}

}  // namespace

FUZZ_TARGET(input) {
  ask_unchecked(input);
  static_cast<void>(fuzz::accepted([&] { return enforce::Snapshot::prove(base::to_bytes(input), {}); }));
  const auto opened = fuzz::accepted([&] { return enforce::Snapshot::own(base::to_bytes(input)); });
  if (!opened) return;
  const auto& snapshot = *opened;
  enforce::SnapshotContent content;
  content.version = snapshot->version();
  content.made_at = snapshot->made_at();
  content.clock_floor = snapshot->clock_floor();
  content.chains = snapshot->chains();
  content.relocations = snapshot->relocations().rules();
  for (std::size_t i = 0; i < snapshot->images(); ++i) {
    check_lookups(*snapshot, i);
    content.images.push_back(image_of(*snapshot, i));
  }
  const enforce::Judge judge(snapshot, {});
  enforce::Question question;
  for (const auto& image : content.images) {
    question.reference = image.origin + "@" + image.digest.text();
    const auto ruling = judge.judge(question, snapshot->clock_floor());
    fuzz::require(!ruling.allowed() || *ruling.digest == image.digest, "what is allowed is what was asked for");
  }
  // Names that no writer would take are no harm to a reader; what is written is as it was.
  const auto written = fuzz::accepted([&] { return enforce::write_snapshot(content); });
  if (!written) return;
  const auto again = enforce::Snapshot::own(*written);
  fuzz::require(again->images() == snapshot->images(), "all images are written");
  for (std::size_t i = 0; i < again->images(); ++i) {
    const auto a = again->at(i);
    const auto b = snapshot->at(i);
    fuzz::require(a.origin == b.origin && a.digest == b.digest && a.refused == b.refused &&
                      a.good_until == b.good_until && again->children(i) == snapshot->children(i),
                  "an image is written as it was");
  }
}
