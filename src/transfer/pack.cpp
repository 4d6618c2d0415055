#include "gapstow/transfer/pack.h"

#include <algorithm>
#include <set>

#include "contents.h"
#include "gapstow/base/atomic_file.h"
#include "gapstow/base/error.h"
#include "gapstow/base/fd_stream.h"
#include "gapstow/base/text.h"
#include "gapstow/bundle/layout.h"
#include "gapstow/bundle/seal.h"
#include "gapstow/bundle/writer.h"
#include "pack_chains.h"
#include "pack_images.h"
#include "views.h"

namespace gapstow::transfer {
namespace {

using base::Error;
using base::ErrorCode;

/// Reads documents of whichever source is being walked.
class SourceBlobs final : public BlobStore {
 public:
  void use(oci::ImageSource& source) { source_ = &source; }
  base::Bytes load(const oci::Descriptor& descriptor, std::uint64_t limit) override {
    return oci::read_blob(*source_, descriptor, limit);
  }
  std::optional<std::uint64_t> size_of(const digest::Digest& digest) override { return source_->find(digest); }

 private:
  oci::ImageSource* source_ = nullptr;
};

/// Whether a platform filter keeps a child: its platform is asked for, or it is an attestation of a kept sibling.
bool is_kept(const std::vector<oci::Platform>& filter, const oci::Descriptor& child,
             const std::vector<oci::Descriptor>& siblings) {
  if (filter.empty()) return true;
  const auto wanted = [&](const oci::Descriptor& each) {
    return each.platform && std::ranges::any_of(filter, [&](const auto& want) { return want.accepts(*each.platform); });
  };
  const auto subject = child.annotations.find("vnd.docker.reference.digest");
  if (subject == child.annotations.end()) return wanted(child);
  return std::ranges::any_of(siblings, [&](const oci::Descriptor& sibling) {
    return sibling.digest.text() == subject->second && wanted(sibling);
  });
}

/// A single image, unlike an index, either is of a platform asked for or is not what was asked for.
void check_platform(const std::vector<oci::Platform>& filter, const WalkedImage& image) {
  if (filter.empty() || oci::is_index(image.named.root.media_type)) return;
  for (const auto& present : image.platforms) {
    const auto accepts = [&](const oci::Platform& want) { return want.accepts(oci::parse_platform(present)); };
    if (std::ranges::any_of(filter, accepts)) return;
  }
  throw Error(ErrorCode::not_found,
              "the image is for " + base::join(image.platforms, ", ") + ", not for a platform asked for");
}

/// Where the bytes of an entry come from: made by gapstow, or a blob of a source.
struct Origin {
  base::Bytes bytes;
  oci::ImageSource* source = nullptr;
};

/// The rules as far as the sealing side can judge them: who must have sealed, and how long ago, is for the far side.
trust::TrustStore rules_for_packing(const trust::TrustStore* store) {
  trust::TrustStore rules;
  if (store == nullptr) return rules;
  for (const auto& rule : store->rules) {
    trust::Rule part{rule.pattern, false, rule.deny, {}, std::nullopt, rule.roles, std::nullopt, std::nullopt};
    rules.rules.push_back(std::move(part));
  }
  return rules;
}

/// Gathers a statement, and knows where each entry's bytes come from.
class Packer {
 public:
  Packer(const PackRequest& request, const Surroundings& around);

  bundle::Seal make_seal();
  std::unique_ptr<base::Source> open(std::size_t index);
  bool is_parallel() const;
  Outcome finish(const bundle::Seal& seal);

 private:
  void add_image(const ChosenImage& image);
  void add_proven(const ChosenImage& image, const std::string& gun);
  void add_unproven(const ChosenImage& image, const std::string& gun);
  void add_contents(const ChosenImage& image, const oci::SourceImage& match, ImageOutcome outcome);
  bool needs_chain(const std::string& gun) const;
  void judge(ImageOutcome& image, const std::string& repository, const tuf::VerifiedChain* chain);
  void collect_entries();
  void collect_chains();
  void collect_blobs(const std::vector<oci::PlannedBlob>& list);
  void add_entry(std::string name, std::uint64_t size, digest::Digest digest, Origin origin);

  const PackRequest& request_;
  ImageChooser chooser_;
  ChainShelf chains_;
  SourceBlobs blobs_;
  Contents contents_;
  std::map<digest::Digest, oci::ImageSource*> blob_sources_;
  std::vector<oci::NamedImage> named_;
  std::set<std::string> references_;
  trust::TrustStore rules_;
  bundle::Statement statement_;
  std::vector<Origin> origins_;  ///< parallel to statement_.entries
  Outcome outcome_;
};

Packer::Packer(const PackRequest& request, const Surroundings& around)
    : request_(request),
      chooser_(request, around.fs),
      chains_(request, request.at.value_or(around.clock.now())),
      contents_(blobs_, [&](const auto& child, const auto& all) { return is_kept(request_.platforms, child, all); }),
      rules_(rules_for_packing(request.store)) {
  rules_.threshold = 0;
  // Judged by the later of clock and seal time, so that what is recorded holds at the seal time too, and equal input,
  // key and time give an equal bundle.
  outcome_.clocks = {std::max(around.clock.now(), request.sealed_at), request.at, request.sealed_at, true};
  statement_.sealed_at = request.sealed_at;
  statement_.tool = request.tool;
  statement_.checked.expiry_rule = std::string(trust::name(request.policy.expiry.value_or(trust::ExpiryRule::now)));
  statement_.checked.checked_at = {request.at.value_or(request.sealed_at).seconds, 0};
}

bundle::Seal Packer::make_seal() {
  for (const auto& image : chooser_.chosen()) {
    base::with_context(image.reference.text(), [&] { add_image(image); });
  }
  collect_entries();
  return bundle::Seal::make(statement_, request_.signers);
}

std::unique_ptr<base::Source> Packer::open(std::size_t index) {
  const Origin& origin = origins_[index];
  if (origin.source == nullptr) return std::make_unique<base::MemorySource>(origin.bytes);
  return origin.source->open(statement_.entries[index].sha256);
}

bool Packer::is_parallel() const {
  return std::ranges::all_of(chooser_.chosen(), [](const ChosenImage& image) { return image.source->is_parallel(); });
}

/// No chain is wanted by --trust none, or by a rule when nobody named a source.
bool Packer::needs_chain(const std::string& gun) const {
  if (request_.without_chain) return false;
  if (!request_.chains.empty()) return true;
  const trust::Rule* rule = request_.store != nullptr ? request_.store->rule_for(gun) : nullptr;
  if (rule != nullptr && !rule->chain_required) return false;
  throw Error(ErrorCode::usage, "nothing says where the chain of " + gun + " comes from",
              "give --trust docker:DIR or --trust dir:DIR; --trust none packs without proof of origin");
}

void Packer::add_image(const ChosenImage& image) {
  const std::string gun = request_.gun.empty() ? image.reference.repository() : request_.gun;
  if (needs_chain(gun)) {
    add_proven(image, gun);
  } else {
    add_unproven(image, gun);
  }
}

/// The tag is the target. A reference by digest alone means whichever tag is signed with that digest.
tuf::ProvenTarget find_target(const tuf::VerifiedChain& chain, const oci::Reference& reference) {
  const auto has_digest = [&](const tuf::ProvenTarget& target) {
    return std::ranges::find(target.target.hashes, *reference.digest) != target.target.hashes.end();
  };
  if (!reference.tag.empty()) {
    auto target = chain.find(reference.tag);
    if (reference.digest && !has_digest(target)) {
      throw Error(ErrorCode::target_mismatch,
                  "tag " + target.name + " is signed with another digest than " + reference.digest->text());
    }
    return target;
  }
  for (const auto& target : chain.all_targets()) {
    if (has_digest(target)) return chain.find(target.name);
  }
  throw Error(ErrorCode::target_missing, "the chain signs no tag with digest " + reference.digest->text());
}

void Packer::add_proven(const ChosenImage& image, const std::string& gun) {
  const std::size_t index = chains_.index_for(gun);
  auto& item = chains_.at(index);
  ImageOutcome outcome;
  outcome.target = find_target(item.chain, image.reference);
  const oci::SourceImage& match = match_target(image, *outcome.target);
  outcome.record.reference = gun + ":" + outcome.target->name;
  outcome.record.proof = bundle::ProofRecord{index, outcome.target->name, outcome.target->role};
  judge(outcome, gun, &item.chain);
  item.outcome.expiry = trust::judge_expiry(item.chain.lifetimes(), outcome.decision.expiry.rule, outcome_.clocks);
  add_contents(image, match, std::move(outcome));
}

void Packer::add_unproven(const ChosenImage& image, const std::string& gun) {
  const oci::SourceImage& only = image.candidates.front();
  if (image.candidates.size() > 1) {
    throw Error(ErrorCode::usage, image.source->description() + " holds several images", "say which one: FILE:REF");
  }
  if (!only.has_manifest) {
    throw Error(ErrorCode::target_mismatch, "a classic docker archive holds no manifest that could be packed",
                "give the manifest with --manifest FILE, or export with skopeo copy --preserve-digests");
  }
  if (image.reference.digest && *image.reference.digest != only.root.digest) {
    throw Error(ErrorCode::target_mismatch, image.source->description() + " holds " + only.root.digest.text());
  }
  oci::Reference origin = image.reference;
  if (!request_.gun.empty()) {
    const oci::Reference named = oci::parse_reference(request_.gun, false);
    origin.host = named.host;
    origin.path = named.path;
  }
  ImageOutcome outcome;
  outcome.record.reference = origin.text();
  judge(outcome, gun, nullptr);
  add_contents(image, only, std::move(outcome));
}

void Packer::judge(ImageOutcome& image, const std::string& repository, const tuf::VerifiedChain* chain) {
  if (chain == nullptr && rules_.rule_for(repository) == nullptr) return;
  trust::RunPolicy policy = request_.policy;
  if (!policy.expiry) policy.expiry = trust::ExpiryRule::now;
  const trust::Evidence evidence{repository, {}, chain, image.target};
  image.decision = trust::decide(rules_, policy, evidence, outcome_.clocks);
  if (!image.decision.allowed()) {
    const auto& refusal = image.decision.refusals.front();
    throw Error(refusal.code, refusal.reason,
                refusal.code == ErrorCode::expired ? "--expiry ignore packs it all the same and records that" : "");
  }
  if (policy.expiry != trust::ExpiryRule::ignore) return;
  for (const auto& finding : image.decision.expiry.findings) {
    if (finding.lapsed_now) statement_.checked.expired.push_back(finding.what + " of " + repository);
  }
}

void Packer::add_contents(const ChosenImage& image, const oci::SourceImage& match, ImageOutcome outcome) {
  if (!references_.insert(outcome.record.reference).second) {
    throw Error(ErrorCode::usage, outcome.record.reference + " is named twice");
  }
  blobs_.use(*image.source);
  const std::size_t metadata = contents_.metadata().size();
  const std::size_t payload = contents_.payload().size();
  WalkedImage walked = contents_.add({outcome.record.reference, match.root, match.binding});
  check_platform(request_.platforms, walked);
  for (std::size_t i = metadata; i < contents_.metadata().size(); ++i) {
    blob_sources_.emplace(contents_.metadata()[i].digest, image.source);
  }
  for (std::size_t i = payload; i < contents_.payload().size(); ++i) {
    blob_sources_.emplace(contents_.payload()[i].digest, image.source);
  }
  outcome.record.media_type = match.root.media_type;
  outcome.record.digest = match.root.digest;
  outcome.record.size = match.root.size;
  outcome.record.binding = match.binding == oci::Binding::diff_ids ? "diff-ids" : "manifest";
  outcome.record.platforms = walked.platforms;
  outcome.record.left_out = walked.left_out;
  outcome.bytes = walked.bytes;
  outcome.blobs = walked.blobs;
  named_.push_back(std::move(walked.named));
  statement_.images.push_back(outcome.record);
  outcome_.images.push_back(std::move(outcome));
}

void Packer::add_entry(std::string name, std::uint64_t size, digest::Digest digest, Origin origin) {
  statement_.entries.push_back({std::move(name), size, std::move(digest)});
  origins_.push_back(std::move(origin));
}

void Packer::collect_entries() {
  for (auto& view : make_views(named_)) {
    auto digest = digest::sha256(view.bytes);
    const std::uint64_t size = view.bytes.size();
    add_entry(std::move(view.name), size, std::move(digest), {std::move(view.bytes), nullptr});
  }
  collect_chains();
  collect_blobs(contents_.metadata());
  statement_.metadata_entries = statement_.entries.size();
  collect_blobs(contents_.payload());
  std::ranges::sort(statement_.checked.expired);
  const auto repeated = std::ranges::unique(statement_.checked.expired);
  statement_.checked.expired.erase(repeated.begin(), repeated.end());
}

void Packer::collect_chains() {
  for (auto& item : chains_.items()) {
    for (auto& placed : place_chain(item.files, item.chain)) {
      add_entry(item.record.folder + "/" + placed.record.file, placed.bytes->size(), digest::sha256(*placed.bytes),
                {*placed.bytes, nullptr});
      item.record.files.push_back(std::move(placed.record));
    }
    statement_.chains.push_back(item.record);
  }
}

void Packer::collect_blobs(const std::vector<oci::PlannedBlob>& list) {
  for (const auto& blob : list) {
    add_entry("blobs/sha256/" + blob.digest.hex(), blob.size, blob.digest, {{}, blob_sources_.at(blob.digest)});
  }
}

Outcome Packer::finish(const bundle::Seal& seal) {
  const bundle::Statement& statement = seal.claimed();
  outcome_.bundle_id = seal.bundle_id().hex();
  outcome_.bundle_size = bundle::lay_out(statement).total;
  outcome_.entries = statement.entries.size() + 1;
  outcome_.sealed_at = statement.sealed_at;
  outcome_.tool = statement.tool;
  outcome_.packed_with = statement.checked;
  for (auto& item : chains_.items()) outcome_.chains.push_back(std::move(item.outcome));
  for (const auto& signature : seal.envelope().signatures) {
    const std::string& fingerprint = signature.key.fingerprint();
    const auto* known = request_.store == nullptr ? nullptr : request_.store->find_signer_by_fingerprint(fingerprint);
    outcome_.signers.push_back(
        {known != nullptr ? known->name : "", fingerprint, std::string(sign::name(signature.key.type()))});
  }
  return std::move(outcome_);
}

bundle::WriteOptions write_options(const Surroundings& around, unsigned jobs) {
  bundle::WriteOptions options;
  options.cancel = &around.cancel;
  options.on_progress = [&around](std::uint64_t bytes) { around.observer.advance(bytes); };
  options.jobs = jobs;
  return options;
}

}  // namespace

PackOutcome pack(const PackRequest& request, base::Sink& out, const Surroundings& around) {
  Packer packer(request, around);
  const bundle::Seal seal = packer.make_seal();
  around.observer.stage("packing", bundle::lay_out(seal.claimed()).total);
  bundle::write_stream(seal, [&](std::size_t index) { return packer.open(index); }, out, write_options(around, 1));
  return {packer.finish(seal), ""};
}

PackOutcome pack(const PackRequest& request, const std::string& path, const Surroundings& around) {
  const auto status = around.fs.status(path);
  if (status && status->kind == base::FileStatus::Kind::folder) {
    throw Error(ErrorCode::conflict, path + " is a folder");
  }
  if (status && status->kind == base::FileStatus::Kind::other) {
    base::DeviceSink device(path);
    return pack(request, device, around);
  }
  Packer packer(request, around);
  const bundle::Seal seal = packer.make_seal();
  around.observer.stage("packing", bundle::lay_out(seal.claimed()).total);
  base::AtomicFile file(around.fs, path);
  const unsigned jobs = packer.is_parallel() ? around.jobs : 1;
  bundle::write_file(
      seal, [&](std::size_t index) { return packer.open(index); }, file.file(), write_options(around, jobs));
  around.cancel.check();
  file.publish();
  return {packer.finish(seal), path};
}

}  // namespace gapstow::transfer
