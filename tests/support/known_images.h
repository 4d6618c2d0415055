// Small decision files for tests.
#pragma once

#include <string>
#include <vector>

#include "gapstow/digest/digest.h"
#include "gapstow/enforce/judge.h"
#include "gapstow/enforce/snapshot.h"

namespace gapstow::test {

/// A digest that differs for each number.
inline digest::Digest numbered_digest(unsigned number) {
  return digest::sha256(base::as_bytes("manifest " + std::to_string(number)));
}

inline const base::Time kDay{1'795'392'000, 0};  // 2026-11-23T00:00:00Z

/// A proven image of two children; the digests are made from `number`.
inline enforce::KnownImage known_image(const std::string& origin, unsigned number) {
  enforce::KnownImage image;
  image.origin = origin;
  image.media_type = "application/vnd.oci.image.index.v1+json";
  image.digest = numbered_digest(number);
  image.size = 1638;
  image.children = {numbered_digest(number + 1), numbered_digest(number + 2)};
  image.rule = "docker.io/*";
  image.role = "targets/releases";
  image.key_ids = {std::string(64, 'a'), std::string(64, 'b')};
  image.signers = {"export-desk"};
  image.bundle_id = std::string(64, 'c');
  return image;
}

/// redis:7.2 (numbers 100, 101, 102), redis:7.0 (200…), refused acme/old:1 (300…), acme/brief:1 (400…, good until a day
/// after kDay), and docker.io/library also as registry.airgap.local/mirror.
inline enforce::SnapshotContent sample_decisions() {
  enforce::SnapshotContent content;
  content.version = 42;
  content.made_at = kDay;
  content.clock_floor = kDay.plus_seconds(-3600);
  content.images = {known_image("docker.io/library/redis:7.2", 100), known_image("docker.io/library/redis:7.0", 200),
                    known_image("docker.io/acme/old:1", 300), known_image("docker.io/acme/brief:1", 400)};
  content.images[2].refused = base::ErrorCode::denied;
  content.images[2].refusal = "withdrawn, see notice 7";
  content.images[3].good_until = kDay.plus_seconds(86400);
  content.images[3].lapse = "seal";
  content.chains = {{"docker.io/library/redis",
                     {{"timestamp", kDay.plus_seconds(14 * 86400)}, {"targets", kDay.plus_seconds(86400 * 1000)}}}};
  content.relocations = {{"docker.io/library", "registry.airgap.local/mirror", {}},
                         {"docker.io/acme/brief", "registry.airgap.local/apps/brief", {{"1", "stable"}}}};
  return content;
}

inline std::shared_ptr<const enforce::Snapshot> sample_snapshot() {
  return enforce::Snapshot::own(enforce::write_snapshot(sample_decisions()));
}

}  // namespace gapstow::test
