#include <algorithm>

#include "gapstow/base/text.h"
#include "gapstow/bundle/layout.h"
#include "gapstow/report/text.h"
#include "image_text.h"
#include "lines.h"

namespace gapstow::report {
namespace {

using base::format_time;
using base::human_size;
using base::printable;

constexpr std::string_view kClaim = "claimed, not proven: run gapstow verify";

std::string claimed_image(const bundle::Statement& statement, const bundle::ImageRecord& image, const Style& style) {
  std::string out = line(style, "Image", printable(image.reference) + style.faint("  (claimed)"));
  out += line(style, "", image.digest.text() + ", " + printable(base::join(image.platforms, ", ")));
  if (image.binding == "diff-ids") out += line(style, "", "layers uncompressed, bound by diff_ids");
  for (const auto& child : image.left_out) out += line(style, "", "left out: " + child.text());
  out += attachment_lines(image.attachments, "claimed", style);
  if (!image.proof) return out + line(style, "", "without a chain");
  const auto& chain = statement.chains.at(image.proof->chain);
  return out + line(style, "",
                    "to be proven by role " + printable(image.proof->role) + " of " + printable(chain.gun) + ", tag " +
                        printable(image.proof->target));
}

std::string claimed_chain(const bundle::ChainRecord& chain, const Style& style) {
  std::string out = line(style, "Chain", printable(chain.gun) + style.faint("  (claimed)"));
  out += line(
      style, "",
      dialect_name(chain.dialect) + ", taken from " + printable(chain.source) + ", pinned by " + printable(chain.pin));
  if (chain.first_use) out += line(style, "", style.warn("root taken on first use"));
  for (const auto& id : chain.root_key_ids) out += line(style, "", "root key " + printable(id));
  std::vector<std::vector<std::string>> rows;
  for (const auto& file : chain.files)
    rows.push_back({printable(file.file), "version " + std::to_string(file.version)});
  out += table(rows, 12);
  std::vector<std::vector<std::string>> targets;
  for (const auto& target : chain.targets) targets.push_back({printable(target.name), human_size(target.size)});
  if (!targets.empty()) out += line(style, "", "with " + counted(targets.size(), "target file") + ":");
  return out + table(targets, 12);
}

std::string root_kind(const trust::RootEntry& root) {
  switch (root.kind) {
    case trust::RootEntry::Kind::key_id:
      return "key ID " + root.value;
    case trust::RootEntry::Kind::spki:
      return "public key SHA-256 " + root.value;
    case trust::RootEntry::Kind::ca:
      return "certificate authority";
    case trust::RootEntry::Kind::root:
      return "root file";
  }
  return "";
}

std::string rule_text(const trust::Rule& rule) {
  std::vector<std::string> parts;
  if (rule.deny) parts.push_back("denied: " + printable(*rule.deny));
  if (!rule.chain_required) parts.emplace_back("needs no chain");
  if (!rule.signers.empty()) parts.push_back("sealed by " + printable(base::join(rule.signers, ", ")));
  if (rule.threshold) parts.push_back(std::to_string(*rule.threshold) + " signers");
  if (!rule.roles.empty()) parts.push_back("roles " + printable(base::join(rule.roles, ", ")));
  if (rule.expiry) parts.push_back("expiry " + std::string(trust::name(*rule.expiry)));
  if (rule.max_age_seconds) parts.push_back("at most " + base::human_duration(*rule.max_age_seconds) + " old");
  return parts.empty() ? "as by default" : base::join(parts, "; ");
}

}  // namespace

std::string inspect_text(const bundle::Seal& seal, const std::string& name, const Style& style) {
  const bundle::Statement& statement = seal.claimed();
  std::string out = line(style, "Bundle", printable(name) + style.faint("  " + abbreviate(seal.bundle_id().hex())));
  out += line(style, "", style.warn(kClaim));
  out += line(style, "Seal",
              format_time(statement.sealed_at) + " by " + printable(statement.tool) + style.faint("  (claimed)"));
  for (const auto& signature : seal.envelope().signatures) {
    out += line(style, "",
                "signature by " + std::string(sign::name(signature.key.type())) + " " + signature.key.fingerprint() +
                    style.faint("  (claimed)"));
  }
  out +=
      line(style, "",
           std::to_string(statement.entries.size() + 1) + " entries, " + human_size(bundle::lay_out(statement).total));
  out += line(style, "",
              "packed under expiry rule " + printable(statement.checked.expiry_rule) + ", judged at " +
                  format_time(statement.checked.checked_at));
  for (const auto& expired : statement.checked.expired) {
    out += line(style, "", style.warn("expired when packed: ") + printable(expired));
  }
  if (statement.images.empty()) {
    out += line(style, "", counted(statement.chains.size(), "chain") + " and no image" + style.faint("  (claimed)"));
  }
  for (const auto& image : statement.images) out += "\n" + claimed_image(statement, image, style);
  for (const auto& chain : statement.chains) out += "\n" + claimed_chain(chain, style);
  if (!style.verbose) return out;
  std::vector<std::vector<std::string>> rows;
  for (const auto& entry : statement.entries) {
    rows.push_back({printable(entry.name), std::to_string(entry.size), entry.sha256.hex()});
  }
  return out + "\n" + line(style, "Entries", style.faint("(claimed)")) + table(rows, 2);
}

std::string history_text(const std::vector<trust::HistoryRecord>& records, const Style& style) {
  if (records.empty()) return "nothing was imported here\n";
  std::string out;
  for (const auto& record : records) {
    if (!out.empty()) out += "\n";
    out += line(style, "#" + std::to_string(record.id),
                format_time(record.when) + "  into " + printable(record.destination));
    out += line(style, "",
                "bundle " + abbreviate(record.bundle_id) + " sealed " + format_time(record.sealed_at) + " by " +
                    printable(base::join(record.signers, ", ")));
    for (const auto& image : record.images) {
      out += line(style, "", style.strong(printable(image.reference)));
      out += line(style, "", "  " + printable(image.digest));
      const std::string word = image.role.empty() ? "without a chain, on the seal's word"
                                                  : "on the word of role " + printable(image.role) + ", key " +
                                                        base::join(abbreviate(image.key_ids), ", ");
      out += line(style, "", "  " + word);
      if (image.imported_as != image.reference) out += line(style, "", "  imported as " + printable(image.imported_as));
    }
    if (!record.rollback_reason.empty()) {
      out += line(style, "", style.warn("older version allowed: ") + printable(record.rollback_reason));
    }
  }
  return out;
}

std::string store_text(const trust::TrustStore& store, const std::string& folder, const Style& style) {
  std::string out = line(style, "Store", printable(folder));
  out += line(style, "",
              std::to_string(store.threshold) + " of " + std::to_string(store.signers.size()) +
                  " signers must have sealed; their seal times " +
                  (store.signer_time ? "count as proven" : "prove nothing"));
  for (const auto& signer : store.signers) {
    out += line(style, "Signer",
                printable(signer.name) +
                    style.faint("  " + std::string(sign::name(signer.key.type())) + " " + signer.key.fingerprint()));
  }
  for (const auto& root : store.roots) {
    out += line(style, "Root", printable(root.pattern.text()) + "  " + style.faint(root_kind(root)));
  }
  for (const auto& rule : store.rules) {
    out += line(style, "Rule", printable(rule.pattern.text()) + "  " + style.faint(rule_text(rule)));
  }
  for (const auto& each : store.operators) {
    const std::string may = each.may_snapshot && each.may_break_glass ? "decision files, break-glass tokens"
                            : each.may_snapshot                       ? "decision files"
                                                                      : "break-glass tokens";
    out += line(style, "Operator",
                printable(each.name) + "  may sign " + may +
                    style.faint("  " + std::string(sign::name(each.key.type())) + " " + each.key.fingerprint()));
  }
  for (const auto& each : store.relocations) {
    std::vector<std::string> tags;
    for (const auto& [origin, local] : each.tags) tags.push_back(local + " stands for " + origin);
    out +=
        line(style, "Relocation",
             each.to + " stands for " + each.from + style.faint(tags.empty() ? "" : "  tag " + base::join(tags, ", ")));
  }
  return out;
}

}  // namespace gapstow::report
