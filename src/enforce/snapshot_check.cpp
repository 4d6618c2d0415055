// Every record of a decision file and every order, once: what a file says as a whole. A file that is signed and yet
// wrong is a fault of whoever made it; it must not become one of the reader.
#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/base/time.h"
#include "gapstow/enforce/snapshot.h"
#include "snapshot_tables.h"

namespace gapstow::enforce {
namespace {

[[noreturn]] void refuse(const std::string& why) { refuse_snapshot(why); }

bool is_plain(base::ByteView bytes) {
  unsigned strange = 0;
  for (const std::byte each : bytes) {
    const auto value = std::to_integer<unsigned>(each);
    strange |= static_cast<unsigned>(value < 0x20) | static_cast<unsigned>(value > 0x7E);
  }
  return strange == 0;
}

/// Runs of one table, one after the other without gaps; the last one ends where the table ends.
class RunChecker {
 public:
  RunChecker(const Tables& tables, Table table) : count_(tables.count(table)) {}
  void next(RunRef run) {
    if (run.first != at_ || run.count > count_ - at_) refuse("the records of a table do not follow each other");
    at_ += run.count;
  }
  void end() const {
    if (at_ != count_) refuse("a table has records that nobody uses");
  }

 private:
  std::uint64_t at_ = 0;
  std::uint64_t count_;
};

}  // namespace

class TableChecker {
 public:
  explicit TableChecker(const Tables& tables) : tables_(tables) {}

  void run() {
    check_strings();
    check_digests(Table::sha256);
    check_digests(Table::sha512);
    check_images();
    check_holders();
    check_chains();
    check_relocations();
  }

 private:
  void check_strings() {
    const std::string_view strings = tables_.strings();
    if (is_plain(base::as_bytes(strings))) return;
    if (!base::is_utf8(strings) || base::printable(strings) != strings) {
      refuse("its texts are not in UTF-8 or do not print");
    }
  }

  void check_texts(RunRef run) const {
    for (std::uint32_t i = 0; i < run.count; ++i) tables_.text(tables_.read<TextRef>(Table::texts, run.first + i));
  }

  void check_digests(Table table) const {
    const std::size_t size = kRecordSizes[static_cast<std::size_t>(table)];
    base::check_limit(tables_.count(table), kMaxSnapshotImages + kMaxSnapshotChildren, "digests of a decision file");
    for (std::size_t i = 1; i < tables_.count(table); ++i) {
      if (std::memcmp(tables_.at(table, i - 1), tables_.at(table, i), size) >= 0) refuse("its digests are not sorted");
    }
  }

  void check_number(std::uint32_t digest) const {
    const Table table = (digest & kSha512Bit) != 0 ? Table::sha512 : Table::sha256;
    if ((digest & ~kSha512Bit) >= tables_.count(table)) refuse("a digest is out of range");
  }

  void check_children(const ImageRecord& image) const {
    for (std::uint32_t i = 0; i < image.children.count; ++i) {
      const std::uint32_t child = tables_.child(image.children.first + i);
      check_number(child);
      if (child == image.digest) refuse("an image is its own child");
      if (i > 0 && tables_.child(image.children.first + i - 1) >= child) refuse("children are not sorted");
    }
  }

  void check_image(const ImageRecord& image) const {
    for (const TextRef ref : {image.media_type, image.rule, image.role, image.bundle_id, image.lapse, image.refusal}) {
      tables_.text(ref);
    }
    check_number(image.digest);
  }

  void check_images() {
    RunChecker texts(tables_, Table::texts);
    RunChecker children(tables_, Table::children);
    std::string_view before;
    manifests_.reserve(tables_.count(Table::images));
    for (std::size_t i = 0; i < tables_.count(Table::images); ++i) {
      const ImageRecord image = tables_.image(i);
      check_image(image);
      manifests_.push_back({image.digest, image.children});
      const std::string_view origin = tables_.text(image.origin);
      if (origin <= before) refuse("its images are not sorted");
      before = origin;
      for (const RunRef run : {image.key_ids, image.signers}) {
        texts.next(run);
        check_texts(run);
      }
      children.next(image.children);
      check_children(image);
    }
    texts.end();
    children.end();
  }

  bool is_held(const Holder& holder) const {
    const Manifests& image = manifests_[holder.image];
    if (image.digest == holder.digest) return true;
    const std::size_t at = first_not_before(
        image.children.count, [&](std::size_t i) { return tables_.child(image.children.first + i) < holder.digest; });
    return at < image.children.count && tables_.child(image.children.first + at) == holder.digest;
  }

  /// As many as there are manifests of images, each another one and each true: so they are all of them.
  void check_holders() const {
    const std::size_t count = tables_.count(Table::holders);
    if (count != tables_.count(Table::images) + tables_.count(Table::children)) refuse("its holders are not complete");
    Holder before;
    for (std::size_t i = 0; i < count; ++i) {
      const Holder holder = tables_.holder(i);
      if (holder.image >= manifests_.size()) refuse("a holder is out of range");
      if (i > 0 && before >= holder) refuse("its holders are not sorted");
      before = holder;
      if (!is_held(holder)) refuse("a holder does not have the manifest");
    }
  }

  void check_chains() const {
    RunChecker runs(tables_, Table::expiries);
    std::string_view before;
    for (std::size_t i = 0; i < tables_.count(Table::chains); ++i) {
      const auto chain = tables_.read<ChainRecord>(Table::chains, i);
      if (tables_.text(chain.gun) <= before) refuse("its chains are not sorted");
      before = tables_.text(chain.gun);
      runs.next(chain.expiries);
      std::string_view last;
      for (std::uint32_t j = 0; j < chain.expiries.count; ++j) {
        const auto expiry = tables_.read<ExpiryRecord>(Table::expiries, chain.expiries.first + j);
        check_instant(expiry.until);
        if (tables_.text(expiry.role) <= last) refuse("the roles of a chain are not sorted");
        last = tables_.text(expiry.role);
      }
    }
    runs.end();
  }

  /// Form only; what they say together is for Relocations.
  void check_relocations() const {
    RunChecker runs(tables_, Table::tags);
    for (std::size_t i = 0; i < tables_.count(Table::relocations); ++i) {
      const auto relocation = tables_.read<RelocationRecord>(Table::relocations, i);
      tables_.text(relocation.from);
      tables_.text(relocation.to);
      base::check_limit(relocation.tags.count, trust::kMaxRelocatedTags, "tags of a relocation");
      runs.next(relocation.tags);
      std::string_view last;
      for (std::uint32_t j = 0; j < relocation.tags.count; ++j) {
        const auto tag = tables_.read<TagRecord>(Table::tags, relocation.tags.first + j);
        tables_.text(tag.local);
        if (tables_.text(tag.origin) <= last) refuse("the tags of a relocation are not sorted");
        last = tables_.text(tag.origin);
      }
    }
    runs.end();
  }

  /// What an image has, close together: holders ask for it in the order of digests, that is, anywhere.
  struct Manifests {
    std::uint32_t digest = 0;
    RunRef children;
  };

  const Tables& tables_;
  std::vector<Manifests> manifests_;
};

Tables Tables::check(base::ByteView body) {
  const Tables tables = open(body);
  TableChecker(tables).run();
  return tables;
}

}  // namespace gapstow::enforce
