// A bundle opened where it lies: the seal, the metadata and the end are proven at once, the payload entry by entry,
// when somebody wants it. For those who serve what a bundle holds without taking it out.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gapstow/base/cancel.h"
#include "gapstow/base/fs.h"
#include "gapstow/bundle/layout.h"
#include "gapstow/bundle/parts.h"
#include "gapstow/bundle/reader.h"
#include "gapstow/bundle/seal.h"

namespace gapstow::bundle {

/// Immutable; any number of threads. Not a VerifiedBundle: that is one whose every byte was proven.
class OpenedBundle {
 public:
  /// Proves what stands before the payload through `consumer` (whose open_payload() is not called), and the trailer.
  /// Throws as read_file().
  static OpenedBundle open(std::shared_ptr<base::File> file, Consumer& consumer, const base::CancelToken* cancel);

  const Statement& statement() const { return seal_.claimed(); }
  const Seal& seal() const { return seal_; }
  const std::shared_ptr<base::File>& file() const { return file_; }
  /// Where the content of an entry begins in file().
  std::uint64_t content(std::size_t entry) const { return layout_.entries.at(entry).content; }

  /// Reads one entry, header and padding included, and compares it with the statement. Gives the file's stamp for
  /// which that holds: bytes are proven as long as the file has it. Error{digest_mismatch} and the like, naming the
  /// entry; Error{conflict} when the file was written meanwhile.
  base::FileStamp prove(std::size_t entry, const base::CancelToken* cancel) const;

 private:
  OpenedBundle(std::shared_ptr<base::File> file, Seal seal);
  std::shared_ptr<base::File> file_;
  Seal seal_;
  Layout layout_;
};

/// Parts, as open_parts() gives them, as one file for reading at positions. Their digests are not compared: whoever
/// reads proves what he reads.
std::unique_ptr<base::File> join_parts(std::vector<PartFile> parts);
/// Error{malformed} unless the parts' headers name the bundle that the seal is of.
void check_parts_identity(const std::vector<PartFile>& parts, const Seal& seal);

}  // namespace gapstow::bundle
