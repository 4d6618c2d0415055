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
/// Error{malformed} for anything else.
PartHeader parse_part_header(base::ByteView bytes);
/// True when a file starts like a part.
bool looks_like_part(base::File& file);

/// A part on disk.
struct PartFile {
  std::string path;
  PartHeader header;
  std::shared_ptr<base::File> file;
};

/// Opens parts given in any order, checks that they belong together and are complete. Error{chain_incomplete}-like
/// trouble is Error{truncated} naming the missing numbers; a part given twice or of another bundle is
/// Error{malformed}; both name the file.
std::vector<PartFile> open_parts(base::ReadFs& fs, const std::vector<std::string>& paths);

/// The bundle's bytes from parts, front to back; each part's own digest is checked as it flows, and a damaged part is
/// named (Error{digest_mismatch}, or Error{truncated} / Error{malformed} when the file's size is wrong).
class PartsSource final : public base::Source {
 public:
  explicit PartsSource(std::vector<PartFile> parts);
  ~PartsSource() override;
  std::size_t read(std::span<std::byte> out) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Cuts a bundle into files "<prefix>.part0001-of-0003.gapstow"; each at most `part_bytes` long, header included.
/// All appear together or none does. The paths, in order.
std::vector<std::string> split(base::WriteFs& fs, base::File& bundle, std::uint64_t part_bytes,
                               const std::string& prefix, const base::CancelToken& cancel);

}  // namespace gapstow::bundle
