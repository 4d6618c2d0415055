#include "tar_cursor.h"

#include <archive_entry.h>

#include <algorithm>
#include <cstring>

#include "gapstow/archive/ustar.h"
#include "gapstow/base/checked.h"
#include "gapstow/base/text.h"
#include "tar_headers.h"

namespace gapstow::archive {
namespace {

using base::Error;
using base::ErrorCode;

/// Real writers pad an archive to 10 KiB, or to a tape block of at most 1 MiB.
constexpr std::uint64_t kMaxTail = 2ULL << 20;

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::malformed, why); }

std::uint64_t header_position(::archive& handle) {
  return static_cast<std::uint64_t>(std::max<la_int64_t>(archive_read_header_position(&handle), 0));
}

std::uint64_t size_of(::archive_entry& entry, const std::string& name) {
  const la_int64_t size = archive_entry_size(&entry);
  if (archive_entry_size_is_set(&entry) == 0) return 0;
  if (size < 0) refuse("member " + base::printable(name) + " has a negative size");
  base::check_limit(static_cast<std::uint64_t>(size), kMaxEntrySize, "size of member " + base::printable(name));
  return static_cast<std::uint64_t>(size);
}

/// Fills in kind and link.
void take_kind(::archive_entry& entry, TarEntry& out) {
  const std::string shown = base::printable(out.name);
  if (const char* target = archive_entry_hardlink(&entry); target != nullptr) {
    out.kind = TarEntry::Kind::link;
    out.link = normal_name(target);
    if (out.link.empty()) refuse("link to a folder: " + shown);
    return;
  }
  switch (archive_entry_filetype(&entry)) {
    case AE_IFREG:
      out.kind = TarEntry::Kind::regular;
      return;
    case AE_IFDIR:
      out.kind = TarEntry::Kind::folder;
      return;
    case AE_IFLNK: {
      const char* target = archive_entry_symlink(&entry);
      if (target == nullptr || *target == '\0') refuse("link without a target: " + shown);
      out.kind = TarEntry::Kind::link;
      out.link = resolve_link(out.name, target);
      return;
    }
    default:
      refuse("member " + shown + " is neither file, folder nor link");
  }
}

}  // namespace

TarCursor::TarCursor(std::unique_ptr<Feed> feed) : feed_(std::move(feed)), handle_(new_reader()) {
  if (archive_read_support_format_tar(handle_.get()) != ARCHIVE_OK) {
    throw Error(ErrorCode::internal, "this libarchive reads no tar");
  }
  open_reader(*handle_, *feed_);
}

std::optional<TarEntry> TarCursor::next() {
  ::archive_entry* entry = nullptr;
  const int result = archive_read_next_header(handle_.get(), &entry);
  const std::uint64_t position = header_position(*handle_);
  if (result == ARCHIVE_EOF) {
    check_end(position);
    return std::nullopt;
  }
  if (result != ARCHIVE_OK) throw_failure(*handle_, *feed_);
  check_place(position);
  check_extensions(*feed_, position);
  TarEntry out = take_entry(*entry);
  out.position = position;
  out.content = static_cast<std::uint64_t>(archive_filter_bytes(handle_.get(), -1));
  entry_end_ = base::checked_add(out.content, out.size + padding_of(out.size));
  block_ = {};
  left_ = out.size;
  offset_ = 0;
  return out;
}

TarEntry TarCursor::take_entry(::archive_entry& entry) {
  TarEntry out;
  const char* name = archive_entry_pathname(&entry);
  if (name == nullptr) refuse("a member's name cannot be read");
  out.name = normal_name(name);
  take_kind(entry, out);
  if (out.name.empty() && out.kind != TarEntry::Kind::folder) refuse("a member has no name");
  out.size = size_of(entry, out.name);
  if (out.kind != TarEntry::Kind::regular && out.size != 0) {
    refuse("member " + base::printable(out.name) + " is no file and has content");
  }
  if (archive_entry_sparse_count(&entry) > 0) refuse("sparse files are refused: " + base::printable(out.name));
  return out;
}

/// libarchive and the plain rule of tar (header, content, padding) must agree on where each entry stands.
void TarCursor::check_place(std::uint64_t position) const {
  if (position != entry_end_) {
    refuse("a member's size does not lead to the next header: byte " + std::to_string(entry_end_) + ", not " +
           std::to_string(position));
  }
}

void TarCursor::check_end(std::uint64_t position) {
  // An archive that ends within the last content's padding gives a position behind the stream.
  while (!feed_->next().empty()) {
    if (feed_->position() > position && feed_->position() - position > kMaxTail) {
      refuse("more than " + std::to_string(kMaxTail) + " bytes follow the end of the archive");
    }
  }
  if (feed_->position() < entry_end_ || feed_->position() - entry_end_ < kTrailerBytes) {
    throw Error(ErrorCode::truncated, "the end-of-archive blocks are missing");
  }
  check_place(position);
  if (feed_->last_content() > position) refuse("data behind the end of the archive");
}

std::size_t TarCursor::read(std::span<std::byte> out) {
  while (block_.empty()) {
    const void* data = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int result = archive_read_data_block(handle_.get(), &data, &size, &offset);
    if (result == ARCHIVE_EOF) {
      if (left_ > 0) throw Error(ErrorCode::truncated, "content ends " + std::to_string(left_) + " bytes too early");
      return 0;
    }
    if (result != ARCHIVE_OK) throw_failure(*handle_, *feed_);
    if (offset < 0 || static_cast<std::uint64_t>(offset) != offset_) refuse("sparse files are refused");
    if (size > left_) refuse("content is longer than its header says");
    block_ = {static_cast<const std::byte*>(data), size};
    offset_ += size;
    left_ -= size;
  }
  const std::size_t count = std::min(out.size(), block_.size());
  std::memcpy(out.data(), block_.data(), count);
  block_ = block_.subspan(count);
  return count;
}

}  // namespace gapstow::archive
