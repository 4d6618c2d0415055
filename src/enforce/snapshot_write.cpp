// Writing decision files: texts and digests are gathered first, so that every record has numbers only.
#include <algorithm>
#include <map>
#include <unordered_map>

#include "gapstow/base/checked.h"
#include "gapstow/base/encoding.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/enforce/snapshot.h"
#include "snapshot_tables.h"

namespace gapstow::enforce {
namespace {

using base::Error;
using base::ErrorCode;
using digest::Digest;

/// Each text once.
class Strings {
 public:
  TextRef ref(const std::string& text) {
    if (text.empty()) return {};
    base::check_limit(text.size(), kMaxSnapshotText, "text '" + base::printable(text.substr(0, 40)) + "…': length");
    if (base::printable(text) != text) {
      throw Error(ErrorCode::malformed, "'" + base::printable(text) + "' has characters that do not print");
    }
    const auto [found, is_new] = refs_.try_emplace(text, TextRef{});
    if (is_new) {
      base::check_limit(all_.size() + text.size(), kMaxSnapshotBytes, "texts of a decision file");
      found->second = {static_cast<std::uint32_t>(all_.size()), static_cast<std::uint32_t>(text.size())};
      all_ += text;
    }
    return found->second;
  }
  const std::string& all() const { return all_; }

 private:
  std::unordered_map<std::string, TextRef> refs_;
  std::string all_;
};

/// By algorithm, then by value, as the tables are sorted.
std::pair<digest::Algorithm, std::string_view> order(const Digest& digest) {
  return {digest.algorithm(), base::as_text(digest.value())};
}

/// The digests of all images, sorted, and their numbers.
class Digests {
 public:
  explicit Digests(const std::vector<const KnownImage*>& images) {
    std::size_t children = 0;
    for (const KnownImage* image : images) {
      children += image->children.size();
      base::check_limit(children, kMaxSnapshotChildren, "manifests of a decision file");
      all_.push_back(image->digest);
      all_.insert(all_.end(), image->children.begin(), image->children.end());
    }
    std::ranges::sort(all_, {}, order);
    const auto twice = std::ranges::unique(all_, {}, order);
    all_.erase(twice.begin(), twice.end());
    if (!all_.empty() && all_.front().empty()) throw Error(ErrorCode::malformed, "an image without a digest");
    const auto is_short = [](const Digest& each) { return each.algorithm() == digest::Algorithm::sha256; };
    shorts_ = static_cast<std::size_t>(std::ranges::partition_point(all_, is_short) - all_.begin());
  }

  std::uint32_t number(const Digest& digest) const {
    const auto at = static_cast<std::size_t>(std::ranges::lower_bound(all_, order(digest), {}, order) - all_.begin());
    return at < shorts_ ? static_cast<std::uint32_t>(at) : static_cast<std::uint32_t>(at - shorts_) | kSha512Bit;
  }
  std::span<const Digest> of(Table table) const {
    const std::span<const Digest> all(all_);
    return table == Table::sha256 ? all.first(shorts_) : all.subspan(shorts_);
  }

 private:
  std::vector<Digest> all_;
  std::size_t shorts_ = 0;
};

void check_origin(const KnownImage& image) {
  const oci::Reference reference = oci::parse_reference(image.origin, false);
  if (reference.tag.empty() != reference.digest.has_value() || reference.text() != image.origin) {
    throw Error(ErrorCode::malformed,
                "'" + base::printable(image.origin) + "' is not the full name of an image with a tag or a digest");
  }
}

/// Images sorted by origin, each once.
std::vector<const KnownImage*> sorted_images(const std::vector<KnownImage>& images) {
  base::check_limit(images.size(), kMaxSnapshotImages, "images of a decision file");
  std::vector<const KnownImage*> sorted;
  sorted.reserve(images.size());
  for (const auto& image : images) {
    check_origin(image);
    sorted.push_back(&image);
  }
  const auto origin = [](const KnownImage* image) -> const std::string& { return image->origin; };
  std::ranges::sort(sorted, {}, origin);
  const auto twice = std::ranges::adjacent_find(sorted, {}, origin);
  if (twice == sorted.end()) return sorted;
  const KnownImage& other = **std::next(twice);
  throw Error(ErrorCode::conflict,
              (*twice)->origin + " is " + (*twice)->digest.short_text() + " and " + other.digest.short_text(),
              "leave out the bundle that is out of date");
}

class Composer {
 public:
  explicit Composer(const SnapshotContent& content)
      : content_(content), images_(sorted_images(content.images)), digests_(images_) {
    if (content.version == 0) throw Error(ErrorCode::malformed, "decision files have versions from 1 on");
  }

  base::Bytes run() {
    add_digests(Table::sha256);
    add_digests(Table::sha512);
    for (std::size_t i = 0; i < images_.size(); ++i) add_image(static_cast<std::uint32_t>(i), *images_[i]);
    std::ranges::sort(holders_);
    for (const Holder& holder : holders_) add(Table::holders, holder);
    add_chains();
    add_relocations();
    base::append(table(Table::strings), base::as_bytes(strings_.all()));
    return put_together();
  }

 private:
  base::Bytes& table(Table which) { return tables_[static_cast<std::size_t>(which)]; }
  std::uint32_t count(Table which) {
    return static_cast<std::uint32_t>(table(which).size() / kRecordSizes[static_cast<std::size_t>(which)]);
  }
  template <typename Record>
  void add(Table which, const Record& record) {
    base::check_limit(table(which).size(), kMaxSnapshotBytes, "size of a decision file");
    FieldWriter writer(table(which));
    writer(record);
  }

  void add_digests(Table which) {
    for (const Digest& digest : digests_.of(which)) base::append(table(which), digest.value());
  }

  RunRef add_texts(const std::vector<std::string>& texts) {
    const RunRef run{count(Table::texts), static_cast<std::uint32_t>(texts.size())};
    for (const auto& text : texts) add(Table::texts, strings_.ref(text));
    return run;
  }

  RunRef add_children(std::uint32_t number, const KnownImage& image) {
    std::vector<std::uint32_t> children;
    for (const Digest& child : image.children) {
      if (child != image.digest) children.push_back(digests_.number(child));
    }
    std::ranges::sort(children);
    const auto twice = std::ranges::unique(children);
    children.erase(twice.begin(), twice.end());
    const RunRef run{count(Table::children), static_cast<std::uint32_t>(children.size())};
    for (const std::uint32_t child : children) {
      add(Table::children, child);
      holders_.push_back({child, number});
    }
    return run;
  }

  void add_image(std::uint32_t number, const KnownImage& image) {
    ImageRecord record;
    record.origin = strings_.ref(image.origin);
    record.repository_length = static_cast<std::uint32_t>(std::min(image.origin.find('@'), image.origin.rfind(':')));
    record.digest = digests_.number(image.digest);
    record.size = image.size;
    record.media_type = strings_.ref(image.media_type);
    record.rule = strings_.ref(image.rule);
    record.role = strings_.ref(image.role);
    record.bundle_id = strings_.ref(image.bundle_id);
    record.lapse = strings_.ref(image.lapse);
    record.refusal = strings_.ref(image.refusal);
    record.key_ids = add_texts(image.key_ids);
    record.signers = add_texts(image.signers);
    record.children = add_children(number, image);
    // A part of a second that is left is given up: too early fails closed.
    if (image.good_until) record.good_until = image.good_until->seconds;
    if (image.refused) record.refused = strings_.ref(std::string(base::name(*image.refused)));
    add(Table::images, record);
    holders_.push_back({record.digest, number});
  }

  void add_chains() {
    base::check_limit(content_.chains.size(), kMaxSnapshotChains, "chains of a decision file");
    std::map<std::string_view, const KnownChain*> sorted;
    for (const auto& chain : content_.chains) {
      if (!sorted.try_emplace(chain.gun, &chain).second) {
        throw Error(ErrorCode::conflict, "chain " + base::printable(chain.gun) + " is there twice");
      }
    }
    for (const auto& [gun, chain] : sorted) {
      const RunRef run{count(Table::expiries), static_cast<std::uint32_t>(chain->expires.size())};
      for (const auto& [role, until] : chain->expires) {
        add(Table::expiries, ExpiryRecord{strings_.ref(role), until.seconds});
      }
      add(Table::chains, ChainRecord{strings_.ref(chain->gun), run});
    }
  }

  void add_relocations() {
    const Relocations relocations(content_.relocations);  // refuses what contradicts itself, and sorts
    for (const auto& rule : relocations.rules()) {
      const RunRef run{count(Table::tags), static_cast<std::uint32_t>(rule.tags.size())};
      for (const auto& [origin, local] : rule.tags) {
        add(Table::tags, TagRecord{strings_.ref(origin), strings_.ref(local)});
      }
      add(Table::relocations, RelocationRecord{strings_.ref(rule.from), strings_.ref(rule.to), run});
    }
  }

  base::Bytes put_together() {
    SnapshotHeader header;
    header.magic = magic_number();
    header.version = content_.version;
    header.made_at = content_.made_at.seconds;
    header.clock_floor = content_.clock_floor.seconds;
    std::array<std::uint64_t, kTables> counts{};
    for (std::size_t i = 0; i < kTables; ++i) counts[i] = tables_[i].size() / kRecordSizes[i];
    const SnapshotLayout layout = lay_out_tables(counts);
    for (std::size_t i = 0; i < kTables; ++i) header.tables[i] = {layout.offsets[i], counts[i]};
    header.body_size = layout.end;
    base::Bytes out;
    out.reserve(layout.end);
    FieldWriter writer(out);
    writer(header);
    for (std::size_t i = 0; i < kTables; ++i) {
      out.resize(layout.offsets[i]);
      base::append(out, tables_[i]);
    }
    out.resize(layout.end);
    return out;
  }

  const SnapshotContent& content_;
  std::vector<const KnownImage*> images_;
  Digests digests_;
  Strings strings_;
  std::vector<Holder> holders_;
  std::array<base::Bytes, kTables> tables_;
};

}  // namespace

base::Bytes write_snapshot(const SnapshotContent& content) {
  base::Bytes bytes = Composer(content).run();
  Tables::check(bytes);  // nothing is written that a reader would refuse
  return bytes;
}

}  // namespace gapstow::enforce
