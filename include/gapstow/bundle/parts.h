// Parts: a bundle cut to the size of media. Each part has a header of 512 bytes of its own. Normative:
// formats/bundle.md, "Parts".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gapstow/base/cancel.h"
#include "gapstow/base/fs.h"
#include "gapstow/base/stream.h"
#include "gapstow/digest/digest.h"

namespace gapstow::bundle {

inline constexpr std::uint64_t kPartHeaderBytes = 512;
inline constexpr std::uint32_t kMaxParts = 9999;
inline constexpr std::uint64_t kMinPartBytes = 4096;  ///< header included

struct PartHeader {
  digest::Digest bundle;     ///< bundle ID (SHA-256 of the statement)
  std::uint32_t number = 1;  ///< from 1
  std::uint32_t count = 1;
  std::uint64_t offset = 0;  ///< of its content in the bundle
  std::uint64_t size = 0;    ///< of its content
  std::uint64_t total = 0;   ///< of the bundle
  digest::Digest sha256;     ///< of its content
};

/// Exactly 512 bytes: canonical JSON, spaces, a line feed.
base::Bytes write_part_header(const PartHeader& header);
/// Error{unsupported} for a newer version of parts, Error{truncated} for fewer bytes, Error{malformed} for anything
/// else that write_part_header() does not give.
PartHeader parse_part_header(base::ByteView bytes);
/// True when a file starts like a part.
bool looks_like_part(base::File& file);

/// A part on disk.
struct PartFile {
  std::string path;
  PartHeader header;
  std::shared_ptr<base::File> file;
};

/// Opens parts given in any order, checks that they belong together and are complete. Missing parts are
/// Error{truncated} naming their numbers; a part given twice or of another bundle is Error{malformed} naming the file;
/// a file shorter than its header says is Error{truncated}, a longer one Error{malformed}.
std::vector<PartFile> open_parts(base::ReadFs& fs, const std::vector<std::string>& paths);

/// The bundle's bytes from parts, front to back; each part's own digest is checked as it flows, and a damaged part is
/// named (Error{digest_mismatch}, or Error{truncated} / Error{malformed} when the file's size is wrong). At the end the
/// bundle ID in the headers is compared with that of the seal that flowed by.
class PartsSource final : public base::Source {
 public:
  /// Parts as open_parts() gives them.
  explicit PartsSource(std::vector<PartFile> parts);
  ~PartsSource() override;
  std::size_t read(std::span<std::byte> out) override;
  /// For readers that found the bundle wrong in the middle of a part: reads that part to its end and throws when it is
  /// damaged, or what read() has thrown before. read_stream() does this by itself.
  void name_damaged_part(const base::CancelToken* cancel);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Cuts a bundle into files "<prefix>.part0001-of-0003.gapstow"; each at most `part_bytes` long, header included.
/// All appear together or none does; names that are taken are Error{conflict}. The bundle's seal is read and its length
/// compared with what the seal claims; nothing is proven. The paths, in order.
std::vector<std::string> split(base::WriteFs& fs, base::File& bundle, std::uint64_t part_bytes,
                               const std::string& prefix, const base::CancelToken& cancel);

}  // namespace gapstow::bundle
