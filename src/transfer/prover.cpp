#include "prover.h"

#include <algorithm>

#include "clock_floor.h"
#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/bundle/layout.h"
#include "gapstow/tuf/dialect.h"
#include "history_check.h"
#include "target_files.h"
#include "views.h"

namespace gapstow::transfer {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view kTrustFolder = "gapstow/trust/";
constexpr std::string_view kBlobFolder = "blobs/sha256/";

/// The documents of a bundle, already proven, and the sizes of all its blobs.
class BundleBlobs final : public BlobStore {
 public:
  BundleBlobs(const bundle::Statement& statement, const std::map<digest::Digest, base::Bytes>& documents)
      : documents_(documents) {
    for (const auto& entry : statement.entries) {
      if (entry.name.starts_with(kBlobFolder)) sizes_.emplace(entry.sha256, entry.size);
    }
  }
  base::Bytes load(const oci::Descriptor& descriptor, std::uint64_t) override {
    const auto found = documents_.find(descriptor.digest);
    if (found == documents_.end()) {
      throw Error(ErrorCode::malformed, "document " + descriptor.digest.text() + " stands among the payload");
    }
    return found->second;
  }
  std::optional<std::uint64_t> size_of(const oci::Descriptor& blob) override {
    const auto found = sizes_.find(blob.digest);
    return found == sizes_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  const std::map<digest::Digest, base::Bytes>& documents_;
  std::map<digest::Digest, std::uint64_t> sizes_;
};

oci::Binding binding_of(const bundle::ImageRecord& record) {
  return record.binding == "diff-ids" ? oci::Binding::diff_ids : oci::Binding::manifest;
}

/// Length and every hash that a target promises must be those of the manifest in the bundle.
void check_target(const bundle::ImageRecord& record, const tuf::ProvenTarget& target, base::ByteView manifest) {
  for (const auto& hash : further_hashes({target.name, record.digest, record.size}, target)) {
    if (digest::sha512(manifest) == hash) continue;
    throw Error(ErrorCode::target_mismatch,
                "target " + target.name + " is signed as " + hash.short_text() + ", the manifest in the bundle is not");
  }
}

/// A chain proves the names that it signs. A target of another kind of name proves a digest; that it is this image's is
/// then the sealer's word, within the repository that the chain is pinned for.
void check_origin(const bundle::ImageRecord& record, const tuf::VerifiedChain& chain, const tuf::Dialect& dialect,
                  const tuf::ProvenTarget& target) {
  const std::string tag = dialect.tag_of(chain.gun(), target.name);
  const bool is_right =
      tag.empty() ? record.reference.starts_with(chain.gun() + ":") : record.reference == chain.gun() + ":" + tag;
  if (!is_right) {
    throw Error(ErrorCode::name_mismatch, "the chain of " + chain.gun() + " proves target " +
                                              base::printable(target.name) + ", not " + record.reference);
  }
  if (record.proof->role != target.role) {
    throw Error(ErrorCode::role_invalid,
                "role " + target.role + " answers for target " + target.name + ", the seal says " + record.proof->role);
  }
}

std::uint64_t bytes_of(const std::vector<bundle::TargetFileRecord>& targets) {
  std::uint64_t bytes = 0;
  for (const auto& target : targets) bytes = base::checked_add(bytes, target.size);
  return bytes;
}

/// An attachment as the statement lists it.
oci::Attachment attachment_of(const bundle::AttachmentRecord& record) {
  using Kind = oci::Attachment::Kind;
  return {record.kind == "cosign" ? Kind::cosign : Kind::referrer,
          record.subject,
          {record.media_type, record.digest, record.size, {}, {}},
          record.artifact_type,
          record.tag};
}

/// Everything after the last '/' may hold "@digest" or ":tag"; what stands before them is the repository.
std::string repository_of(const std::string& reference) {
  std::string text = reference.substr(0, reference.find('@'));
  const std::size_t slash = text.rfind('/');
  const std::size_t colon = text.find(':', slash == std::string::npos ? 0 : slash);
  return text.substr(0, colon);
}

}  // namespace

Prover::Prover(const VerifyRequest& request, trust::State* state, const Surroundings& around)
    : request_(request), state_(state), observer_(around.observer) {
  outcome_.clocks.local = around.clock.now();
  outcome_.clocks.chosen = request.at;
  check_clock_floor(outcome_.clocks.local, state_);
}

void Prover::deliver_to(oci::ImageDestination& destination, const ImportOptions& options) {
  destination_ = &destination;
  options_ = &options;
}

void Prover::deliver_to(RepositoryWriter& repositories) { repositories_ = &repositories; }

void Prover::keep(KeptContents& kept) { kept_ = &kept; }

bool Prover::keeps_chain_files() const {
  return kept_ != nullptr || repositories_ != nullptr || (options_ != nullptr && options_->attach_chain);
}

bundle::SealPolicy Prover::on_claim(const bundle::Seal&) {
  bundle::SealPolicy policy;
  policy.threshold = request_.store.threshold;
  for (const auto& signer : request_.store.signers) policy.trusted.push_back(signer.key);
  return policy;
}

void Prover::on_seal(const bundle::Seal& seal, const bundle::SealSigners& signers) {
  seal_ = &seal;
  statement_ = &seal.claimed();
  check_importable();
  outcome_.bundle_id = seal.bundle_id().hex();
  outcome_.bundle_size = bundle::lay_out(*statement_).total;
  observer_.stage(destination_ != nullptr ? "importing" : "verifying", outcome_.bundle_size);
  outcome_.entries = statement_->entries.size() + 1;
  outcome_.sealed_at = statement_->sealed_at;
  outcome_.tool = statement_->tool;
  outcome_.packed_with = statement_->checked;
  outcome_.threshold = request_.store.threshold;
  outcome_.clocks.sealed = statement_->sealed_at;
  outcome_.clocks.sealed_is_proven = request_.store.signer_time;
  for (const auto& signature : seal.envelope().signatures) {
    const std::string& fingerprint = signature.key.fingerprint();
    const auto* known = request_.store.find_signer_by_fingerprint(fingerprint);
    SignerOutcome signer{known != nullptr ? known->name : "", fingerprint,
                         std::string(sign::name(signature.key.type()))};
    const bool counted = std::ranges::find(signers.trusted, fingerprint) != signers.trusted.end();
    (counted ? outcome_.signers : outcome_.unknown_signers).push_back(std::move(signer));
  }
}

void Prover::check_importable() const {
  if (destination_ != nullptr && statement_->images.empty()) {
    throw Error(ErrorCode::usage, "the bundle holds chains and no image, so there is nothing to import there",
                "give it to pack or chain verify as a source: bundle:FILE; a TUF repository is imported to tuf:DIR");
  }
  const auto is_tuf = [](const auto& chain) { return chain.dialect == tuf::tuf_v1().name(); };
  if (repositories_ != nullptr && std::ranges::none_of(statement_->chains, is_tuf)) {
    throw Error(ErrorCode::usage, "the bundle holds no TUF repository that could be written out",
                "chain fetch tuf:URL --targets makes such bundles");
  }
}

void Prover::on_metadata(const bundle::Entry& entry, base::ByteView bytes) {
  if (entry.name.starts_with(kTrustFolder)) {
    take_chain_file(entry, bytes);
  } else if (entry.name.starts_with(kBlobFolder)) {
    documents_.emplace(entry.sha256, base::to_bytes(bytes));
  } else {
    views_.emplace(entry.name, base::to_bytes(bytes));
  }
}

void Prover::take_chain_file(const bundle::Entry& entry, base::ByteView bytes) {
  const auto& record = statement_->chains.at(chain_);
  const auto& file = record.files.at(chain_file_);
  base::with_context(entry.name, [&] { add_chain_file(files_, record, file, base::to_bytes(bytes)); });
  if (++chain_file_ < record.files.size()) return;
  prove_chain(chain_, files_);
  if (keeps_chain_files()) chain_files_.push_back(std::move(files_));
  files_ = {};
  chain_file_ = 0;
  ++chain_;
}

void Prover::prove_chain(std::size_t index, const tuf::ChainFiles& files) {
  const auto& record = statement_->chains[index];
  const tuf::Dialect& dialect = dialect_of(record);
  base::with_context("chain of " + record.gun, [&] {
    const base::Time when = outcome_.clocks.sealed_is_proven ? *outcome_.clocks.sealed : outcome_.clocks.checking();
    chains_.push_back(tuf::verify_chain(files, dialect, record.gun, request_.store.pins_for(record.gun), when));
  });
  const auto& chain = chains_.back();
  outcome_.chains.push_back({record.gun,
                             record.dialect,
                             record.source,
                             chain.pin(),
                             record.first_use,
                             chain.first_root(),
                             chain.roles(),
                             chain.absent_roles(),
                             {},
                             record.targets.size(),
                             bytes_of(record.targets),
                             {}});
  check_history(chain, index);
}

void Prover::check_history(const tuf::VerifiedChain& chain, std::size_t index) {
  const auto older = older_than_seen(chain, state_);
  if (!older) return;
  if (!request_.rollback_reason.empty()) {
    outcome_.rollback_reason = request_.rollback_reason;
  } else {
    chain_refusals_.emplace(index, trust::Decision::Refusal{older->code(), older->line()});
  }
}

void Prover::on_payload() { prove_contents(); }

WalkedImage Prover::walk_image(const bundle::ImageRecord& record, Contents& contents) const {
  WalkedImage walked = contents.add(
      {record.reference, {record.media_type, record.digest, record.size, std::nullopt, {}}, binding_of(record)});
  if (walked.platforms != record.platforms || walked.left_out != record.left_out) {
    throw Error(ErrorCode::malformed, record.reference + ": the platforms present are not those that the seal lists");
  }
  for (const auto& attachment : record.attachments) {
    base::with_context(record.reference, [&] {
      if (contents.attach(walked, attachment_of(attachment)).artifact_type == attachment.artifact_type) return;
      throw Error(ErrorCode::malformed,
                  "attachment " + attachment.digest.short_text() + " is of another artifact type");
    });
  }
  return walked;
}

void Prover::prove_contents() {
  BundleBlobs blobs(*statement_, documents_);
  std::set<digest::Digest> left_out;
  Contents contents(blobs, [&](const oci::Descriptor& child, const auto&) { return !left_out.contains(child.digest); });
  std::vector<WalkedImage> walked;
  for (std::size_t i = 0; i < statement_->images.size(); ++i) {
    const auto& record = statement_->images[i];
    left_out = {record.left_out.begin(), record.left_out.end()};
    walked.push_back(walk_image(record, contents));
    judge_image(i, walked.back());
  }
  for (std::size_t i = 0; i < chains_.size(); ++i) prove_target_files(i, contents);
  for (std::size_t i = 0; i < chains_.size(); ++i) judge_lone_chain(i);
  compare_entries(contents, walked);
  if (repositories_ != nullptr && !outcome_.refusal()) start_repositories();
  if (kept_ != nullptr) hand_over(walked);
  if (destination_ == nullptr) return;
  if (!outcome_.refusal() || options_->keep_going) start_import(walked, contents);
}

void Prover::hand_over(const std::vector<WalkedImage>& walked) {
  for (const auto& image : walked) kept_->images.push_back(image.named);
  kept_->chains = std::move(chain_files_);
  for (auto& [digest, bytes] : documents_) {
    kept_->documents.emplace(digest, std::make_shared<const base::Bytes>(std::move(bytes)));
  }
  documents_.clear();
}

/// Each file must be what the chain signs under its name; hashes of other kinds are checked while the bytes flow.
void Prover::prove_target_files(std::size_t index, Contents& contents) {
  const auto& record = statement_->chains[index];
  base::with_context("chain of " + record.gun, [&] {
    for (const auto& target : record.targets) {
      check_target_path(target.name);
      for (auto& hash : further_hashes(target, chains_[index].find(target.name))) {
        if (const auto document = documents_.find(target.sha256); document == documents_.end()) {
          further_hashes_[target.sha256].insert(std::move(hash));
        } else if (digest::sha512(document->second) != hash) {
          throw Error(ErrorCode::target_mismatch, "target " + target.name + " is not signed as " + hash.short_text());
        }
      }
      contents.add_file({target.sha256, target.size, {}});
    }
  });
}

void Prover::start_repositories() {
  for (std::size_t i = 0; i < chains_.size(); ++i) {
    if (dialect_of(statement_->chains[i]).name() != tuf::tuf_v1().name()) continue;
    repositories_->add(chains_[i], std::move(chain_files_[i]), statement_->chains[i].targets);
  }
  repositories_->begin();
  for (const auto& [digest, bytes] : documents_) {
    if (!repositories_->expects(digest)) continue;
    const auto sink = repositories_->put(digest);
    sink->write(bytes);
    sink->finish();
  }
}

void Prover::compare_entries(const Contents& contents, const std::vector<WalkedImage>& walked) const {
  std::vector<oci::NamedImage> named;
  for (const auto& image : walked) named.push_back(image.named);
  const auto expected_views = make_views(named);
  bool same = expected_views.size() == views_.size();
  for (const auto& view : expected_views) {
    const auto found = views_.find(view.name);
    same = same && found != views_.end() && found->second == view.bytes;
  }
  if (!same) throw Error(ErrorCode::malformed, "index.json or manifest.json show other images than the seal lists");

  std::vector<oci::PlannedBlob> expected = contents.metadata();
  expected.insert(expected.end(), contents.payload().begin(), contents.payload().end());
  const std::size_t others = statement_->entries.size() - std::min(statement_->entries.size(), expected.size());
  same = others + expected.size() == statement_->entries.size() &&
         others + contents.metadata().size() == statement_->metadata_entries;
  for (std::size_t i = 0; same && i < expected.size(); ++i) {
    same = statement_->entries[others + i].sha256 == expected[i].digest;
  }
  if (!same) {
    throw Error(ErrorCode::malformed, "the bundle does not hold exactly the blobs of its images, in their order");
  }
}

void Prover::judge_image(std::size_t index, const WalkedImage& walked) {
  const auto& record = statement_->images[index];
  ImageOutcome image;
  image.record = record;
  image.bytes = walked.bytes;
  image.blobs = walked.blobs;
  std::ranges::copy_if(walked.manifests, std::back_inserter(image.manifests),
                       [&](const auto& digest) { return walked.depths.at(digest) == 0; });
  trust::Evidence evidence;
  for (const auto& signer : outcome_.signers) evidence.seal_signers.push_back(signer.name);
  if (record.proof) {
    const auto& chain = chains_.at(record.proof->chain);
    base::with_context(record.reference, [&] {
      image.target = chain.find(record.proof->target);
      const tuf::Dialect& dialect = dialect_of(statement_->chains.at(record.proof->chain));
      check_origin(record, chain, dialect, *image.target);
      check_target(record, *image.target, documents_.at(record.digest));
      image.named_by_seal = dialect.tag_of(chain.gun(), image.target->name).empty();
    });
    evidence.repository = chain.gun();
    evidence.chain = &chain;
    evidence.target = image.target;
  } else {
    evidence.repository = repository_of(record.reference);
  }
  image.decision = trust::decide(request_.store, request_.policy, evidence, outcome_.clocks);
  if (record.proof) {
    report_lifetimes(record.proof->chain, image.decision.expiry.rule);
    if (const auto refused = chain_refusals_.find(record.proof->chain); refused != chain_refusals_.end()) {
      image.decision.refuse(refused->second.code, refused->second.reason);
    }
  }
  outcome_.images.push_back(std::move(image));
}

/// Every lifetime of the chain is reported; only those that an image's proof rests on decide.
void Prover::report_lifetimes(std::size_t chain, trust::ExpiryRule rule) {
  outcome_.chains[chain].expiry = trust::judge_expiry(chains_[chain].lifetimes(), rule, outcome_.clocks);
}

/// A chain that proves no image of the bundle: judged by the roles that every proof rests on.
void Prover::judge_lone_chain(std::size_t index) {
  const auto proves = [&](const ImageOutcome& image) {
    return image.record.proof && image.record.proof->chain == index;
  };
  if (std::ranges::any_of(outcome_.images, proves)) return;
  const auto& chain = chains_[index];
  const trust::Rule* rule = request_.store.rule_for(chain.gun());
  const auto refuse = [&](ErrorCode code, const std::string& why) {
    outcome_.failures.push_back({chain.gun(), Error(code, why)});
    refused_alone_.insert(index);
  };
  if (rule != nullptr && rule->deny)
    refuse(ErrorCode::denied, "rule '" + rule->pattern.text() + "' denies it: " + *rule->deny);
  if (const auto refused = chain_refusals_.find(index); refused != chain_refusals_.end()) {
    refuse(refused->second.code, refused->second.reason);
  }
  const auto expiry = trust::effective_expiry(rule, request_.policy);
  auto verdict = trust::judge_expiry(chain.lifetimes_for({}), expiry, outcome_.clocks);
  if (expiry != trust::ExpiryRule::now) {
    trust::judge_age(verdict, trust::effective_max_age(rule, request_.policy), outcome_.clocks);
  }
  if (!verdict.reasons.empty()) refuse(ErrorCode::expired, base::join(verdict.reasons, "; "));
  report_lifetimes(index, expiry);
}

void Prover::start_import(const std::vector<WalkedImage>& walked, const Contents& contents) {
  MakeArtifact make_artifact;
  if (options_->attach_chain) {
    make_artifact = [&](std::size_t image) {
      const auto& record = statement_->images[image];
      return make_chain_artifact(*seal_, record, chain_files_.at(record.proof->chain));
    };
  }
  shipment_.emplace(contents, walked, outcome_, *options_, make_artifact);
  if (shipment_->empty()) return shipment_.reset();
  shipment_->begin(*destination_);
  if (options_->dry_run) return;
  shipment_->put_documents(*destination_, contents, [&](const auto& digest) { return documents_.at(digest); });
}

std::unique_ptr<base::Sink> Prover::open_payload(const bundle::Entry& entry) {
  auto sink = open_destination(entry);
  const auto further = further_hashes_.find(entry.sha256);
  if (further == further_hashes_.end()) return sink;
  return make_checking_sink(std::move(sink), {further->second.begin(), further->second.end()});
}

std::unique_ptr<base::Sink> Prover::open_destination(const bundle::Entry& entry) {
  if (repositories_ != nullptr && repositories_->expects(entry.sha256)) return repositories_->put(entry.sha256);
  if (!shipment_ || options_->dry_run || !shipment_->expects(entry.sha256)) return nullptr;
  if (destination_->holds(entry.sha256)) return nullptr;
  return destination_->put(entry.sha256);
}

bool Prover::reopens_payload(const bundle::Entry& entry, const Error& error) {
  return shipment_ && destination_->retries(entry.sha256, error);
}

std::vector<trust::SeenUpdate> Prover::updates() const {
  std::set<std::size_t> refused;
  std::set<std::size_t> accepted;
  for (const auto& image : outcome_.images) {
    if (image.record.proof) (image.decision.allowed() ? accepted : refused).insert(image.record.proof->chain);
  }
  std::vector<trust::SeenUpdate> updates;
  for (std::size_t i = 0; i < chains_.size(); ++i) {
    if (refused_alone_.contains(i) || (refused.contains(i) && !accepted.contains(i))) continue;
    updates.push_back({chains_[i].gun(), chains_[i].root_identities(), chains_[i].seen()});
  }
  return updates;
}

}  // namespace gapstow::transfer
