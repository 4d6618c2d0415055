// UploadJournal: uploads that were begun and not ended, so that a second run can go on where a first one was cut.
//
// One small file for each upload in a folder, 0600: the URLs are capabilities. Losing the journal loses time, never
// content: the registry compares the digest of the whole blob at the end, whoever sent which part.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gapstow/base/fs.h"
#include "gapstow/digest/digest.h"

namespace gapstow::registry {

inline constexpr std::uint64_t kMaxJournalEntry = 16 * 1024;

class UploadJournal {
 public:
  /// The folder is made with the first entry.
  UploadJournal(base::WriteFs& fs, std::string folder) : fs_(fs), folder_(std::move(folder)) {}

  struct Key {
    std::string host;
    std::string repository;
    digest::Digest digest;
  };
  /// The URL of the upload as the registry last named it; nothing for none and for entries that make no sense.
  std::optional<std::string> find(const Key& key) const;
  /// Failures are not reported: an upload that cannot be resumed is still an upload.
  void remember(const Key& key, const std::string& location);
  void forget(const Key& key);

 private:
  base::WriteFs& fs_;
  std::string folder_;
};

}  // namespace gapstow::registry
