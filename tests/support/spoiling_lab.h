// Two publications of one repository, the second one spoiled, and readers that say what they think of it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/error.h"
#include "gapstow/tuf/chain.h"
#include "support/spoiling.h"
#include "support/tuf_updates.h"

namespace gapstow::test {

/// How a spoiled repository is read.
struct Reading {
  std::string dialect;  ///< "notary-v1", "tuf-1.0"
  std::string reader;   ///< "chain": the whole chain, its lifetimes judged; "client": an update by the TUF workflow
  std::string state;    ///< "fresh", or "known": the publication before was read
  bool operator==(const Reading&) const = default;
};

class SpoilingLab {
 public:
  /// Everything that is ever done: both dialects by chain, TUF 1.0 by client as well, each fresh and known.
  static const std::vector<Reading>& readings();
  /// "root", "timestamp", "snapshot", "targets", "delegation".
  static const std::vector<std::string>& roles();

  explicit SpoilingLab(const std::string& dialect);

  const TestRepository& before() const { return *before_; }
  const TestRepository& good() const { return *good_; }
  /// A role of roles() as the repository calls it.
  std::string role_name(const std::string& role) const;
  bool applies(const Spoiling& spoiling, const std::string& role) const;
  std::unique_ptr<TestRepository> spoiled(const Spoiling& spoiling, const std::string& role) const;

  /// What reading gives, a target that only the newer publication names included; nothing: all is good.
  std::optional<base::ErrorCode> verdict(const TestRepository& repository, const tuf::ChainFiles& files,
                                         const Reading& reading) const;
  /// What a client is left with after the last verdict by client.
  const MapStore& client_store() const { return store_; }
  const MapStore& store_before() const { return store_before_; }

 private:
  void read_chain(const tuf::ChainFiles& files, bool is_known) const;
  void update(const TestRepository& repository, bool is_known) const;

  std::unique_ptr<TestRepository> before_;
  std::unique_ptr<TestRepository> good_;
  tuf::SeenRoles seen_;
  MapStore store_new_;
  MapStore store_before_;
  mutable MapStore store_;
};

}  // namespace gapstow::test
