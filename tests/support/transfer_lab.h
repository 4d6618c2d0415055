// A lab for transfers: registries in memory behind real HTTP on loopback, repositories that are signed on the spot, and
// everything a run is given from outside.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/registry/images.h"
#include "gapstow/registry/network.h"
#include "gapstow/transfer/chain_source.h"
#include "gapstow/transfer/copy.h"
#include "support/fake_registry.h"
#include "support/fake_server.h"
#include "support/oci_maker.h"
#include "support/temp_folder.h"
#include "support/transfer_samples.h"
#include "support/tuf_repository.h"

namespace gapstow::test {

/// A FakeRegistry behind a FakeServer.
class LabRegistry {
 public:
  LabRegistry();

  FakeRegistry& registry() { return registry_; }
  FakeRegistry* operator->() { return &registry_; }
  std::string host() const { return server_.host(); }
  /// docker://HOST/<name>
  oci::ImageLocation location(const std::string& name) const;
  /// The next so many request bodies that are longer than `after` bytes are cut there.
  void cut_uploads(unsigned count, std::uint64_t after);
  /// Requests that change something.
  std::size_t changes() const;
  std::size_t count(const std::string& line) const;
  /// Puts the image with all its blobs.
  void push(const std::string& path, const std::string& tag, const MadeImage& image);
  /// The digest text under "team/app:1.0", or "".
  std::string tag(const std::string& path, const std::string& name);

  int failure_status = 0;  ///< of the answer to Faults::fail_call; 0: the connection is cut

 private:
  FakeReply answer(const FakeRequest& request);

  FakeRegistry registry_;
  std::atomic<unsigned> cuts_{0};
  FakeReply cut_;
  FakeServer server_;
};

/// A repository that signs tags, with keys of its own.
class SignedRepository {
 public:
  explicit SignedRepository(std::string gun);
  const std::string& gun() const { return gun_; }
  const std::string& root_key() const { return keys_.at("root").id; }
  SignedRepository& sign(const std::string& tag, const std::string& manifest);
  /// Its metadata, every role but the root at this version.
  tuf::ChainFiles files(std::uint64_t version = 1, const std::string& timestamp_expires = {}) const;

 private:
  std::string gun_;
  std::map<std::string, PublishedKey> keys_;
  std::map<std::string, std::string> targets_;
};

/// An image of one layer of so many bytes that differ from place to place.
MadeImage make_large_image(const std::string& seed, std::size_t bytes);

/// Gives chains from memory, and counts how often it is asked.
class GivenChains final : public transfer::ChainSource {
 public:
  std::map<std::string, tuf::ChainFiles> chains;
  std::map<std::string, unsigned> asked;
  std::function<void(const std::string&)> before = {};

  std::optional<transfer::FoundChain> load(const std::string& gun, const Pins&) override;
  bool is_nameless() const override { return false; }
  std::string description() const override { return "given"; }
};

/// Quick retries, no files of credentials.
registry::Settings lab_settings(unsigned retries = 2);

struct Lab {
  explicit Lab(unsigned retries = 2) : network(lab_settings(retries), fs, clock, cancel) {}

  base::SystemFs fs;
  FixedClock clock{sample_time()};
  base::CancelToken cancel;
  transfer::SilentObserver observer;
  trust::TrustStore store = sample_store();
  sign::SecretKey signer = sample_key();
  TempFolder folder;
  std::shared_ptr<GivenChains> chains = std::make_shared<GivenChains>();
  std::string bundle = folder / "out.gapstow";
  std::string state_path = folder / "state.db";
  registry::Network network;
  unsigned jobs = 2;

  transfer::Surroundings around() { return {fs, clock, cancel, observer, jobs}; }
  /// Pins its root.
  void pin(const SignedRepository& repository);
  /// Takes its chain, pinned, as the one that the chain source gives.
  void serve(const SignedRepository& repository, std::uint64_t version = 1, const std::string& timestamp_expires = {});
  /// No images, no chain source: sealed by `signer` at the clock's time.
  transfer::PackRequest request();
  /// One image; with the given chains.
  transfer::PackRequest request(const oci::ImageLocation& location, const std::string& name = {});
  /// Without any chain; a rule lets it pass on import.
  transfer::PackRequest unproven(const oci::ImageLocation& location, const std::string& name = {});

  transfer::PackOutcome pack(const transfer::PackRequest& request) { return transfer::pack(request, bundle, around()); }
  transfer::Outcome verify(trust::State* state = nullptr, trust::RunPolicy policy = {});
  transfer::Outcome import(oci::ImageDestination& destination, const transfer::ImportOptions& options = {},
                           const std::string& reason = {});
  /// Into a registry; names below `prefix`.
  transfer::Outcome import(LabRegistry& to, const transfer::ImportOptions& options);
  transfer::Outcome import(LabRegistry& to) { return import(to, into(to)); }
  transfer::ImportOptions into(const LabRegistry& to, const std::string& prefix = {},
                               std::vector<transfer::RenameRule> rules = {}) const;
  std::unique_ptr<oci::ImageDestination> destination(LabRegistry& to, bool keep_going = false, unsigned restarts = 3);
  transfer::Outcome copy(const transfer::PackRequest& request, LabRegistry& to, const transfer::ImportOptions& options,
                         const std::string& reason = {});
  /// Changes the statement of `bundle` and seals it again, with the same contents.
  void forge(const std::function<void(bundle::Statement&)>& change);
  bool has_state() { return fs.status(state_path).has_value(); }
  std::vector<trust::HistoryRecord> history();
  std::vector<std::string> files() { return fs.list(folder.path()); }
};

}  // namespace gapstow::test
