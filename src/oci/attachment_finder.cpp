#include "attachment_finder.h"

#include <algorithm>
#include <tuple>

#include "annotations.h"
#include "attachment_tags.h"
#include "catalog.h"
#include "gapstow/base/checked.h"

namespace gapstow::oci {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view kWithout = "to go on without any attachments say --without-attachments";

/// Without annotations, which may be large, and without what only the place says where it was found.
Descriptor bare(const Descriptor& at) { return {at.media_type, at.digest, at.size, {}, {}}; }

bool is_document(const Descriptor& at) { return is_image_manifest(at.media_type) || is_index(at.media_type); }

/// Failures of the document, not of the machine.
bool is_its_own_fault(const Error& error) {
  return base::exit_code(error.code()) == base::exit_code(ErrorCode::malformed) ||
         error.code() == ErrorCode::digest_mismatch || error.code() == ErrorCode::not_found;
}

Error unknown_kind(const Descriptor& at) {
  return {ErrorCode::unsupported,
          "attachment " + at.digest.text() + " is of type " + at.media_type + ", which cannot be carried",
          std::string(kWithout)};
}

auto order(const Attachment& attachment) { return std::tie(attachment.kind, attachment.root.digest, attachment.tag); }

}  // namespace

struct AttachmentFinder::Document {
  Facts facts;
  std::vector<Descriptor> children;  ///< of an index
};

/// A document to read.
struct AttachmentFinder::Step {
  Descriptor at;
  digest::Digest fallback_of;  ///< its children are attached to this
  digest::Digest wanted_by;    ///< the fallback tag's index of this subject lists it
};

/// A scan under way.
struct AttachmentFinder::Scan {
  std::set<std::pair<digest::Digest, digest::Digest>> seen;  ///< documents, and whose fallback index they are
  std::map<digest::Digest, std::vector<Attachment>> found;
  std::map<digest::Digest, Error> failures;
};

void AttachmentFinder::list(const std::vector<Descriptor>& entries) {
  for (const auto& each : entries) {
    Entry entry{bare(each), {}, {}};
    for (const auto& key : {kRefName, kContainerdName}) {
      const auto name = each.annotations.find(std::string(key));
      if (name == each.annotations.end()) continue;
      const std::string_view tag = tag_part(name->second);
      if (const auto subject = referrers_subject(tag)) entry.fallback_of = *subject;
      if (auto subject = cosign_subject(tag)) entry.cosign_tags.emplace(tag, *std::move(subject));
    }
    entries_.push_back(std::move(entry));
  }
}

std::vector<bool> AttachmentFinder::attached() {
  std::vector<Descriptor> unnamed;
  for (const auto& entry : entries_) {
    const bool named = !entry.cosign_tags.empty() || !entry.fallback_of.empty();
    if (!named && is_document(entry.at)) unnamed.push_back(entry.at);
  }
  if (!catalog_.is_parallel()) {
    std::ranges::sort(unnamed, {}, [&](const Descriptor& at) { return catalog_.position_of(at.digest); });
  }
  for (const auto& at : unnamed) look(at);
  std::vector<bool> attached;
  for (const auto& entry : entries_) {
    const auto known = known_.find(entry.at.digest);
    attached.push_back(!entry.cosign_tags.empty() || !entry.fallback_of.empty() ||
                       (known != known_.end() && !known->second.subject.empty()));
  }
  return attached;
}

void AttachmentFinder::look(const Descriptor& at) {
  if (known_.contains(at.digest)) return;
  try {
    known_.emplace(at.digest, read(at).facts);
  } catch (const Error& error) {
    if (!is_its_own_fault(error)) throw;
  }
}

AttachmentFinder::Document AttachmentFinder::read(const Descriptor& at) {
  const base::Bytes bytes = read_blob(catalog_, at, kMaxManifestBytes);
  return base::with_context(catalog_.description() + ": " + at.digest.short_text(), [&] {
    auto parsed = parse_manifest(bytes, at.media_type);
    Document document;
    document.facts.artifact_type = std::visit([](const auto& each) { return each.artifact_type; }, parsed);
    const auto subject = std::visit([](const auto& each) { return each.subject; }, parsed);
    if (subject) document.facts.subject = subject->digest;
    if (auto* index = std::get_if<Index>(&parsed)) {
      document.children = std::move(index->manifests);
    } else if (document.facts.artifact_type.empty()) {
      document.facts.artifact_type = std::get<Manifest>(parsed).config.media_type;
    }
    return document;
  });
}

std::vector<Attachment> AttachmentFinder::of(const digest::Digest& subject) {
  if (!scanned_) scan();
  if (const auto failure = failures_.find(subject); failure != failures_.end()) throw Error(failure->second);
  const auto found = found_.find(subject);
  return found == found_.end() ? std::vector<Attachment>() : found->second;
}

void AttachmentFinder::scan() {
  Scan scan;
  std::vector<Step> level = first_steps(scan);
  for (unsigned depth = 0; !level.empty(); ++depth) {
    if (depth > kMaxIndexDepth) {
      throw Error(ErrorCode::limit_exceeded, catalog_.description() + ": indexes are nested more than " +
                                                 std::to_string(kMaxIndexDepth) + " deep");
    }
    level = walk_level(std::move(level), depth, scan);
  }
  for (auto& [subject, list] : scan.found) settle(subject, list, scan);
  found_ = std::move(scan.found);
  failures_ = std::move(scan.failures);
  scanned_ = true;
}

/// What the index.json lists; cosign's tags need no reading.
std::vector<AttachmentFinder::Step> AttachmentFinder::first_steps(Scan& scan) const {
  std::vector<Step> steps;
  for (const auto& entry : entries_) {
    for (const auto& [tag, subject] : entry.cosign_tags) {
      if (!is_document(entry.at)) scan.failures.emplace(subject, unknown_kind(entry.at));
      scan.found[subject].push_back({Attachment::Kind::cosign, subject, entry.at, {}, tag});
    }
    if (is_document(entry.at)) steps.push_back({entry.at, entry.fallback_of, {}});
  }
  return steps;
}

/// Reads the documents of one level; the next one.
std::vector<AttachmentFinder::Step> AttachmentFinder::walk_level(std::vector<Step> level, unsigned depth, Scan& scan) {
  // A compressed archive is read from its start for everything that lies behind.
  if (!catalog_.is_parallel()) {
    std::ranges::sort(level, {}, [&](const Step& step) { return catalog_.position_of(step.at.digest); });
  }
  std::vector<Step> next;
  for (const auto& step : level) {
    if (!can_read(step, depth, scan) || !scan.seen.emplace(step.at.digest, step.fallback_of).second) continue;
    const Document document = recall(step.at);
    const Facts& facts = document.facts;
    if (!facts.subject.empty()) {
      scan.found[facts.subject].push_back(
          {Attachment::Kind::referrer, facts.subject, step.at, facts.artifact_type, {}});
    }
    for (const auto& child : document.children) {
      if (!is_document(child) && step.fallback_of.empty()) continue;
      next.push_back({bare(child), {}, step.fallback_of});
      base::check_limit(scan.seen.size() + next.size(), kMaxScannedDocuments,
                        catalog_.description() + ": number of manifests");
    }
  }
  return next;
}

bool AttachmentFinder::can_read(const Step& step, unsigned depth, Scan& scan) const {
  const bool there = catalog_.size_of(step.at.digest).has_value();
  if (is_document(step.at) && there) return true;
  Error failure =
      there ? unknown_kind(step.at)
            : Error(ErrorCode::not_found,
                    "manifest " + step.at.digest.text() + " is listed, but it is not there; it may belong to the image",
                    std::string(kWithout));
  if (depth == 0) throw failure.within(catalog_.description());
  if (!step.wanted_by.empty()) scan.failures.emplace(step.wanted_by, failure.within(catalog_.description()));
  return false;
}

AttachmentFinder::Document AttachmentFinder::recall(const Descriptor& at) {
  const auto known = known_.find(at.digest);
  if (known != known_.end() && is_image_manifest(at.media_type)) return {known->second, {}};
  try {
    return read(at);
  } catch (Error& error) {
    if (error.code() != ErrorCode::digest_mismatch && is_its_own_fault(error)) error.advise(std::string(kWithout));
    throw;
  }
}

/// Each once; and a tag names one manifest only.
void AttachmentFinder::settle(const digest::Digest& subject, std::vector<Attachment>& list, Scan& scan) const {
  std::ranges::sort(list, {}, order);
  const auto rest = std::ranges::unique(list, {}, order);
  list.erase(rest.begin(), rest.end());
  std::set<std::string> tags;
  for (const auto& each : list) {
    if (each.kind != Attachment::Kind::cosign || tags.insert(each.tag).second) continue;
    scan.failures.emplace(
        subject,
        Error(ErrorCode::conflict, catalog_.description() + ": two different manifests stand under the tag " + each.tag,
              "signatures of two repositories cannot be told apart; " + std::string(kWithout)));
  }
}

}  // namespace gapstow::oci
