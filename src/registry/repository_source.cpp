#include <optional>

#include "attachment_lookup.h"
#include "gapstow/base/error.h"
#include "gapstow/oci/reference.h"
#include "gapstow/registry/images.h"
#include "gapstow/registry/repository.h"
#include "resume_policy.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;

/// One repository of a registry. Images are asked for anew each time.
class RepositorySource final : public oci::ImageSource {
 public:
  explicit RepositorySource(Repository repository) : repository_(std::move(repository)), lookup_(repository_) {}
  RepositorySource(const RepositorySource&) = delete;
  RepositorySource& operator=(const RepositorySource&) = delete;

  const std::vector<oci::SourceImage>& images() const override { return none_; }

  std::optional<oci::SourceImage> find_tag(const std::string& tag) override {
    auto root = repository_.head_manifest(tag);
    if (!root) return std::nullopt;
    return oci::SourceImage{std::move(*root), {repository_.name() + ":" + tag}};
  }

  std::optional<oci::SourceImage> find_manifest(const digest::Digest& digest) override {
    auto root = repository_.head_manifest(digest.text());
    if (!root) return std::nullopt;
    return oci::SourceImage{std::move(*root), {}};
  }

  std::vector<std::string> tags() override { return repository_.tags(); }

  std::vector<oci::Attachment> attachments(const digest::Digest& subject) override { return lookup_.find(subject); }

  std::optional<std::uint64_t> find(const oci::Descriptor& blob) const override {
    if (blob.digest.empty()) return std::nullopt;
    return blob.size;
  }

  std::unique_ptr<base::Source> open(const oci::Descriptor& blob) override {
    const bool manifest = oci::is_image_manifest(blob.media_type) || oci::is_index(blob.media_type);
    if (!manifest) return repository_.open_blob(blob);
    auto found = repository_.get_manifest(blob.digest.text());
    if (!found) {
      throw Error(ErrorCode::not_found, description() + " has no manifest " + blob.digest.short_text());
    }
    return std::make_unique<base::OwnedSource>(std::move(found->bytes));
  }

  bool is_parallel() const override { return true; }
  std::string description() const override { return "docker://" + repository_.name(); }

 private:
  Repository repository_;
  AttachmentLookup lookup_;
  std::vector<oci::SourceImage> none_;
};

}  // namespace

std::unique_ptr<oci::ImageSource> open_repository(Repository repository) {
  return std::make_unique<RepositorySource>(std::move(repository));
}

std::unique_ptr<oci::ImageSource> open_repository(Network& network, const std::string& host, const std::string& path) {
  return open_repository(Repository(network.registry(host), path, Access::pull, resume_policy(network)));
}

}  // namespace gapstow::registry
