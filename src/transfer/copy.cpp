#include "gapstow/transfer/copy.h"

#include <algorithm>
#include <optional>
#include <set>

#include "clock_floor.h"
#include "gapstow/base/error.h"
#include "gapstow/base/workers.h"
#include "gapstow/digest/digest.h"
#include "history_check.h"
#include "packer.h"
#include "publish.h"

namespace gapstow::transfer {
namespace {

using base::Error;
using base::ErrorCode;

/// Passes bytes on and tells the observer.
class ObservedSink final : public base::Sink {
 public:
  ObservedSink(base::Sink& inner, const Surroundings& around) : inner_(inner), around_(around) {}
  void write(base::ByteView bytes) override {
    around_.cancel.check();
    inner_.write(bytes);
    around_.observer.advance(bytes.size());
  }
  void finish() override { inner_.finish(); }

 private:
  base::Sink& inner_;
  const Surroundings& around_;
};

class Copier {
 public:
  Copier(const PackRequest& request, const ImportOptions& options, const Surroundings& around)
      : request_(request), options_(options), around_(around), packer_(request, around) {}

  /// Gathers, decides. What is refused is in the outcome.
  void prove(trust::State* state, const std::string& rollback_reason);
  /// True when something may go on its way.
  bool is_accepted() { return options_.keep_going || !packer_.outcome().refusal(); }
  void deliver(oci::ImageDestination& destination);
  const std::optional<Shipment>& shipment() const { return shipment_; }
  std::vector<trust::SeenUpdate> updates();
  Outcome& outcome() { return packer_.outcome(); }

 private:
  void judge(ImageOutcome& image, const std::vector<std::string>& signers);
  void refuse_older(std::size_t chain, const Error& error);
  void copy_blob(const oci::PlannedBlob& blob, oci::ImageDestination& destination);

  const PackRequest& request_;
  const ImportOptions& options_;
  const Surroundings& around_;
  Packer packer_;
  std::optional<bundle::Seal> seal_;
  std::optional<Shipment> shipment_;
};

void Copier::prove(trust::State* state, const std::string& rollback_reason) {
  check_clock_floor(around_.clock.now(), state);
  // The time of a seal of one's own proves nothing here, and without signers there is none.
  std::optional<base::Time> sealed;
  if (!request_.signers.empty()) sealed = request_.sealed_at;
  packer_.outcome().clocks = {around_.clock.now(), request_.at, sealed, false};
  packer_.gather();
  Outcome& outcome = packer_.outcome();
  std::vector<std::string> signers;
  for (const auto* signer : request_.signers) {
    const auto* known = request_.store == nullptr
                            ? nullptr
                            : request_.store->find_signer_by_fingerprint(signer->public_key().fingerprint());
    if (known != nullptr) signers.push_back(known->name);
  }
  if (!request_.signers.empty()) seal_.emplace(packer_.make_seal());
  for (auto& image : outcome.images) judge(image, signers);
  for (std::size_t i = 0; i < packer_.chains().size(); ++i) {
    const auto& item = packer_.chains()[i];
    outcome.chains.push_back(item.outcome);
    if (const auto older = older_than_seen(item.chain, state)) {
      if (rollback_reason.empty()) {
        refuse_older(i, *older);
      } else {
        outcome.rollback_reason = rollback_reason;
      }
    }
  }
  if (seal_) packer_.note_seal(*seal_);
}

/// As an import judges it, with what is known without a seal of somebody else.
void Copier::judge(ImageOutcome& image, const std::vector<std::string>& signers) {
  if (request_.store == nullptr) return;
  const bool proven = image.record.proof.has_value();
  const auto* chain = proven ? &packer_.chains()[image.record.proof->chain].chain : nullptr;
  trust::RunPolicy policy = request_.policy;
  if (!policy.expiry) policy.expiry = trust::ExpiryRule::now;
  const std::string repository = proven ? chain->gun() : oci::parse_reference(image.record.reference).repository();
  // What is sealed here and now has no age.
  trust::Clocks clocks = packer_.outcome().clocks;
  clocks.sealed.reset();
  image.decision = trust::decide(*request_.store, policy, {repository, signers, chain, image.target}, clocks);
}

void Copier::refuse_older(std::size_t chain, const Error& error) {
  for (auto& image : packer_.outcome().images) {
    if (!image.record.proof || image.record.proof->chain != chain) continue;
    image.decision.refuse(error.code(), error.line());
  }
}

void Copier::deliver(oci::ImageDestination& destination) {
  MakeArtifact make_artifact;
  if (options_.attach_chain) {
    if (!seal_) {
      throw Error(ErrorCode::usage, "an attached chain is sealed, and nobody signs: --signer is missing");
    }
    make_artifact = [&](std::size_t index) {
      const auto& record = packer_.outcome().images[index].record;
      return make_chain_artifact(*seal_, record, packer_.chains()[record.proof->chain].found.files);
    };
  }
  const Contents& contents = packer_.contents();
  shipment_.emplace(contents, packer_.walked(), packer_.outcome(), options_, make_artifact);
  if (shipment_->empty()) return shipment_.reset();
  shipment_->begin(destination);
  if (options_.dry_run) return;
  shipment_->put_documents(destination, contents, [&](const auto& digest) {
    const auto source = packer_.open_blob(digest);
    digest::VerifyingSource proven(*source, packer_.size_of(digest), digest);
    return base::read_all(proven, oci::kMaxConfigBytes);
  });
  std::vector<oci::PlannedBlob> payload;
  std::uint64_t total = 0;
  for (const auto& blob : contents.payload()) {
    if (!shipment_->expects(blob.digest) || destination.holds(blob.digest)) continue;
    payload.push_back(blob);
    total += blob.size;
  }
  std::ranges::sort(payload, std::ranges::greater{}, &oci::PlannedBlob::size);  // the longest first
  around_.observer.stage("copying", total);
  const unsigned jobs = packer_.is_parallel() ? around_.jobs : 1;
  base::run_parallel(payload.size(), jobs, [&](std::size_t i) { copy_blob(payload[i], destination); });
}

void Copier::copy_blob(const oci::PlannedBlob& blob, oci::ImageDestination& destination) {
  put_with_restarts(destination, blob.digest, [&](base::Sink& sink) {
    ObservedSink observed(sink, around_);
    const auto source = packer_.open_blob(blob.digest);
    digest::VerifyingSource proven(*source, blob.size, blob.digest);
    base::copy(proven, observed);
  });
}

std::vector<trust::SeenUpdate> Copier::updates() {
  std::set<std::size_t> accepted;
  for (const auto& image : packer_.outcome().images) {
    if (image.record.proof && image.decision.allowed()) accepted.insert(image.record.proof->chain);
  }
  std::vector<trust::SeenUpdate> updates;
  for (const std::size_t i : accepted) {
    const auto& chain = packer_.chains()[i].chain;
    updates.push_back({chain.gun(), chain.root_identities(), chain.seen()});
  }
  return updates;
}

}  // namespace

Outcome copy(const PackRequest& request, oci::ImageDestination& destination, const ImportOptions& options,
             const std::string& rollback_reason, const std::string& state_path, const Surroundings& around) {
  auto seen = trust::State::open_existing(state_path);
  Copier copier(request, options, around);
  copier.prove(seen.get(), rollback_reason);
  seen.reset();
  if (!copier.is_accepted()) return std::move(copier.outcome());
  copier.deliver(destination);
  if (!copier.shipment()) return std::move(copier.outcome());
  const auto updates = copier.updates();
  publish(*copier.shipment(), destination, {options, updates, state_path}, copier.outcome(), around);
  return std::move(copier.outcome());
}

}  // namespace gapstow::transfer
