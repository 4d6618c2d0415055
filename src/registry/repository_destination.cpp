#include <algorithm>
#include <optional>
#include <set>

#include "blob_board.h"
#include "delivery_plan.h"
#include "findings.h"
#include "gapstow/base/error.h"
#include "gapstow/registry/images.h"
#include "image_failures.h"
#include "publisher.h"
#include "resume_policy.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;
using oci::Delivery;

/// Keeps a manifest until all blobs are there.
class ManifestSink final : public base::Sink {
 public:
  ManifestSink(Publisher& publisher, const oci::PlannedBlob& manifest)
      : publisher_(publisher), manifest_(manifest), bytes_(manifest.size) {}
  void write(base::ByteView bytes) override { bytes_.write(bytes); }
  void finish() override {
    if (bytes_.bytes().size() != manifest_.size) {
      throw Error(ErrorCode::internal,
                  "manifest " + manifest_.digest.short_text() + " has another size than announced");
    }
    publisher_.keep(manifest_.digest, bytes_.take());
  }

 private:
  Publisher& publisher_;
  oci::PlannedBlob manifest_;
  base::MemorySink bytes_;
};

/// What a run knows and does once the images are announced.
struct Run {
  Run(DeliveryPlan planned, UploadLore& lore, const DestinationOptions& options)
      : plan(std::move(planned)),
        failures(plan.images.size(), options.keep_going ? ImageFailures::Mode::go_on : ImageFailures::Mode::stop),
        holdings(inquire(plan, failures)),
        board(plan, holdings, failures, lore, options.restarts),
        publisher(plan, holdings, failures) {}

  DeliveryPlan plan;
  ImageFailures failures;
  std::vector<Holdings> holdings;
  BlobBoard board;
  Publisher publisher;
};

class RegistryDestination final : public oci::ImageDestination {
 public:
  RegistryDestination(Server& server, std::string host, ResumePolicy policy, const DestinationOptions& options)
      : server_(server),
        host_(std::move(host)),
        policy_(std::move(policy)),
        options_(options),
        lore_(host_, options.journal) {}

  void begin(const std::vector<oci::NamedImage>& images, const std::vector<oci::PlannedBlob>& blobs) override {
    const MakeRepository make_repository = [this](const std::string& path, Access access) {
      return Repository(server_, path, access, policy_);
    };
    auto plan = make_plan(host_, images, blobs, make_repository);
    add_lenders(plan, options_.lenders, make_repository);
    run_ = std::make_unique<Run>(std::move(plan), lore_, options_);
  }

  bool holds(const digest::Digest& digest) const override {
    return !run().plan.manifests.contains(digest) && !run().board.wants(digest);
  }

  std::unique_ptr<base::Sink> put(const digest::Digest& digest) override {
    const auto manifest = run().plan.manifests.find(digest);
    if (manifest != run().plan.manifests.end())
      return std::make_unique<ManifestSink>(run().publisher, manifest->second);
    if (!run().plan.blobs.contains(digest)) {
      throw Error(ErrorCode::internal, "blob " + digest.short_text() + " was not announced");
    }
    if (!run().board.wants(digest)) return std::make_unique<base::NullSink>();
    return run().board.open(digest);
  }

  bool retries(const digest::Digest& digest, const Error& failure) override {
    return run().board.may_restart(digest, failure);
  }

  void settle() override {
    if (settled_) return;
    run().board.spread();
    run().publisher.store();
    settled_ = true;
  }

  void commit() override {
    settle();
    run().publisher.name();
  }

  std::vector<Delivery> deliveries() const override {
    std::vector<Delivery> deliveries;
    std::set<std::pair<std::size_t, digest::Digest>> told;
    for (std::size_t i = 0; i < run().plan.images.size(); ++i) {
      const PlannedImage& image = run().plan.images[i];
      Delivery delivery{image.name(), {}, run().failures.find(i)};
      for (const auto& blob : image.named.blobs) {
        // What two images of a repository share is sent for the first one.
        const bool again = !told.insert({image.home, blob.digest}).second;
        delivery.blobs.push_back({blob, again ? Delivery::Blob::Fate::present : fate(image.home, blob.digest)});
      }
      deliveries.push_back(std::move(delivery));
    }
    return deliveries;
  }

  std::string description() const override { return "docker://" + host_; }

 private:
  Run& run() const {
    if (!run_) throw Error(ErrorCode::internal, "the registry destination was not begun");
    return *run_;
  }

  Delivery::Blob::Fate fate(std::size_t home, const digest::Digest& digest) const {
    if (!run().plan.manifests.contains(digest)) return run().board.fate(home, digest);
    return run().holdings[home].manifests.contains(digest) ? Delivery::Blob::Fate::present
                                                           : Delivery::Blob::Fate::written;
  }

  Server& server_;
  std::string host_;
  ResumePolicy policy_;
  DestinationOptions options_;
  UploadLore lore_;
  std::unique_ptr<Run> run_;
  bool settled_ = false;
};

}  // namespace

std::unique_ptr<oci::ImageDestination> make_destination(Server& server, const ResumePolicy& policy,
                                                        const DestinationOptions& options) {
  return std::make_unique<RegistryDestination>(server, server.host(), policy, options);
}

std::unique_ptr<oci::ImageDestination> make_destination(Network& network, const std::string& host,
                                                        const DestinationOptions& options) {
  return std::make_unique<RegistryDestination>(network.registry(host), host, resume_policy(network), options);
}

}  // namespace gapstow::registry
