#include <algorithm>

#include "gapstow/base/text.h"
#include "gapstow/report/text.h"
#include "image_text.h"
#include "lines.h"
#include "verdict_text.h"

namespace gapstow::report {
namespace {

using base::format_time;
using base::human_size;
using base::printable;

std::string whole_seconds(base::Time time) { return format_time({time.seconds, 0}); }

std::string who(const transfer::SignerOutcome& signer, const Style& style) {
  const std::string name = signer.name.empty() ? "a key the trust store does not know" : printable(signer.name);
  const std::string key = style.verbose ? signer.fingerprint : abbreviate(signer.fingerprint);
  return name + style.faint("  " + signer.algorithm + " " + key);
}

/// A copy may go without.
bool is_sealed(const transfer::Outcome& outcome) { return !outcome.bundle_id.empty(); }

std::string seal_section(const transfer::Outcome& outcome, const Style& style) {
  const base::Time now = outcome.clocks.checking();
  std::string out = line(
      style, "Seal",
      format_time(outcome.sealed_at) + " (" + relative(outcome.sealed_at, now) + ") by " + printable(outcome.tool));
  for (const auto& signer : outcome.signers) out += line(style, "", style.good("signed by ") + who(signer, style));
  for (const auto& signer : outcome.unknown_signers) out += line(style, "", "also signed by " + who(signer, style));
  const auto trusted = std::ranges::count_if(outcome.signers, [](const auto& signer) { return !signer.name.empty(); });
  out += line(style, "",
              std::to_string(trusted) + " trusted, " + std::to_string(outcome.threshold) + " needed; " +
                  std::to_string(outcome.entries) + " entries, " + human_size(outcome.bundle_size));
  if (!outcome.packed_with.expired.empty()) {
    out += line(style, "",
                style.warn("expired when it was packed: ") + printable(base::join(outcome.packed_with.expired, ", ")));
  }
  return out;
}

/// The last instant at which everything judged was valid.
base::Time fresh_as_of(const transfer::Outcome& outcome) {
  base::Time fresh = outcome.clocks.checking();
  for (const auto& chain : outcome.chains) {
    fresh = std::min(fresh, chain.expiry.judged_at);
    for (const auto& finding : chain.expiry.findings) fresh = std::min(fresh, finding.until);
  }
  return fresh;
}

std::string clock_section(const transfer::Outcome& outcome, const Style& style) {
  std::string out;
  const auto add = [&](const std::string& text) { out += line(style, out.empty() ? "Time" : "", text); };
  if (is_sealed(outcome)) {
    const std::string proof = outcome.clocks.sealed_is_proven ? "on the word of a trusted signer" : "unproven";
    add("sealed at   " + format_time(outcome.sealed_at) + "  " + style.faint(proof));
  }
  if (!outcome.chains.empty()) add("fresh as of " + whole_seconds(fresh_as_of(outcome)));
  const std::string source = outcome.clocks.chosen ? "chosen with --at" : "the clock of this machine";
  add("checked at  " + whole_seconds(outcome.clocks.checking()) + "  " + style.faint(source));
  return out;
}

/// A chain of one repository signs tags, one of many signs whole references, or names of any kind.
std::string target_words(const std::string& target, const std::string& reference) {
  return (reference.ends_with(":" + target) ? "tag " : "target ") + printable(target);
}

std::string proof_lines(const transfer::Outcome& outcome, const transfer::ImageOutcome& image, const Style& style) {
  if (!image.target) {
    const std::string vouching = is_sealed(outcome) ? "nothing but the seal vouches for it" : "nothing vouches for it";
    return line(style, "", style.warn("no chain: " + vouching));
  }
  const auto& chain = outcome.chains.at(image.record.proof->chain);
  const auto& target = *image.target;
  const auto keys = style.verbose ? target.signed_by : abbreviate(target.signed_by);
  std::string out = line(style, "",
                         style.good("proven by ") + "role " + printable(target.role) + ", key " +
                             base::join(keys, ", ") + ", as " + target_words(target.name, image.record.reference));
  if (image.named_by_seal) {
    out += line(style, "", style.warn("that this target is the image's is the word of who sealed, not of the chain"));
  }
  out += line(
      style, "",
      "from the pinned root: " + printable(chain.pin) + ", root version " + std::to_string(chain.first_root) + " on");
  if (!target.differing_roles.empty()) {
    out += line(style, "",
                style.warn("named with other content by ") + printable(base::join(target.differing_roles, ", ")));
  }
  return out;
}

std::string image_section(const transfer::Outcome& outcome, const transfer::ImageOutcome& image, const Style& style) {
  std::string out = line(style, "Image", style.strong(printable(image.record.reference)));
  out += line(style, "", image.record.digest.text());
  std::string facts = printable(base::join(image.record.platforms, ", "));
  if (facts.empty()) facts = "no platform";
  facts += ", " + std::to_string(image.blobs) + " blobs, " + human_size(image.bytes);
  if (!image.record.left_out.empty())
    facts += ", " + std::to_string(image.record.left_out.size()) + " of its manifests left out";
  out += line(style, "", facts);
  if (image.record.binding == "diff-ids") {
    out += line(style, "", style.warn("layers are uncompressed, bound by the configuration's diff_ids"));
  }
  out += attachment_lines(image.record.attachments, "carried and not verified", style);
  out += proof_lines(outcome, image, style);
  for (const auto& refusal : image.decision.refusals) {
    out += line(style, "", style.bad("refused: ") + printable(refusal.reason));
  }
  return out + delivery_lines(outcome, image, style);
}

std::string expiry_cell(const transfer::ChainOutcome& chain, const tuf::ProvenRole& role,
                        const transfer::Outcome& outcome, const Style& style) {
  const std::string text = whole_seconds(role.expires) + "  " + relative(role.expires, outcome.clocks.checking());
  const auto finding = std::ranges::find(chain.expiry.findings, role.name, &trust::TimeFinding::what);
  if (finding == chain.expiry.findings.end()) return text;
  if (finding->lapsed) return style.bad(text + "  expired");
  if (finding->lapsed_now) return style.warn(text + "  expired since");
  return text;
}

std::string chain_section(const transfer::ChainOutcome& chain, const transfer::Outcome& outcome, const Style& style) {
  std::string out = line(style, "Chain", style.strong(printable(chain.gun)) + "  " + dialect_name(chain.dialect));
  if (chain.first_use) out += line(style, "", style.warn("the sealer took its root on first use"));
  std::vector<std::vector<std::string>> rows{
      {style.faint("role"), style.faint("version"), style.faint("signed by"), style.faint("expires")}};
  for (const auto& role : chain.roles) {
    const auto keys = style.verbose ? role.signed_by : abbreviate(role.signed_by);
    rows.push_back({printable(role.name), std::to_string(role.version), base::join(keys, ", "),
                    expiry_cell(chain, role, outcome, style)});
  }
  out += table(rows, 12);
  for (const auto& role : chain.roles) {
    if (role.unsigned_members.empty()) continue;
    out += line(style, "",
                style.warn("not signed: ") + printable(base::join(role.unsigned_members, ", ")) + " of " +
                    printable(role.name) + " (ignored)");
  }
  for (const auto& role : chain.absent_roles) {
    out += line(style, "", style.warn("not in the chain: ") + "role " + printable(role));
  }
  if (chain.target_files > 0) {
    out += line(style, "", counted(chain.target_files, "target file") + ", " + human_size(chain.target_bytes));
  }
  if (!chain.imported_as.empty())
    out += line(style, "", "a repository for clients, in " + printable(chain.imported_as));
  for (const auto& finding : chain.expiry.findings) {
    const bool is_role = std::ranges::find(chain.roles, finding.what, &tuf::ProvenRole::name) != chain.roles.end();
    if (is_role) continue;
    const std::string text = printable(finding.what) + " is valid until " + whole_seconds(finding.until);
    out += line(style, "", finding.lapsed ? style.bad(text) : finding.lapsed_now ? style.warn(text) : text);
  }
  return out;
}

/// Clocks, images, chains and failures.
std::string contents(const transfer::Outcome& outcome, const Style& style) {
  std::string out = clock_section(outcome, style);
  for (const auto& image : outcome.images) out += "\n" + image_section(outcome, image, style);
  for (const auto& chain : outcome.chains) out += "\n" + chain_section(chain, outcome, style);
  return out + failure_section(outcome, style);
}

}  // namespace

std::string outcome_text(const transfer::Outcome& outcome, const std::string& name, const Style& style) {
  if (!is_sealed(outcome)) return copy_text(outcome, name, style);
  std::string out = line(style, "Bundle", printable(name) + style.faint("  " + abbreviate(outcome.bundle_id)));
  return out + seal_section(outcome, style) + contents(outcome, style) + "\n" +
         verdict(outcome, "everything else is proven", style);
}

std::string copy_text(const transfer::Outcome& outcome, const std::string& destination, const Style& style) {
  std::string out = line(style, "Copy", "to " + printable(destination));
  if (is_sealed(outcome)) out += seal_section(outcome, style);
  return out + contents(outcome, style) + "\n" + verdict(outcome, "nothing was copied", style);
}

std::string pack_text(const transfer::PackOutcome& packed, const Style& style) {
  const transfer::Outcome& outcome = packed.bundle;
  const std::string path = packed.path.empty() ? "standard output" : packed.path;
  std::string out = line(style, "Bundle", printable(path) + style.faint("  " + abbreviate(outcome.bundle_id)));
  out += line(style, "Seal",
              format_time(outcome.sealed_at) + ", " + std::to_string(outcome.entries) + " entries, " +
                  human_size(outcome.bundle_size));
  for (const auto& signer : outcome.signers) out += line(style, "", "signed by " + who(signer, style));
  if (outcome.images.empty()) out += line(style, "", counted(outcome.chains.size(), "chain") + " and no image");
  for (const auto& image : outcome.images) out += "\n" + image_section(outcome, image, style);
  for (const auto& chain : outcome.chains) out += "\n" + chain_section(chain, outcome, style);
  if (!outcome.packed_with.expired.empty()) {
    out += "\n" + line(style, "Note",
                       style.warn("expired, recorded in the seal: ") +
                           printable(base::join(outcome.packed_with.expired, ", ")));
  }
  return out + failure_section(outcome, style) + pack_verdict(outcome, style);
}

std::string chain_text(const transfer::ChainOutcome& chain, const std::vector<tuf::ProvenTarget>& targets,
                       const transfer::Outcome& outcome, const Style& style) {
  std::string out = chain_section(chain, outcome, style);
  out += line(style, "Pin", printable(chain.pin) + ", root version " + std::to_string(chain.first_root) + " on");
  for (const auto& target : targets) {
    out += "\n" + line(style, "Target", style.strong(printable(target.name)));
    for (const auto& hash : target.target.hashes) out += line(style, "digest", hash.text());
    out += line(style, "length", std::to_string(target.target.length));
    out += line(style, "role", printable(target.role) + ", key " + base::join(target.signed_by, ", "));
    if (!target.differing_roles.empty()) {
      out += line(style, "",
                  style.warn("named with other content by ") + printable(base::join(target.differing_roles, ", ")));
    }
  }
  return out;
}

}  // namespace gapstow::report
