// A TUF 1.0 repository, a client that starts with its first root, and what they say to each other.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/tuf_updates.h"
#include "support/tuf_v1_repository.h"
#include "support/tuf_verify.h"

namespace gapstow::test {

using Names = std::vector<std::string>;

struct Scene {
  Scene() : repository(TufRepository::standard()) { tuf::Updater::init(store, repository.build().roots.at(1)); }

  std::optional<base::ErrorCode> refresh() {
    return update([](tuf::Updater& updater) { updater.refresh(); });
  }
  std::optional<base::ErrorCode> find(const std::string& name) {
    return update([&](tuf::Updater& updater) { role = updater.find(name).role; });
  }
  std::uint64_t version(const std::string& name) const {
    const auto& raw = store.files.at(name);
    const auto& dialect = tuf::tuf_v1();
    if (name == "root") return dialect.parse_root(raw).body.version;
    if (name == "timestamp") return dialect.parse_timestamp(raw).body.version;
    if (name == "snapshot") return dialect.parse_snapshot(raw).body.version;
    return dialect.parse_targets(raw, name).body.version;
  }
  /// A further root by the same root key, after `change`.
  void add_root(const std::function<void(std::map<std::string, TestRole>&)>& change = {}) {
    auto roles = repository.top_roles();
    if (change) change(roles);
    const auto last = repository.roots.rbegin()->first;
    repository.add_root(last + 1, roles);
  }
  /// Gives a top role a new key and publishes a root that says so.
  void rotate(const std::string& name) {
    repository.keys.at(name) = publish_v1(TestKey::generate(TestKind::ed25519));
    const auto last = repository.roots.rbegin()->first;
    repository.add_root(last + 1, repository.top_roles());
    repository.draft(name).signers = {repository.keys.at(name)};
  }
  void set_version(const std::string& name, std::uint64_t version) {
    repository.draft(name).body.set("version", json::Value(version));
  }
  void expire(const std::string& name) {
    repository.draft(name).body.set("expires", json::Value("2026-01-01T00:00:00Z"));
  }

  template <typename Use>
  std::optional<base::ErrorCode> update(const Use& use) {
    MapFetcher fetcher(repository.served());
    for (const auto& file : gone) fetcher.files.erase(file);
    for (const auto& [file, raw] : replaced) fetcher.files[file] = raw;
    tuf::Updater updater(fetcher, store, now);
    const auto code = error_of([&] { use(updater); });
    requests = fetcher.requests;
    return code;
  }

  TufRepository repository;
  MapStore store;
  base::Time now = kWhen;
  Names gone;
  std::map<std::string, base::Bytes> replaced;
  Names requests;
  std::string role;
};

}  // namespace gapstow::test
