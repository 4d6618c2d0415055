// UploadPlaces: where uploads that were begun are found again, in this run and, by the journal, in the next one.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "gapstow/registry/upload_journal.h"

namespace gapstow::registry {

/// Safe to use from several threads.
class UploadPlaces {
 public:
  explicit UploadPlaces(UploadJournal* journal) : journal_(journal) {}
  std::optional<std::string> find(const UploadJournal::Key& key);
  void remember(const UploadJournal::Key& key, const std::string& location);
  void forget(const UploadJournal::Key& key);

 private:
  using Name = std::pair<std::string, digest::Digest>;  ///< one registry only: repository and blob

  UploadJournal* journal_;
  std::mutex mutex_;
  std::map<Name, std::string> places_;
};

}  // namespace gapstow::registry
