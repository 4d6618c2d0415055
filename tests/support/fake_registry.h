// FakeRegistry: a registry in memory, conformant until it is told to misbehave. Source: OCI distribution
// specification 1.1.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/oci/descriptor.h"
#include "gapstow/registry/server.h"
#include "support/fake_server.h"

namespace gapstow::test {

/// As a Server it is called directly, without a connection; handle() puts it behind a FakeServer.
class FakeRegistry final : public registry::Server {
 public:
  struct Manifest {
    std::string media_type;
    std::string bytes;
  };
  struct Repository {
    std::map<std::string, std::string> blobs;   ///< by digest text
    std::map<std::string, Manifest> manifests;  ///< by digest text
    std::map<std::string, std::string> tags;    ///< digest texts
  };
  /// How it goes wrong.
  struct Faults {
    bool no_referrers_api = false;
    bool no_mounts = false;
    bool no_ranges = false;        ///< downloads always begin at the first byte
    bool forgets_uploads = false;  ///< a cut upload cannot be taken up again, as in docker-registry 2.8
    bool no_digest_header = false;
    bool no_head = false;                        ///< HEAD is 405
    bool lacks_child_check = false;              ///< keeps indexes without their children
    std::optional<std::uint64_t> download_cut;   ///< connections end after so many bytes of a body
    std::optional<std::uint64_t> upload_cut;     ///< likewise
    std::uint64_t upload_lost = 0;               ///< bytes of a cut upload that did not reach the registry
    std::uint64_t largest_request = UINT64_MAX;  ///< bodies
    int too_large = 413;                         ///< what is said to larger ones
    std::uint64_t shortest_part = 0;             ///< OCI-Chunk-Min-Length
    std::size_t page = 1000;                     ///< entries of a list in one reply
    std::uint64_t fail_call = 0;                 ///< the call of this number, from 1, gets no answer
    /// Answers instead of the registry.
    std::function<std::optional<registry::Reply>(const registry::Call&)> instead;
  };

  explicit FakeRegistry(std::string host = "registry.test") : host_(std::move(host)) {}

  Faults faults;

  registry::Reply send(const registry::Call& call) override;
  std::unique_ptr<registry::Download> download(const registry::Call& call) override;
  std::unique_ptr<registry::Upload> upload(const registry::Call& call, std::uint64_t length) override;
  const std::string& host() const override { return host_; }

  /// A handler for a FakeServer.
  FakeReply handle(const FakeRequest& request);

  Repository& at(const std::string& path) { return repositories_[path]; }
  bool has_blob(const std::string& path, const digest::Digest& digest);
  /// Puts content there, under a tag unless that is empty.
  oci::Descriptor add_manifest(const std::string& path, const std::string& tag, const std::string& bytes,
                               std::string_view media_type);
  oci::Descriptor add_blob(const std::string& path, const std::string& bytes);
  /// All tags of all repositories: "team/app:1.0".
  std::vector<std::string> tags() const;
  /// "PUT /v2/team/app/manifests/1.0", in order, without queries.
  std::vector<std::string> log() const;
  std::size_t count(const std::string& method) const;
  std::uint64_t calls() const { return calls_; }
  std::size_t open_uploads() const { return uploads_.size(); }
  void clear_log();

 private:
  class FakeDownload;
  class FakeUpload;
  struct Session {
    std::string path;
    std::string bytes;
    unsigned step = 0;
    bool lost = false;
  };
  struct Target;

  void begin_call(const registry::Call& call);
  registry::Reply answer(const registry::Call& call, const std::string& body);
  registry::Reply answer_manifest(const registry::Call& call, const Target& target, const std::string& body);
  registry::Reply put_manifest(const Target& target, const std::string& media_type, const std::string& body);
  registry::Reply answer_blob(const registry::Call& call, const Target& target);
  registry::Reply begin_upload(const Target& target);
  registry::Reply answer_upload(const registry::Call& call, const Target& target, const std::string& body);
  registry::Reply end_upload(const Target& target, Session& session);
  registry::Reply answer_tags(const Target& target);
  registry::Reply answer_referrers(const Target& target);
  std::string location(const std::string& id) const;
  bool knows_children(const Repository& repository, const std::string& bytes, const std::string& media_type) const;

  std::string host_;
  mutable std::mutex mutex_;
  std::map<std::string, Repository> repositories_;
  std::map<std::string, Session> uploads_;
  std::vector<std::string> log_;
  std::uint64_t calls_ = 0;
  unsigned next_upload_ = 0;
};

}  // namespace gapstow::test
