// Catalog: the one ImageSource, over the files of a layout or docker archive; openers fill it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "attachment_finder.h"
#include "gapstow/oci/image_source.h"
#include "layout_files.h"

namespace gapstow::oci {

class Catalog final : public ImageSource {
 public:
  Catalog(std::unique_ptr<LayoutFiles> files, std::string description);

  const std::vector<SourceImage>& images() const override { return images_; }
  std::optional<SourceImage> find_tag(const std::string&) override { return std::nullopt; }
  std::optional<SourceImage> find_manifest(const digest::Digest& digest) override;
  std::vector<std::string> tags() override { return {}; }
  std::vector<Attachment> attachments(const digest::Digest& subject) override { return attachments_.of(subject); }
  std::optional<std::uint64_t> find(const Descriptor& blob) const override { return size_of(blob.digest); }
  std::unique_ptr<base::Source> open(const Descriptor& blob) override;
  bool is_parallel() const override { return files_->is_parallel(); }
  std::string description() const override { return description_; }

  /// The same as find(), whatever the descriptor says.
  std::optional<std::uint64_t> size_of(const digest::Digest& digest) const;
  /// Where its bytes begin in a compressed archive.
  std::uint64_t position_of(const digest::Digest& digest) const;
  LayoutFiles& files() { return *files_; }
  std::vector<SourceImage>& editable_images() { return images_; }
  AttachmentFinder& attachment_finder() { return attachments_; }
  /// Offers a file as a blob; what is below blobs/sha256/ is offered anyway.
  void offer_file(const digest::Digest& digest, std::string name);
  /// Offers bytes that were given from elsewhere.
  void offer_bytes(const digest::Digest& digest, base::Bytes bytes);

 private:
  using Place = std::variant<std::string, base::Bytes>;

  std::unique_ptr<LayoutFiles> files_;
  std::string description_;
  std::vector<SourceImage> images_;
  std::map<digest::Digest, Place> places_;
  AttachmentFinder attachments_{*this};
};

/// Adds a name unless it is empty or there.
void add_name(SourceImage& image, const std::string& name);

/// Error{malformed} or Error{unsupported} unless the file oci-layout says 1.0.0.
void check_layout_version(LayoutFiles& files);

/// Reads oci-layout and index.json. Error{malformed} when one is missing or damaged; Error{unsupported} for another
/// version of the layout.
void fill_from_layout(Catalog& catalog);

}  // namespace gapstow::oci
