// A repository to update from and a store to update into, both in memory.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "gapstow/base/error.h"
#include "gapstow/tuf/updater.h"

namespace gapstow::test {

/// Serves a map of files and notes what was asked for.
class MapFetcher final : public tuf::MetadataFetcher {
 public:
  explicit MapFetcher(std::map<std::string, base::Bytes> served) : files(std::move(served)) {}
  std::optional<base::Bytes> fetch(const std::string& file, std::uint64_t limit) override {
    const std::lock_guard lock(mutex);
    requests.push_back(file);
    const auto found = files.find(file);
    if (found == files.end()) return std::nullopt;
    if (found->second.size() > limit) throw base::Error(base::ErrorCode::limit_exceeded, file + " is too long");
    return found->second;
  }
  std::map<std::string, base::Bytes> files;
  std::vector<std::string> requests;
  std::mutex mutex;
};

class MapStore final : public tuf::MetadataStore {
 public:
  std::optional<base::Bytes> read(const std::string& role) override {
    const auto found = files.find(role);
    return found == files.end() ? std::nullopt : std::optional(found->second);
  }
  void write(const std::string& role, base::ByteView raw) override { files[role] = base::to_bytes(raw); }
  void remove(const std::string& role) override { files.erase(role); }
  std::map<std::string, base::Bytes> files;
};

}  // namespace gapstow::test
