#include "gapstow/archive/archive_reader.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "gapstow/archive/decompress.h"
#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "tar_cursor.h"

namespace gapstow::archive {
namespace {

using base::Error;
using base::ErrorCode;

constexpr unsigned kMaxLinks = 8;
constexpr std::uint64_t kMaxKept = 256ULL << 10;      ///< manifests and configurations of a compressed archive,
constexpr std::uint64_t kMaxKeptTotal = 16ULL << 20;  ///< so that reading one does not unpack everything again

/// A stretch of a file; a file that has become shorter is noticed.
class StretchSource final : public base::Source {
 public:
  StretchSource(base::File& file, std::uint64_t offset, std::uint64_t size)
      : source_(file, offset, size), exact_(source_, size) {}
  std::size_t read(std::span<std::byte> out) override { return exact_.read(out); }

 private:
  base::FileSource source_;
  base::ExactSource exact_;
};

/// Members in order and by name.
class Listing {
 public:
  explicit Listing(const ArchiveLimits& limits) : limits_(limits) {}

  void add(TarEntry entry) {
    base::check_limit(++entries_, limits_.entries, "number of members");
    base::check_limit(entry.name.size(), limits_.name_bytes, "length of a member's name");
    base::check_limit(entry.link.size(), limits_.name_bytes, "length of a link's target");
    if (entry.kind == TarEntry::Kind::folder) return;
    if (!by_name_.emplace(entry.name, members_.size()).second) {
      throw Error(ErrorCode::malformed, "two members have the name " + base::printable(entry.name));
    }
    members_.push_back({std::move(entry.name), entry.size, std::move(entry.link), entry.position, entry.content});
  }

  const std::vector<Member>& members() const { return members_; }

  const Member* find(const std::string& name) const {
    const std::string* at = &name;
    for (unsigned i = 0; i <= kMaxLinks; ++i) {
      const auto found = by_name_.find(*at);
      if (found == by_name_.end()) return nullptr;
      const Member& member = members_[found->second];
      if (member.link.empty()) return &member;
      at = &member.link;
    }
    return nullptr;
  }

 private:
  ArchiveLimits limits_;
  std::vector<Member> members_;
  std::unordered_map<std::string, std::size_t> by_name_;
  std::size_t entries_ = 0;
};

void require_regular(const Member& member) {
  if (!member.link.empty()) throw Error(ErrorCode::internal, "a link was opened: " + base::printable(member.name));
}

class PlainReader final : public ArchiveReader {
 public:
  PlainReader(std::unique_ptr<base::File> file, const ArchiveLimits& limits) : file_(std::move(file)), list_(limits) {
    TarCursor cursor(std::make_unique<FileFeed>(*file_));
    while (auto entry = cursor.next()) list_.add(*std::move(entry));
  }

  const std::vector<Member>& members() const override { return list_.members(); }
  const Member* find(const std::string& name) const override { return list_.find(name); }
  std::unique_ptr<base::Source> open_member(const Member& member) override {
    require_regular(member);
    return std::make_unique<StretchSource>(*file_, member.content, member.size);
  }
  bool is_parallel() const override { return true; }

 private:
  std::unique_ptr<base::File> file_;
  Listing list_;
};

/// Decompresses from the start, and on from where the last stream stopped when the next member lies ahead.
class CompressedReader final : public ArchiveReader {
 public:
  CompressedReader(std::unique_ptr<base::File> file, const ArchiveLimits& limits)
      : file_(std::move(file)), list_(limits), limit_(expansion_limit(limits)) {
    TarCursor cursor(feed());
    std::uint64_t kept = 0;
    while (auto entry = cursor.next()) {
      const bool keeps =
          entry->kind == TarEntry::Kind::regular && entry->size <= kMaxKept && kept + entry->size <= kMaxKeptTotal;
      if (keeps) {
        base::Bytes bytes(entry->size);
        fill(cursor, bytes);
        kept += entry->size;
        kept_.emplace(entry->position, std::move(bytes));
      }
      list_.add(*std::move(entry));
    }
  }

  const std::vector<Member>& members() const override { return list_.members(); }
  const Member* find(const std::string& name) const override { return list_.find(name); }
  std::unique_ptr<base::Source> open_member(const Member& member) override;
  bool is_parallel() const override { return false; }

 private:
  /// A cursor that waits for the next member to be asked for.
  struct Session {
    std::unique_ptr<TarCursor> cursor;
    std::uint64_t position = 0;  ///< everything before is behind it
  };
  class MemberSource;

  static void fill(TarCursor& cursor, std::span<std::byte> out) {
    while (!out.empty()) {
      const std::size_t count = cursor.read(out);
      if (count == 0) throw Error(ErrorCode::truncated, "a member ends too early");
      out = out.subspan(count);
    }
  }

  std::uint64_t expansion_limit(const ArchiveLimits& limits) const {
    std::uint64_t limit = 0;
    if (__builtin_mul_overflow(file_->size(), limits.expansion_ratio, &limit) ||
        __builtin_add_overflow(limit, limits.expansion_base, &limit)) {
      return UINT64_MAX;
    }
    return limit;
  }

  std::unique_ptr<Feed> feed() {
    return std::make_unique<StreamFeed>(decompress(std::make_unique<base::FileSource>(*file_), limit_));
  }

  std::unique_ptr<base::File> file_;
  Listing list_;
  std::uint64_t limit_;
  std::unordered_map<std::uint64_t, base::Bytes> kept_;  ///< small members by position
  Session idle_;
};

/// Gives its cursor back to the reader when it is done.
class CompressedReader::MemberSource final : public base::Source {
 public:
  MemberSource(CompressedReader& reader, Session session, std::uint64_t size)
      : reader_(reader), session_(std::move(session)), left_(size) {}
  MemberSource(const MemberSource&) = delete;
  MemberSource& operator=(const MemberSource&) = delete;
  ~MemberSource() override {
    if (sound_) reader_.idle_ = std::move(session_);
  }

  std::size_t read(std::span<std::byte> out) override {
    if (left_ == 0) return 0;
    sound_ = false;
    const std::size_t count = session_.cursor->read(out.first(std::min<std::uint64_t>(out.size(), left_)));
    if (count == 0) throw Error(ErrorCode::truncated, "a member ends too early");
    sound_ = true;
    left_ -= count;
    return count;
  }

 private:
  CompressedReader& reader_;
  Session session_;
  std::uint64_t left_;
  bool sound_ = true;  ///< the last read went well
};

std::unique_ptr<base::Source> CompressedReader::open_member(const Member& member) {
  require_regular(member);
  if (const auto found = kept_.find(member.position); found != kept_.end()) {
    return std::make_unique<base::MemorySource>(found->second);
  }
  Session session = std::exchange(idle_, {});
  if (session.cursor == nullptr || session.position > member.position) {
    session = {std::make_unique<TarCursor>(feed()), 0};
  }
  while (auto entry = session.cursor->next()) {
    session.position = entry->content + 1;
    if (entry->position < member.position) continue;
    if (entry->position != member.position || entry->name != member.name || entry->size != member.size) break;
    return std::make_unique<MemberSource>(*this, std::move(session), member.size);
  }
  throw Error(ErrorCode::io_read, "the archive has changed while it was read");
}

}  // namespace

std::unique_ptr<ArchiveReader> ArchiveReader::open(base::ReadFs& fs, const std::string& path,
                                                   const ArchiveLimits& limits) {
  // A pipe would block, a device has no size.
  if (const auto status = fs.status(path); status && status->kind == base::FileStatus::Kind::other) {
    throw Error(ErrorCode::io_read, path + " is no regular file", "save the archive to a file first");
  }
  auto file = fs.open(path);
  return base::with_context(path, [&]() -> std::unique_ptr<ArchiveReader> {
    std::array<std::byte, kMagicBytes> magic{};
    const std::size_t count = file->read_at(0, magic);
    switch (compression_of(base::ByteView(magic).first(count))) {
      case Compression::none:
        return std::make_unique<PlainReader>(std::move(file), limits);
      case Compression::gzip:
      case Compression::zstd:
        return std::make_unique<CompressedReader>(std::move(file), limits);
      default:
        throw Error(ErrorCode::unsupported, "compressed with xz or bzip2",
                    "decompress it first: gapstow reads plain, gzip and zstd archives");
    }
  });
}

}  // namespace gapstow::archive
