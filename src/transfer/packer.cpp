#include "packer.h"

#include <algorithm>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/bundle/layout.h"
#include "views.h"

namespace gapstow::transfer {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view kBlobFolder = "blobs/sha256/";

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

bool has_digest(const tuf::ProvenTarget& target, const digest::Digest& digest) {
  return std::ranges::find(target.target.hashes, digest) != target.target.hashes.end();
}

/// A reference by digest alone means whichever tag is signed with that digest.
tuf::ProvenTarget find_by_digest(const ChainShelf::Item& item, const digest::Digest& digest) {
  for (const auto& target : item.chain.all_targets()) {
    const bool is_tag = !item.found.dialect->tag_of(item.chain.gun(), target.name).empty();
    if (is_tag && has_digest(target, digest)) return target;
  }
  throw Error(ErrorCode::target_missing, "the chain signs no tag with digest " + digest.text());
}

/// Any text can be signed; only what can be a tag can be an image's name.
std::string image_name(const std::string& gun, const std::string& tag) {
  const oci::Reference name = oci::parse_reference(gun + ":" + tag, false);
  if (name.tag == tag && !name.digest) return name.text();
  throw Error(ErrorCode::invalid_reference, "target '" + base::printable(tag) + "' is no tag");
}

/// Under which name the far side gets an image: that which the target stands for, else the one that was asked for.
std::string signed_name(const ChainShelf::Item& item, const tuf::ProvenTarget& target, const std::string& asked_tag) {
  const std::string tag = item.found.dialect->tag_of(item.chain.gun(), target.name);
  if (!tag.empty() && !asked_tag.empty() && tag != asked_tag) {
    throw Error(ErrorCode::usage,
                "target '" + base::printable(target.name) + "' is the name of another image than tag " + asked_tag);
  }
  if (tag.empty() && asked_tag.empty()) {
    throw Error(ErrorCode::usage, "an image that is proven by a target of another name needs a tag",
                "name it with --name REPOSITORY:TAG");
  }
  return image_name(item.chain.gun(), tag.empty() ? asked_tag : tag);
}

/// An attachment as the statement lists it.
bundle::AttachmentRecord attachment_record(const oci::Attachment& attachment) {
  const bool by_tag = attachment.kind == oci::Attachment::Kind::cosign;
  return {by_tag ? "cosign" : "referrer",
          attachment.subject,
          attachment.root.media_type,
          attachment.root.digest,
          attachment.root.size,
          by_tag ? "" : attachment.artifact_type,
          attachment.tag};
}

}  // namespace

base::Bytes SourceBlobs::load(const oci::Descriptor& descriptor, std::uint64_t limit) {
  if (const auto* bytes = kept(descriptor.digest)) return *bytes;
  base::Bytes bytes = oci::read_blob(*image_->source, descriptor, limit);
  if (image_->is_remote) kept_.emplace(descriptor.digest, bytes);
  return bytes;
}

const base::Bytes* SourceBlobs::kept(const digest::Digest& digest) const {
  const auto found = kept_.find(digest);
  return found == kept_.end() ? nullptr : &found->second;
}

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

void Packer::gather() {
  std::vector<const ChosenImage*> found;
  for (auto& image : chooser_.chosen()) {
    if (!request_.attached_chains || take_attached(image)) found.push_back(&image);
  }
  for (const auto* image : found) add_images(*image);
  for (const auto& gun : request_.guns) add_chain(gun);
  if (!request_.keep_going) check_target_names();
  drop_idle_chains();
  outcome_.failures.insert(outcome_.failures.begin(), chooser_.failures().begin(), chooser_.failures().end());
  if (!walked_.empty() || (request_.images.empty() && !chains_.items().empty())) return;
  if (!outcome_.failures.empty()) throw Error(outcome_.failures.front().error);
  throw Error(ErrorCode::not_found, "nothing was found that could be packed");
}

/// All are looked at before the first is packed: the newest chain of a repository counts for all its images.
bool Packer::take_attached(ChosenImage& image) {
  const std::string what = image.reference.text();
  try {
    base::with_context(what, [&] { chains_.take_attached(image); });
    return true;
  } catch (const Error& error) {
    fail(what, error);
    return false;
  }
}

/// A chain whose images were all left out proves nothing here, and might be refused on the far side.
void Packer::drop_idle_chains() {
  if (used_chains_.size() == chains_.items().size()) return;
  const auto places = chains_.keep_only(used_chains_);
  for (auto& image : outcome_.images) {
    if (image.record.proof) image.record.proof->chain = places.at(image.record.proof->chain);
  }
}

void Packer::add_images(const ChosenImage& chosen) {
  if (!chosen.all_tags) return try_image(chosen);
  try {
    for (const auto& tag : all_tags(chosen)) {
      ChosenImage one = chosen;
      one.all_tags = false;
      one.reference.tag = tag;
      one.tag = tag;
      try_image(one);
    }
  } catch (const Error& error) {
    fail(chosen.reference.repository(), error);
  }
}

std::vector<std::string> Packer::all_tags(const ChosenImage& chosen) {
  const std::string gun = request_.gun.empty() ? chosen.reference.repository() : request_.gun;
  std::vector<std::string> tags;
  if (needs_chain(gun)) {
    const auto& item = chains_.at(chains_.index_for(gun));
    for (const auto& target : item.chain.all_targets()) {
      if (auto tag = item.found.dialect->tag_of(gun, target.name); !tag.empty()) tags.push_back(std::move(tag));
    }
  } else {
    for (auto& tag : chosen.source->tags()) {
      if (!is_attachment_tag(tag)) tags.push_back(std::move(tag));
    }
  }
  if (tags.empty()) throw Error(ErrorCode::target_missing, "there is no tag in " + gun);
  return tags;
}

void Packer::try_image(const ChosenImage& image) {
  const auto before = contents_.mark();
  try {
    base::with_context(image.reference.text(), [&] { add_image(image); });
  } catch (const Error& error) {
    contents_.rewind(before);
    fail(image.reference.text(), error);
  }
}

/// Called while the error is handled: it goes on its way unless the run goes on without what failed.
void Packer::fail(const std::string& what, const Error& error) {
  if (!request_.keep_going || error.code() == ErrorCode::interrupted) throw;
  outcome_.failures.push_back({what, error});
}

void Packer::add_image(const ChosenImage& image) {
  const std::string gun = request_.gun.empty() ? image.reference.repository() : request_.gun;
  if (needs_chain(gun)) {
    add_proven(image, gun);
  } else {
    add_unproven(image, gun);
  }
}

/// No chain is wanted by --trust none, or by a rule when nobody named a source.
bool Packer::needs_chain(const std::string& gun) const {
  if (request_.without_chain) return false;
  if (!request_.chains.empty() || request_.attached_chains) return true;
  const trust::Rule* rule = request_.store != nullptr ? request_.store->rule_for(gun) : nullptr;
  if (rule != nullptr && !rule->chain_required) return false;
  throw Error(
      ErrorCode::usage, "nothing says where the chain of " + gun + " comes from",
      "give --trust notary:URL, docker:DIR, dir:DIR, tuf:URL or tuf:DIR; --trust none packs without proof of origin");
}

void Packer::add_proven(const ChosenImage& image, const std::string& gun) {
  const std::size_t index = chains_.index_for(gun);
  auto& item = chains_.at(index);
  ImageOutcome outcome;
  outcome.target = find_target(image, item);
  const oci::SourceImage match = match_target(image, *outcome.target);
  outcome.record.reference = signed_name(item, *outcome.target, image.reference.tag);
  outcome.named_by_seal = item.found.dialect->tag_of(gun, outcome.target->name).empty();
  outcome.record.proof = bundle::ProofRecord{index, outcome.target->name, outcome.target->role};
  judge(outcome, gun, &item.chain);
  item.outcome.expiry = trust::judge_expiry(item.chain.lifetimes(), outcome.decision.expiry.rule, outcome_.clocks);
  const trust::ExpiryVerdict expiry = outcome.decision.expiry;
  add_contents(image, match, std::move(outcome));
  note_expired(expiry, gun);
  used_chains_.insert(index);
}

void Packer::add_unproven(const ChosenImage& image, const std::string& gun) {
  const oci::SourceImage only = match_unsigned(image);
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

tuf::ProvenTarget Packer::find_target(const ChosenImage& image, const ChainShelf::Item& item) {
  const oci::Reference& reference = image.reference;
  const auto mapped = request_.target_names.find(reference.text());
  if (mapped == request_.target_names.end() && reference.tag.empty()) return find_by_digest(item, *reference.digest);
  const bool is_mapped = mapped != request_.target_names.end();
  if (is_mapped) used_target_names_.insert(mapped->first);
  auto target =
      item.chain.find(is_mapped ? mapped->second : item.found.dialect->target_for(item.chain.gun(), reference.tag));
  if (reference.digest && !has_digest(target, *reference.digest)) {
    throw Error(ErrorCode::target_mismatch,
                "target " + target.name + " is signed with another digest than " + reference.digest->text());
  }
  return target;
}

/// A name that was meant for an image that is not there is a mistake that nobody would see.
void Packer::check_target_names() const {
  for (const auto& [image, target] : request_.target_names) {
    if (used_target_names_.contains(image)) continue;
    throw Error(ErrorCode::usage, "--target speaks of " + image + ", which is not packed with a chain");
  }
}

/// A chain without an image: judged by the roles that every proof rests on.
void Packer::add_chain(const std::string& gun) {
  try {
    base::with_context(gun, [&] {
      const std::size_t index = chains_.index_for(gun);
      auto& item = chains_.at(index);
      const auto rule = request_.policy.expiry.value_or(trust::ExpiryRule::now);
      item.outcome.expiry = trust::judge_expiry(item.chain.lifetimes(), rule, outcome_.clocks);
      const auto verdict = trust::judge_expiry(item.chain.lifetimes_for({}), rule, outcome_.clocks);
      if (!verdict.reasons.empty()) {
        throw Error(ErrorCode::expired, base::join(verdict.reasons, "; "),
                    "--expiry ignore captures it all the same and records that");
      }
      note_expired(verdict, gun);
      if (request_.target_files) add_target_files(index);
      used_chains_.insert(index);
    });
  } catch (const Error& error) {
    fail(gun, error);
  }
}

void Packer::add_target_files(std::size_t chain) {
  auto& item = chains_.at(chain);
  item.record.targets = target_files_.add(item.chain, item.found.targets);
  for (const auto& target : item.record.targets) {
    contents_.add_file({target.sha256, target.size, {}});
    item.outcome.target_bytes += target.size;
  }
  item.outcome.target_files = item.record.targets.size();
}

/// What has expired and was let pass is said under the seal.
void Packer::note_expired(const trust::ExpiryVerdict& verdict, const std::string& repository) {
  if (verdict.rule != trust::ExpiryRule::ignore) return;
  for (const auto& finding : verdict.findings) {
    if (finding.lapsed_now) statement_.checked.expired.push_back(finding.what + " of " + repository);
  }
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
}

void Packer::add_contents(const ChosenImage& image, const oci::SourceImage& match, ImageOutcome outcome) {
  if (references_.contains(outcome.record.reference)) {
    throw Error(ErrorCode::usage, outcome.record.reference + " is named twice");
  }
  blobs_.use(image);
  WalkedImage walked = contents_.add({outcome.record.reference, match.root, match.binding});
  check_platform(request_.platforms, walked);
  outcome.record.media_type = match.root.media_type;
  outcome.record.digest = match.root.digest;
  outcome.record.size = match.root.size;
  outcome.record.binding = match.binding == oci::Binding::diff_ids ? "diff-ids" : "manifest";
  outcome.record.platforms = walked.platforms;
  outcome.record.left_out = walked.left_out;
  if (!request_.without_attachments) add_attachments(image, walked, outcome.record);
  for (const auto& blob : walked.named.blobs)
    places_.try_emplace(blob.digest, Place{image.source, blob.media_type, blob.size});
  outcome.bytes = walked.bytes;
  outcome.blobs = walked.blobs;
  references_.insert(outcome.record.reference);
  walked_.push_back(std::move(walked));
  outcome_.images.push_back(std::move(outcome));
}

/// Everything that refers to the image, to its children and to what was found so: breadth first, so that subjects stand
/// before what is attached to them.
void Packer::add_attachments(const ChosenImage& image, WalkedImage& walked, bundle::ImageRecord& record) {
  for (std::size_t i = 0; i < walked.manifests.size(); ++i) {
    for (const auto& attachment : image.source->attachments(walked.manifests[i])) {
      record.attachments.push_back(attachment_record(contents_.attach(walked, attachment)));
    }
  }
}

bundle::Seal Packer::make_seal() {
  for (const auto& image : outcome_.images) statement_.images.push_back(image.record);
  collect_entries();
  return bundle::Seal::make(statement_, request_.signers);
}

std::unique_ptr<base::Source> Packer::open(std::size_t index) {
  const bundle::Entry& entry = statement_.entries[index];
  if (!entry.name.starts_with(kBlobFolder)) return std::make_unique<base::MemorySource>(made_[index]);
  return open_blob(entry.sha256);
}

std::unique_ptr<base::Source> Packer::open_blob(const digest::Digest& digest) {
  if (const auto* bytes = blobs_.kept(digest)) return std::make_unique<base::MemorySource>(*bytes);
  if (target_files_.holds(digest) && !places_.contains(digest)) return target_files_.open(digest);
  const Place& place = places_.at(digest);
  return place.source->open({place.media_type, digest, place.size, {}, {}});
}

bool Packer::is_parallel() const {
  return std::ranges::all_of(chooser_.chosen(), [](const ChosenImage& image) { return image.source->is_parallel(); });
}

void Packer::add_entry(std::string name, std::uint64_t size, digest::Digest digest, base::Bytes bytes) {
  statement_.entries.push_back({std::move(name), size, std::move(digest)});
  made_.push_back(std::move(bytes));
}

void Packer::collect_entries() {
  std::vector<oci::NamedImage> named;
  for (const auto& image : walked_) named.push_back(image.named);
  for (auto& view : make_views(named)) {
    auto digest = digest::sha256(view.bytes);
    const std::uint64_t size = view.bytes.size();
    add_entry(std::move(view.name), size, std::move(digest), std::move(view.bytes));
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
    for (auto& placed : place_chain(item.found.files, *item.found.dialect, item.chain)) {
      add_entry(item.record.folder + "/" + placed.record.file, placed.bytes->size(), digest::sha256(*placed.bytes),
                *placed.bytes);
      item.record.files.push_back(std::move(placed.record));
    }
    statement_.chains.push_back(item.record);
  }
}

void Packer::collect_blobs(const std::vector<oci::PlannedBlob>& list) {
  for (const auto& blob : list) add_entry(std::string(kBlobFolder) + blob.digest.hex(), blob.size, blob.digest, {});
}

Outcome Packer::finish(const bundle::Seal& seal) {
  note_seal(seal);
  for (auto& item : chains_.items()) outcome_.chains.push_back(item.outcome);
  return std::move(outcome_);
}

void Packer::note_seal(const bundle::Seal& seal) {
  const bundle::Statement& statement = seal.claimed();
  outcome_.bundle_id = seal.bundle_id().hex();
  outcome_.bundle_size = bundle::lay_out(statement).total;
  outcome_.entries = statement.entries.size() + 1;
  outcome_.sealed_at = statement.sealed_at;
  outcome_.tool = statement.tool;
  outcome_.packed_with = statement.checked;
  for (const auto& signature : seal.envelope().signatures) {
    const std::string& fingerprint = signature.key.fingerprint();
    const auto* known = request_.store == nullptr ? nullptr : request_.store->find_signer_by_fingerprint(fingerprint);
    outcome_.signers.push_back(
        {known != nullptr ? known->name : "", fingerprint, std::string(sign::name(signature.key.type()))});
  }
}

}  // namespace gapstow::transfer
