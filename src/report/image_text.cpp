#include "image_text.h"

#include <algorithm>
#include <map>
#include <set>

#include "deliveries.h"
#include "gapstow/base/text.h"
#include "lines.h"

namespace gapstow::report {
namespace {

using base::human_size;
using base::printable;

constexpr std::size_t kMaxKinds = 12;  ///< that are named; types are as many as their makers like
constexpr std::size_t kIndent = 12;

std::string cosign_kind(const std::string& tag) {
  if (tag.ends_with(".sig")) return "signature";
  if (tag.ends_with(".att")) return "attestation";
  return tag.ends_with(".sbom") ? "SBOM" : "attachment";
}

std::string kind_text(const bundle::AttachmentRecord& attachment, std::uint64_t count) {
  if (attachment.kind == "cosign") return counted(count, cosign_kind(attachment.tag)) + " (cosign)";
  if (attachment.artifact_type == "application/vnd.gapstow.chain.v1") return counted(count, "sealed chain");
  if (attachment.artifact_type.empty()) return counted(count, "referrer") + " without a type";
  return counted(count, "referrer") + " of type " + printable(attachment.artifact_type);
}

/// What there is of each kind, in the order in which kinds first occur.
std::vector<std::string> kinds(const std::vector<bundle::AttachmentRecord>& attachments) {
  std::vector<const bundle::AttachmentRecord*> firsts;
  std::map<std::string, std::uint64_t> counts;
  for (const auto& attachment : attachments) {
    if (++counts[kind_text(attachment, 1)] == 1) firsts.push_back(&attachment);
  }
  std::vector<std::string> out;
  for (const auto* first : firsts) {
    if (out.size() == kMaxKinds) {
      out.push_back(counted(firsts.size() - kMaxKinds, "other type"));
      break;
    }
    out.push_back(kind_text(*first, counts.at(kind_text(*first, 1))));
  }
  return out;
}

/// Attachments that the delivery does not hold were left behind on purpose.
std::size_t left_behind(const bundle::ImageRecord& image, const oci::Delivery& delivery) {
  std::set<digest::Digest> delivered;
  for (const auto& blob : delivery.blobs) delivered.insert(blob.blob.digest);
  return static_cast<std::size_t>(std::ranges::count_if(
      image.attachments, [&](const auto& attachment) { return !delivered.contains(attachment.digest); }));
}

/// What a rehearsal says that would be done with a blob that is not there.
std::string writing(const transfer::Outcome& outcome) {
  return outcome.destination.starts_with("docker://") ? "upload" : "write";
}

/// "12 blobs: 7 written (450 MB), 3 mounted, 2 already there".
std::string counts_line(const transfer::Outcome& outcome, const oci::Delivery& delivery, const Style& style) {
  const bool is_rehearsal = outcome.is_rehearsal;
  const Tally written = tally(delivery, Fate::written);
  const Tally mounted = tally(delivery, Fate::mounted);
  const Tally present = tally(delivery, Fate::present);
  std::vector<std::string> parts;
  if (written.blobs > 0) {
    parts.push_back(std::to_string(written.blobs) + (is_rehearsal ? " to " + writing(outcome) : " written") + " (" +
                    human_size(written.bytes) + ")");
  }
  if (mounted.blobs > 0) parts.push_back(std::to_string(mounted.blobs) + (is_rehearsal ? " to mount" : " mounted"));
  if (present.blobs > 0) parts.push_back(std::to_string(present.blobs) + " already there");
  return wrapped(style, counted(delivery.blobs.size(), "blob") + ":", parts);
}

/// "application/vnd.oci.image.config.v1+json" without what all of them begin with.
std::string_view short_type(std::string_view media_type) {
  constexpr std::string_view kCommon = "application/";
  return media_type.substr(media_type.starts_with(kCommon) ? kCommon.size() : 0);
}

/// What is done with each blob; a rehearsal says what would be done.
std::string blob_table(const transfer::Outcome& outcome, const oci::Delivery& delivery, const Style& style) {
  const bool is_rehearsal = outcome.is_rehearsal;
  const auto word = [&](Fate fate) -> std::string {
    if (fate == Fate::written) return is_rehearsal ? writing(outcome) : "written";
    if (fate == Fate::mounted) return is_rehearsal ? "mount" : "mounted";
    return is_rehearsal ? "skip" : "there";
  };
  std::vector<std::vector<std::string>> rows;
  for (const auto& [blob, fate] : delivery.blobs) {
    rows.push_back({word(fate), human_size(blob.size), style.verbose ? blob.digest.text() : blob.digest.short_text(),
                    style.faint(printable(short_type(blob.media_type)))});
  }
  return table(rows, kIndent + 2);
}

}  // namespace

std::string attachment_lines(const std::vector<bundle::AttachmentRecord>& attachments, std::string_view standing,
                             const Style& style) {
  if (attachments.empty()) return "";
  std::string out = wrapped(style, counted(attachments.size(), "attachment") + ", " + std::string(standing) + ":",
                            kinds(attachments));
  if (!style.verbose) return out;
  for (const auto& attachment : attachments) {
    out += line(style, "", "  " + attachment.digest.text());
    out += line(style, "",
                style.faint("    " + kind_text(attachment, 1) + " on " + attachment.subject.short_text() +
                            ", manifest of " + human_size(attachment.size)));
  }
  return out;
}

std::string delivery_lines(const transfer::Outcome& outcome, const transfer::ImageOutcome& image, const Style& style) {
  std::string out;
  if (image.delivery && image.delivery->failure) {
    const base::Error& failure = *image.delivery->failure;
    out =
        line(style, "", style.bad("not imported: ") + printable(without_name(failure.line(), image.record.reference)));
    return failure.hint().empty() ? out : out + line(style, "", style.faint(printable(failure.hint())));
  }
  if (image.imported_as.empty()) return "";
  const std::string done = outcome.is_rehearsal ? "would be imported as " : "imported as ";
  out = line(style, "", style.good(done) + printable(image.imported_as));
  if (!image.delivery) return out;
  out += counts_line(outcome, *image.delivery, style);
  if (outcome.is_rehearsal || style.verbose) out += blob_table(outcome, *image.delivery, style);
  if (const std::size_t count = left_behind(image.record, *image.delivery); count > 0) {
    out += line(style, "", style.warn(counted(count, "attachment") + " left behind"));
  }
  return out;
}

}  // namespace gapstow::report
