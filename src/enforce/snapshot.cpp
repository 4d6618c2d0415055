#include "gapstow/enforce/snapshot.h"

#include <sys/mman.h>
#include <unistd.h>

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
    for (std::uint32_t j = 0; j < record.tags.count; ++j) {
      const auto tag = tables.read<TagRecord>(Table::tags, record.tags.first + j);
      rule.tags.emplace(tables.text(tag.origin), tables.text(tag.local));
    }
    rules.push_back(std::move(rule));
  }
  return Relocations(std::move(rules));
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

namespace {

/// Memory that was never touched comes page by page, with an interruption for each; that costs more than to read the
/// file. Asked for at once it costs a third. Only a hint, which older kernels do not know.
void touch_at_once(const base::Bytes& reserved) {
#ifdef MADV_POPULATE_WRITE
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto start = (reinterpret_cast<std::uintptr_t>(reserved.data()) + page - 1) / page * page;
  const auto end = (reinterpret_cast<std::uintptr_t>(reserved.data()) + reserved.capacity()) / page * page;
  if (start < end) madvise(reinterpret_cast<void*>(start), end - start, MADV_POPULATE_WRITE);
#endif
}

}  // namespace

base::Bytes read_snapshot(base::ReadFs& fs, const std::string& path) {
  const auto file = fs.open(path);
  return base::with_context(path, [&] {
    const std::uint64_t size = file->size();
    base::check_limit(size, kMaxSnapshotFile, "size of a decision file");
    base::Bytes bytes;
    bytes.reserve(size);
    touch_at_once(bytes);
    bytes.resize(size);
    std::size_t done = 0;
    while (done < bytes.size()) {
      const std::size_t got = file->read_at(done, std::span(bytes).subspan(done));
      if (got == 0) throw base::Error(base::ErrorCode::truncated, "the decision file became shorter while it was read");
      done += got;
    }
    return bytes;
  });
}

struct Snapshot::Data {
  base::Bytes bytes;
  Tables tables;
  Relocations relocations;
  std::vector<std::string> signed_by;
};

Snapshot::Snapshot(std::unique_ptr<const Data> data) : data_(std::move(data)) {}
Snapshot::~Snapshot() = default;

/// The bytes are proven, then checked, then used, and nobody else can change them in between.
std::shared_ptr<const Snapshot> Snapshot::prove(base::Bytes bytes, const std::vector<trust::Operator>& operators) {
  const SnapshotParts parts = cut_snapshot(bytes);
  auto names = prove_snapshot(parts, operators);
  Tables tables = Tables::check(parts.body);
  Relocations relocations = read_relocations(tables);
  auto data = std::make_unique<Data>(Data{std::move(bytes), tables, std::move(relocations), std::move(names)});
  return std::shared_ptr<const Snapshot>(new Snapshot(std::move(data)));
}

std::shared_ptr<const Snapshot> Snapshot::own(base::Bytes unsigned_bytes) {
  Tables tables = Tables::check(unsigned_bytes);
  Relocations relocations = read_relocations(tables);
  auto data = std::make_unique<Data>(Data{std::move(unsigned_bytes), tables, std::move(relocations), {}});
  return std::shared_ptr<const Snapshot>(new Snapshot(std::move(data)));
}

std::shared_ptr<const Snapshot> Snapshot::open(const std::string& path, const std::vector<trust::Operator>& operators) {
  base::SystemFs fs;
  base::Bytes bytes = read_snapshot(fs, path);
  return base::with_context(path, [&] { return prove(std::move(bytes), operators); });
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
    for (std::uint32_t j = 0; j < record.expiries.count; ++j) {
      const auto expiry = tables.read<ExpiryRecord>(Table::expiries, record.expiries.first + j);
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
  for (std::uint32_t i = 0; i < run.count; ++i) children.push_back(tables.digest(tables.child(run.first + i)));
  return children;
}

}  // namespace gapstow::enforce
