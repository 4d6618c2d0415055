#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "gapstow/bundle/statement.h"
#include "gapstow/json/write.h"

namespace gapstow::bundle {
namespace {

json::Value texts(const std::vector<std::string>& items) {
  json::Array out;
  out.reserve(items.size());
  for (const std::string& item : items) out.emplace_back(item);
  return out;
}

json::Value digest_texts(const std::vector<digest::Digest>& items) {
  json::Array out;
  out.reserve(items.size());
  for (const digest::Digest& item : items) out.emplace_back(item.text());
  return out;
}

template <typename Item>
json::Value list(const std::vector<Item>& items, json::Value (*write)(const Item&)) {
  json::Array out;
  out.reserve(items.size());
  for (const Item& item : items) out.push_back(write(item));
  return out;
}

json::Value subject(const std::string& name, const digest::Digest& digest) {
  return json::Object{{"digest", json::Object{{"sha256", digest.hex()}}}, {"name", name}};
}

/// Where there is no image, the latest root of each chain stands for it.
json::Array chain_subjects(const Statement& statement) {
  std::unordered_map<std::string_view, const Entry*> entries;
  for (const Entry& entry : statement.entries) entries.emplace(entry.name, &entry);
  json::Array out;
  for (const ChainRecord& chain : statement.chains) {
    const auto root = std::ranges::find(chain.files.rbegin(), chain.files.rend(), "root", &ChainFile::role);
    if (root == chain.files.rend()) continue;
    const auto entry = entries.find(chain.folder + "/" + root->file);
    if (entry != entries.end()) out.push_back(subject(chain.gun, entry->second->sha256));
  }
  return out;
}

json::Array subjects(const Statement& statement) {
  if (statement.images.empty()) return chain_subjects(statement);
  json::Array out;
  for (const ImageRecord& image : statement.images) out.push_back(subject(image.reference, image.digest));
  return out;
}

json::Value entry_value(const Entry& entry) {
  return json::Object{{"name", entry.name}, {"sha256", entry.sha256.hex()}, {"size", entry.size}};
}

json::Value attachment_value(const AttachmentRecord& attachment) {
  json::Object out{{"digest", attachment.digest.text()},
                   {"kind", attachment.kind},
                   {"mediaType", attachment.media_type},
                   {"size", attachment.size},
                   {"subject", attachment.subject.text()}};
  if (!attachment.artifact_type.empty()) out.set("artifactType", attachment.artifact_type);
  if (!attachment.tag.empty()) out.set("tag", attachment.tag);
  return out;
}

json::Value image_value(const ImageRecord& image) {
  json::Object out{{"binding", image.binding},
                   {"digest", image.digest.text()},
                   {"mediaType", image.media_type},
                   {"leftOut", digest_texts(image.left_out)},
                   {"platforms", texts(image.platforms)},
                   {"reference", image.reference},
                   {"size", image.size}};
  if (image.proof) {
    out.set("proof", json::Object{{"chain", std::uint64_t{image.proof->chain}},
                                  {"role", image.proof->role},
                                  {"target", image.proof->target}});
  }
  if (!image.attachments.empty()) out.set("attachments", list(image.attachments, attachment_value));
  return out;
}

json::Value chain_file_value(const ChainFile& file) {
  return json::Object{{"file", file.file}, {"role", file.role}, {"version", file.version}};
}

json::Value target_file_value(const TargetFileRecord& target) {
  return json::Object{{"name", target.name}, {"sha256", target.sha256.hex()}, {"size", target.size}};
}

json::Value chain_value(const ChainRecord& chain) {
  json::Object out{{"dialect", chain.dialect},
                   {"files", list(chain.files, chain_file_value)},
                   {"firstUse", chain.first_use},
                   {"folder", chain.folder},
                   {"gun", chain.gun},
                   {"pin", chain.pin},
                   {"rootKeyIds", texts(chain.root_key_ids)},
                   {"source", chain.source}};
  if (!chain.targets.empty()) out.set("targets", list(chain.targets, target_file_value));
  return out;
}

json::Value check_value(const CheckRecord& checked) {
  return json::Object{{"checkedAt", base::format_time(checked.checked_at)},
                      {"expired", texts(checked.expired)},
                      {"expiryRule", checked.expiry_rule}};
}

}  // namespace

base::Bytes write_statement(const Statement& statement) {
  json::Object predicate{{"chains", list(statement.chains, chain_value)},
                         {"checked", check_value(statement.checked)},
                         {"entries", list(statement.entries, entry_value)},
                         {"images", list(statement.images, image_value)},
                         {"metadataEntries", std::uint64_t{statement.metadata_entries}},
                         {"requires", json::Array{}},
                         {"sealSize", statement.seal_size},
                         {"sealedAt", base::format_time(statement.sealed_at)},
                         {"tool", statement.tool},
                         {"version", 1}};
  json::Object root;
  root.set("_type", kStatementType);
  root.set("predicate", std::move(predicate));
  root.set("predicateType", kPredicateType);
  root.set("subject", subjects(statement));
  return base::to_bytes(json::serialize(root));
}

}  // namespace gapstow::bundle
