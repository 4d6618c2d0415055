#include "shipment.h"

#include <algorithm>

#include "gapstow/base/error.h"

namespace gapstow::transfer {

void put_with_restarts(oci::ImageDestination& destination, const digest::Digest& digest,
                       const std::function<void(base::Sink&)>& write) {
  for (;;) {
    try {
      const auto sink = destination.put(digest);
      write(*sink);
      return sink->finish();
    } catch (const base::Error& error) {
      if (!destination.retries(digest, error)) throw;
    }
  }
}

Shipment::Shipment(const Contents& contents, const std::vector<WalkedImage>& walked, const Outcome& outcome,
                   const ImportOptions& options, const MakeArtifact& make_artifact) {
  std::map<std::string, std::string> names;
  for (std::size_t i = 0; i < walked.size(); ++i) {
    const ImageOutcome& image = outcome.images[i];
    if (!image.decision.allowed()) continue;
    oci::NamedImage named = walked[i].named;
    if (options.without_attachments) {
      named.attachments.clear();
      named.blobs.resize(walked[i].own_blobs);
    }
    named.reference = options.names.map(image.record.reference);
    const auto [at, fresh] = names.emplace(named.reference, image.record.reference);
    if (!fresh) {
      throw base::Error(base::ErrorCode::conflict,
                        at->second + " and " + image.record.reference + " would both become " + named.reference,
                        "give one of them another name with --rename FROM=TO");
    }
    if (make_artifact && image.record.proof) add_artifact(named, make_artifact(i));
    for (const auto& blob : named.blobs) wanted_.insert(blob.digest);
    images_.push_back(std::move(named));
    places_.push_back(i);
  }
  for (const auto* list : {&contents.metadata(), &contents.payload()}) {
    for (const auto& blob : *list) {
      if (wanted_.contains(blob.digest) && !made_.contains(blob.digest)) blobs_.push_back(blob);
    }
  }
}

/// The image may carry the very same artifact already, from an earlier journey.
void Shipment::add_artifact(oci::NamedImage& image, ChainArtifact artifact) {
  if (std::ranges::find(image.attachments, artifact.attachment) != image.attachments.end()) return;
  std::set<digest::Digest> known;
  for (const auto& blob : image.blobs) known.insert(blob.digest);
  for (auto& blob : artifact.blobs) {
    if (known.insert(blob.plan.digest).second) image.blobs.push_back(blob.plan);
    if (made_.try_emplace(blob.plan.digest, blob.bytes).second) blobs_.push_back(blob.plan);
  }
  image.attachments.push_back(std::move(artifact.attachment));
}

void Shipment::begin(oci::ImageDestination& destination) const { destination.begin(images_, blobs_); }

void Shipment::put_documents(oci::ImageDestination& destination, const Contents& contents,
                             const std::function<base::Bytes(const digest::Digest&)>& load) const {
  const auto put = [&](const digest::Digest& digest, base::ByteView bytes) {
    put_with_restarts(destination, digest, [&](base::Sink& sink) { sink.write(bytes); });
  };
  for (const auto& [digest, bytes] : made_) {
    if (!destination.holds(digest)) put(digest, bytes);
  }
  for (const auto& blob : contents.metadata()) {
    if (expects(blob.digest) && !destination.holds(blob.digest)) put(blob.digest, load(blob.digest));
  }
}

void Shipment::report(const oci::ImageDestination& destination, Outcome& outcome) const {
  auto deliveries = destination.deliveries();
  for (std::size_t i = 0; i < images_.size() && i < deliveries.size(); ++i) {
    ImageOutcome& image = outcome.images[places_[i]];
    image.delivery = std::move(deliveries[i]);
    image.imported_as = image.delivery->failure ? std::string() : images_[i].reference;
  }
}

}  // namespace gapstow::transfer
