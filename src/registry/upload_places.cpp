#include "upload_places.h"

namespace gapstow::registry {

std::optional<std::string> UploadPlaces::find(const UploadJournal::Key& key) {
  const std::lock_guard lock(mutex_);
  const auto found = places_.find({key.repository, key.digest});
  if (found != places_.end()) return found->second;
  return journal_ == nullptr ? std::nullopt : journal_->find(key);
}

void UploadPlaces::remember(const UploadJournal::Key& key, const std::string& location) {
  const std::lock_guard lock(mutex_);
  places_[{key.repository, key.digest}] = location;
  if (journal_ != nullptr) journal_->remember(key, location);
}

void UploadPlaces::forget(const UploadJournal::Key& key) {
  const std::lock_guard lock(mutex_);
  places_.erase({key.repository, key.digest});
  if (journal_ != nullptr) journal_->forget(key);
}

}  // namespace gapstow::registry
