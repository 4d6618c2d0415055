#include "gapstow/enforce/snapshot.h"

#include <cstdint>

#include "gapstow/base/checked.h"
#include "snapshot_seal.h"
#include "snapshot_tables.h"

namespace gapstow::enforce {
namespace {

Relocations read_relocations(const Tables& tables) {
  std::vector<trust::Relocation> rules;
  for (std::size_t i = 0; i < tables.count(Table::relocations); ++i) {
    const auto record = tables.read<RelocationRecord>(Table::relocations, i);
    trust::Relocation rule{std::string(tables.text(record.from)), std::string(tables.text(record.to)), {}};
    const std::size_t first = record.tags.first;
    for (std::size_t j = 0; j < record.tags.count; ++j) {
      const auto tag = tables.read<TagRecord>(Table::tags, first + j);
      rule.tags.emplace(tables.text(tag.origin), tables.text(tag.local));
    }
    rules.push_back(std::move(rule));
  }
  return Relocations(std::move(rules));
}

SnapshotBytes in_memory(base::Bytes bytes) {
  auto keeper = std::make_shared<const base::Bytes>(std::move(bytes));
  const base::ByteView view = *keeper;
  return {std::move(keeper), view};
}

Tables tables_of(base::ByteView body, SnapshotCheck check) {
  return check == SnapshotCheck::whole ? Tables::check(body) : Tables::open(body);
}

ImageView view_of(const Tables& tables, std::size_t index) {
  const ImageRecord record = tables.image(index);
  ImageView view;
  view.origin = tables.text(record.origin);
  view.digest = tables.digest(record.digest);
  view.media_type = tables.text(record.media_type);
  view.size = record.size;
  view.rule = tables.text(record.rule);
  view.role = tables.text(record.role);
  view.key_ids = tables.texts(record.key_ids);
  view.signers = tables.texts(record.signers);
  view.bundle_id = tables.text(record.bundle_id);
  if (record.good_until != kNever) view.good_until = base::Time{record.good_until, 0};
  view.lapse = tables.text(record.lapse);
  view.refused = base::error_code_from_name(tables.text(record.refused));
  view.refusal = tables.text(record.refusal);
  return view;
}

std::string_view repository_of(const Tables& tables, std::size_t image) {
  const ImageRecord record = tables.image(image);
  return tables.text(record.origin).substr(0, record.repository_length);
}

}  // namespace

struct Snapshot::Data {
  std::shared_ptr<const void> keeper;  ///< of the bytes that the tables are views of
  Tables tables;
  Relocations relocations;
  std::vector<std::string> signed_by;
};

Snapshot::Snapshot(std::unique_ptr<const Data> data) : data_(std::move(data)) {}
Snapshot::~Snapshot() = default;

/// The bytes are proven, then checked, then used, and nobody else can change them in between.
std::shared_ptr<const Snapshot> Snapshot::prove(SnapshotBytes file, const std::vector<trust::Operator>& operators,
                                                SnapshotCheck check) {
  const SnapshotParts parts = cut_snapshot(file.bytes);
  auto names = prove_snapshot(parts, operators);
  Tables tables = tables_of(parts.body, check);
  Relocations relocations = read_relocations(tables);
  auto data = std::make_unique<Data>(Data{std::move(file.keeper), tables, std::move(relocations), std::move(names)});
  return std::shared_ptr<const Snapshot>(new Snapshot(std::move(data)));
}

std::shared_ptr<const Snapshot> Snapshot::prove(base::Bytes bytes, const std::vector<trust::Operator>& operators,
                                                SnapshotCheck check) {
  return prove(in_memory(std::move(bytes)), operators, check);
}

std::shared_ptr<const Snapshot> Snapshot::own(base::Bytes unsigned_bytes, SnapshotCheck check) {
  SnapshotBytes kept = in_memory(std::move(unsigned_bytes));
  Tables tables = tables_of(kept.bytes, check);
  Relocations relocations = read_relocations(tables);
  auto data = std::make_unique<Data>(Data{std::move(kept.keeper), tables, std::move(relocations), {}});
  return std::shared_ptr<const Snapshot>(new Snapshot(std::move(data)));
}

std::shared_ptr<const Snapshot> Snapshot::open(const std::string& path, const std::vector<trust::Operator>& operators) {
  base::SystemFs fs;
  SnapshotBytes file = read_snapshot(fs, path);
  return base::with_context(path, [&] { return prove(std::move(file), operators); });
}

std::uint64_t Snapshot::version() const { return data_->tables.header().version; }
base::Time Snapshot::made_at() const { return {data_->tables.header().made_at, 0}; }
base::Time Snapshot::clock_floor() const { return {data_->tables.header().clock_floor, 0}; }
const Relocations& Snapshot::relocations() const { return data_->relocations; }
std::size_t Snapshot::images() const { return data_->tables.count(Table::images); }
const std::vector<std::string>& Snapshot::signed_by() const { return data_->signed_by; }

std::vector<KnownChain> Snapshot::chains() const {
  const Tables& tables = data_->tables;
  std::vector<KnownChain> chains;
  for (std::size_t i = 0; i < tables.count(Table::chains); ++i) {
    const auto record = tables.read<ChainRecord>(Table::chains, i);
    KnownChain chain{std::string(tables.text(record.gun)), {}};
    const std::size_t first = record.expiries.first;
    for (std::size_t j = 0; j < record.expiries.count; ++j) {
      const auto expiry = tables.read<ExpiryRecord>(Table::expiries, first + j);
      chain.expires.emplace(tables.text(expiry.role), base::Time{expiry.until, 0});
    }
    chains.push_back(std::move(chain));
  }
  return chains;
}

std::optional<ImageView> Snapshot::find(std::string_view origin) const {
  const Tables& tables = data_->tables;
  const std::size_t at = first_not_before(images(), [&](std::size_t i) { return tables.origin(i) < origin; });
  if (at == images() || tables.origin(at) != origin) return std::nullopt;
  return view_of(tables, at);
}

std::vector<ImageView> Snapshot::find(std::string_view repository, const digest::Digest& manifest) const {
  const Tables& tables = data_->tables;
  const auto number = tables.number_of(manifest);
  if (!number) return {};
  // Holders of one digest are sorted by image, and so by origin: those of a repository stand together, first those with
  // a tag. Nothing that a name may hold comes between ':' and '@'.
  const std::string first = std::string(repository) + ":";
  std::vector<ImageView> views;
  std::size_t at = first_not_before(tables.count(Table::holders), [&](std::size_t i) {
    const Holder holder = tables.holder(i);
    return holder.digest != *number ? holder.digest < *number : tables.origin(holder.image) < first;
  });
  for (; at < tables.count(Table::holders); ++at) {
    const Holder holder = tables.holder(at);
    if (holder.digest != *number || repository_of(tables, holder.image) != repository) break;
    views.push_back(view_of(tables, holder.image));
  }
  return views;
}

ImageView Snapshot::at(std::size_t index) const {
  if (index >= images()) throw base::Error(base::ErrorCode::internal, "a decision file has no such image");
  return view_of(data_->tables, index);
}

std::vector<digest::Digest> Snapshot::children(std::size_t index) const {
  if (index >= images()) throw base::Error(base::ErrorCode::internal, "a decision file has no such image");
  const Tables& tables = data_->tables;
  const RunRef run = tables.image(index).children;
  std::vector<digest::Digest> children;
  const std::size_t first = run.first;
  for (std::size_t i = 0; i < run.count; ++i) children.push_back(tables.digest(tables.child(first + i)));
  return children;
}

}  // namespace gapstow::enforce
