#include "support/report_samples.h"

#include <functional>

#include "gapstow/base/error.h"
#include "gapstow/bundle/reader.h"
#include "support/oci_maker.h"
#include "support/temp_folder.h"
#include "support/transfer_samples.h"

namespace gapstow::test {
namespace {

using base::Error;
using base::ErrorCode;
using Fate = oci::Delivery::Blob::Fate;

bundle::AttachmentRecord referrer(const digest::Digest& subject, const std::string& content, const std::string& type) {
  return {"referrer", subject, std::string(oci::kOciManifest), digest_of(content), content.size(), type, ""};
}

bundle::AttachmentRecord cosign(const digest::Digest& subject, const std::string& content, const std::string& suffix) {
  return {"cosign",       subject, std::string(oci::kOciManifest),      digest_of(content),
          content.size(), "",      oci::referrers_tag(subject) + suffix};
}

std::vector<bundle::AttachmentRecord> attachments_of(const digest::Digest& image) {
  const auto sbom = referrer(image, "an SBOM", "application/spdx+json");
  return {sbom,
          referrer(image, "a chain", "application/vnd.gapstow.chain.v1"),
          referrer(image, "a referrer without type", ""),
          referrer(sbom.digest, "a signature of the SBOM", "application/spdx+json"),
          cosign(image, "a signature", ".sig"),
          cosign(image, "an attestation", ".att")};
}

/// The sample, packed and verified once.
const transfer::Outcome& sample_outcome() {
  static const transfer::Outcome outcome = [] {
    base::SystemFs fs;
    const TempFolder folder;
    pack_sample(fs, folder / "app.gapstow");
    const FixedClock clock(sample_time());
    const base::CancelToken cancel;
    transfer::SilentObserver observer;
    const auto store = sample_store();
    base::MemorySource nothing({});
    const auto input = transfer::open_bundle(fs, {folder / "app.gapstow"}, nothing);
    return transfer::verify(*input, {store, {}, std::nullopt, ""}, nullptr, {fs, clock, cancel, observer, 1});
  }();
  return outcome;
}

oci::Delivery::Blob blob(const digest::Digest& digest, std::uint64_t size, const std::string& type, Fate fate) {
  return {{digest, size, type}, fate};
}

oci::Delivery delivery_of(const bundle::ImageRecord& image) {
  oci::Delivery delivery{"registry.far:5000/mirror/app:1.1@" + image.digest.text(), {}, std::nullopt};
  delivery.blobs.push_back(blob(image.digest, image.size, image.media_type, Fate::written));
  delivery.blobs.push_back(
      blob(digest_of("layer 1"), 450'000'000, "application/vnd.oci.image.layer.v1.tar+gzip", Fate::written));
  delivery.blobs.push_back(
      blob(digest_of("layer 2"), 2'000, "application/vnd.oci.image.layer.v1.tar+gzip", Fate::mounted));
  delivery.blobs.push_back(blob(digest_of("config"), 30, "application/vnd.oci.image.config.v1+json", Fate::present));
  for (const auto& attachment : image.attachments) {
    delivery.blobs.push_back(blob(attachment.digest, attachment.size, attachment.media_type, Fate::written));
  }
  return delivery;
}

transfer::ImageOutcome another_image(const transfer::ImageOutcome& image, const std::string& reference) {
  transfer::ImageOutcome other = image;
  other.record.reference = reference;
  other.record.attachments.clear();
  other.imported_as.clear();
  other.delivery.reset();
  return other;
}

bundle::Seal seal_of(const std::function<void(bundle::Statement&)>& change) {
  base::SystemFs fs;
  const TempFolder folder;
  pack_sample(fs, folder / "app.gapstow");
  const auto file = fs.open(folder / "app.gapstow");
  base::FileSource source(*file);
  bundle::Statement statement = bundle::read_seal(source).claimed();
  change(statement);
  const auto key = sample_key();
  return bundle::Seal::make(std::move(statement), {&key});
}

}  // namespace

transfer::Outcome verified_outcome() {
  transfer::Outcome outcome = sample_outcome();
  auto& record = outcome.images.at(0).record;
  record.attachments = attachments_of(record.digest);
  return outcome;
}

transfer::Outcome imported_outcome() {
  transfer::Outcome outcome = verified_outcome();
  outcome.destination = kFarRegistry;
  outcome.images[0].imported_as = kFarReference;
  outcome.images[0].delivery = delivery_of(outcome.images[0].record);
  return outcome;
}

transfer::Outcome rehearsed_outcome() {
  transfer::Outcome outcome = imported_outcome();
  outcome.is_rehearsal = true;
  return outcome;
}

transfer::Outcome partial_outcome() {
  transfer::Outcome outcome = imported_outcome();
  auto denied = another_image(outcome.images[0], "localhost:5000/lab/app:denied");
  denied.decision.refuse(ErrorCode::denied, "rule 'localhost:5000/lab/*' denies it: not this one");
  auto failed = another_image(outcome.images[0], "localhost:5000/lab/app:failed");
  failed.delivery = oci::Delivery{"registry.far:5000/mirror/app:failed", {}, std::nullopt};
  failed.delivery->failure = Error(ErrorCode::unauthorized, "registry.far:5000 wants credentials", "give --creds");
  outcome.images.push_back(std::move(denied));
  outcome.images.push_back(std::move(failed));
  Error lost(ErrorCode::network, "connection refused", "is the server running?");
  lost.within("localhost:5000/lab/app:lost");
  outcome.failures.push_back({"localhost:5000/lab/app:lost", std::move(lost)});
  return outcome;
}

transfer::Outcome unsealed_outcome() {
  transfer::Outcome outcome = imported_outcome();
  outcome.bundle_id.clear();
  outcome.bundle_size = 0;
  outcome.entries = 0;
  outcome.sealed_at = {};
  outcome.tool.clear();
  outcome.signers.clear();
  outcome.packed_with = {};
  return outcome;
}

transfer::Outcome chain_outcome() {
  transfer::Outcome outcome = sample_outcome();
  outcome.images.clear();
  return outcome;
}

std::vector<transfer::FetchedChain> fetched_chains() {
  using enum transfer::FetchedChain::Fate;
  Error gone(ErrorCode::network, "connection refused");
  gone.within("example.test/c");
  return {{"example.test/a", "chains/example.test/a.gapstow", fetched, std::nullopt, 48'128},
          {"example.test/b", "chains/example.test/b.gapstow", present, std::nullopt, 36'864},
          {"example.test/c", "chains/example.test/c.gapstow", failed, std::move(gone), 0},
          {"example.test/d", "chains/example.test/d.gapstow", failed,
           Error(ErrorCode::untrusted_root, "no pin for example.test/d", "gapstow trust add-root pins one"), 0}};
}

bundle::Seal attached_seal() {
  return seal_of([](bundle::Statement& statement) {
    auto& image = statement.images.at(0);
    for (auto& attachment : attachments_of(image.digest)) {
      const auto place = statement.entries.begin() + static_cast<std::ptrdiff_t>(statement.metadata_entries++);
      statement.entries.insert(place, {"blobs/sha256/" + attachment.digest.hex(), attachment.size, attachment.digest});
      image.attachments.push_back(std::move(attachment));
    }
  });
}

bundle::Seal chain_seal() {
  return seal_of([](bundle::Statement& statement) {
    statement.images.clear();
    std::erase_if(statement.entries, [](const auto& entry) { return entry.name.starts_with("blobs/"); });
    statement.metadata_entries = statement.entries.size();
  });
}

}  // namespace gapstow::test
