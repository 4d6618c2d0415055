#include <algorithm>
#include <cstdio>

#include "gapstow/base/atomic_file.h"
#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/bundle/layout.h"
#include "gapstow/bundle/parts.h"
#include "gapstow/bundle/reader.h"

namespace gapstow::bundle {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::uint64_t kWritebackStep = 8ULL << 20;

/// The files of one cut: under temporary names until commit(), and gone again unless it succeeds.
class PartSet {
 public:
  explicit PartSet(base::WriteFs& fs) : fs_(fs) {}
  PartSet(const PartSet&) = delete;
  PartSet& operator=(const PartSet&) = delete;
  ~PartSet() {
    for (const std::string& path : present_) {
      try {
        fs_.remove(path);
      } catch (const Error&) {
        // What made the cut fail is already on its way up.
      }
    }
  }

  std::unique_ptr<base::File> create(const std::string& path) {
    const std::string temporary = base::temporary_name(path);
    auto file = fs_.create(temporary, 0644);
    paths_.push_back(path);
    present_.push_back(temporary);
    return file;
  }

  std::vector<std::string> commit() {
    for (std::size_t i = 0; i < paths_.size(); ++i) {
      fs_.rename(present_[i], paths_[i]);
      present_[i] = paths_[i];
    }
    fs_.sync_folder(base::parent_folder(paths_.front()));
    present_.clear();
    return paths_;
  }

 private:
  base::WriteFs& fs_;
  std::vector<std::string> paths_;
  std::vector<std::string> present_;  ///< where each is now
};

std::string part_path(const std::string& prefix, std::uint32_t number, std::uint32_t count) {
  char suffix[48];
  std::snprintf(suffix, sizeof suffix, ".part%04u-of-%04u.gapstow", number, count);
  return prefix + suffix;
}

/// Headers without digests.
std::vector<PartHeader> plan(const Seal& seal, std::uint64_t total, std::uint64_t part_bytes) {
  if (part_bytes < kMinPartBytes) {
    throw Error(ErrorCode::usage, "a part has at least " + std::to_string(kMinPartBytes) + " bytes");
  }
  const std::uint64_t content = part_bytes - kPartHeaderBytes;
  const std::uint64_t count = (total + content - 1) / content;
  if (count > kMaxParts) {
    throw Error(ErrorCode::usage, "that gives " + std::to_string(count) + " parts, the limit is 9999",
                "choose a larger part size");
  }
  std::vector<PartHeader> headers;
  for (std::uint32_t i = 0; i < count; ++i) {
    PartHeader header;
    header.bundle = seal.bundle_id();
    header.number = i + 1;
    header.count = static_cast<std::uint32_t>(count);
    header.offset = i * content;
    header.size = std::min(content, total - header.offset);
    header.total = total;
    headers.push_back(std::move(header));
  }
  return headers;
}

void write_part(base::File& bundle, PartHeader header, base::File& out, const base::CancelToken& cancel) {
  base::FileSource source(bundle, header.offset, header.size);
  base::Bytes buffer(base::kChunkSize);
  digest::Hasher hasher;
  std::uint64_t done = 0;
  std::uint64_t hinted = 0;
  while (const std::size_t count = source.read(buffer)) {
    cancel.check();
    const base::ByteView piece = base::ByteView(buffer).first(count);
    hasher.update(piece);
    out.write_at(kPartHeaderBytes + done, piece);
    done += count;
    if (done - hinted < kWritebackStep) continue;
    out.start_writeback(hinted, done - hinted);
    hinted = done;
  }
  if (done != header.size) throw Error(ErrorCode::truncated, "the bundle became shorter while it was read");
  header.sha256 = hasher.finish();
  out.write_at(0, write_part_header(header));
  out.sync();
}

Seal read_whole_seal(base::File& bundle) {
  base::FileSource source(bundle);
  Seal seal = read_seal(source);
  const std::uint64_t expected = lay_out(seal.claimed()).total;
  const std::uint64_t found = bundle.size();
  if (found < expected) {
    throw Error(ErrorCode::truncated, "ends " + std::to_string(expected - found) + " bytes too early");
  }
  if (found > expected) throw Error(ErrorCode::malformed, "bytes follow behind the end of the bundle");
  return seal;
}

}  // namespace

std::vector<std::string> split(base::WriteFs& fs, base::File& bundle, std::uint64_t part_bytes,
                               const std::string& prefix, const base::CancelToken& cancel) {
  const Seal seal = read_whole_seal(bundle);
  const std::vector<PartHeader> headers = plan(seal, lay_out(seal.claimed()).total, part_bytes);
  for (const PartHeader& header : headers) {
    const std::string path = part_path(prefix, header.number, header.count);
    if (fs.status(path))
      throw Error(ErrorCode::conflict, path + " exists already", "remove it or choose another prefix");
  }
  PartSet parts(fs);
  for (const PartHeader& header : headers) {
    const auto file = parts.create(part_path(prefix, header.number, header.count));
    write_part(bundle, header, *file, cancel);
  }
  return parts.commit();
}

}  // namespace gapstow::bundle
