// Reading a decision file: the verifier does so at every pull, and what costs most is memory that was never touched.
#include <sys/mman.h>

#include <cstdint>
#include <new>

#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/enforce/snapshot.h"

namespace gapstow::enforce {
namespace {

/// Older files are signed too: whoever can put one back decides what runs. Its folder is not asked, since ConfigMaps
/// are mounted into one that everybody could write, were it not mounted for reading.
void refuse_open_to_all(base::ReadFs& fs, const std::string& path) {
  constexpr std::uint32_t kOthersMayWrite = 0002;
  const auto status = fs.status(path);
  if (!status || (status->mode & kOthersMayWrite) == 0) return;
  throw base::Error(base::ErrorCode::denied, "everybody may write " + path + ", and could bring back older decisions",
                    "look who did, then run: chmod o-w " + path);
}

/// Memory in pages of 2 MiB, where the system has them: small ones come with an interruption each, which takes three
/// times as long as reading the file into them.
class Room {
 public:
  explicit Room(std::size_t size) : length_(size + kHugePage) {
    start_ = mmap(nullptr, length_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start_ == MAP_FAILED) throw std::bad_alloc();
    const auto address = reinterpret_cast<std::uintptr_t>(start_);
    const std::size_t skipped = (kHugePage - address % kHugePage) % kHugePage;
    bytes_ = {static_cast<std::byte*>(start_) + skipped, size};
    if (size >= kHugePage) madvise(bytes_.data(), length_ - skipped, MADV_HUGEPAGE);  // a hint
  }
  ~Room() { munmap(start_, length_); }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

  std::span<std::byte> bytes() const { return bytes_; }

 private:
  static constexpr std::size_t kHugePage = 2U << 20;
  std::size_t length_;
  void* start_ = nullptr;
  std::span<std::byte> bytes_;
};

}  // namespace

SnapshotBytes read_snapshot(base::ReadFs& fs, const std::string& path) {
  const auto file = fs.open(path);
  refuse_open_to_all(fs, path);
  return base::with_context(path, [&] {
    const std::uint64_t size = file->size();
    base::check_limit(size, kMaxSnapshotFile, "size of a decision file");
    const auto room = std::make_shared<const Room>(size);
    const auto bytes = room->bytes();
    std::size_t done = 0;
    while (done < bytes.size()) {
      const std::size_t got = file->read_at(done, bytes.subspan(done));
      if (got == 0) throw base::Error(base::ErrorCode::truncated, "the decision file became shorter while it was read");
      done += got;
    }
    return SnapshotBytes{room, bytes};
  });
}

}  // namespace gapstow::enforce
