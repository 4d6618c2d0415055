// AttachmentFinder: which manifests of an image layout are attached to which. Layouts have no agreed way to say so;
// what counts is what the documents themselves say, and cosign's tags.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gapstow/base/error.h"
#include "gapstow/oci/attachment.h"

namespace gapstow::oci {

class Catalog;

inline constexpr std::size_t kMaxScannedDocuments = 50'000;  ///< 1,000 images of 20 platforms with attestations

/// For one thread at a time. The catalog outlives it.
class AttachmentFinder {
 public:
  explicit AttachmentFinder(Catalog& catalog) : catalog_(catalog) {}

  /// What index.json lists.
  void list(const std::vector<Descriptor>& entries);
  /// For each listed entry, whether it is an attachment: by its name, or because its document has a subject. A document
  /// that cannot be read is none here: whoever takes it for an image is told why.
  std::vector<bool> attached();
  /// Everything listed, through nested indexes, that belongs to `subject`: by kind, digest and tag. Reads all documents
  /// at the first call. Error{digest_mismatch} for a document that is not what its descriptor says, Error{not_found}
  /// for one that index.json or the subject's fallback tag lists and that is not there. What is missing in other
  /// indexes is a platform that was left out.
  std::vector<Attachment> of(const digest::Digest& subject);

 private:
  struct Entry {
    Descriptor at;                                      ///< bare: media type, digest, size
    std::map<std::string, digest::Digest> cosign_tags;  ///< and whose they are
    digest::Digest fallback_of;                         ///< empty unless it stands under a fallback tag
  };
  /// What a document says of itself.
  struct Facts {
    digest::Digest subject;  ///< empty when there is none
    std::string artifact_type;
  };
  struct Document;
  struct Step;
  struct Scan;

  void look(const Descriptor& at);
  Document read(const Descriptor& at);
  void scan();
  std::vector<Step> first_steps(Scan& scan) const;
  std::vector<Step> walk_level(std::vector<Step> level, unsigned depth, Scan& scan);
  bool can_read(const Step& step, unsigned depth, Scan& scan) const;
  Document recall(const Descriptor& at);
  void settle(const digest::Digest& subject, std::vector<Attachment>& list, Scan& scan) const;

  Catalog& catalog_;
  std::vector<Entry> entries_;
  std::map<digest::Digest, Facts> known_;  ///< of listed manifests that were read already
  bool scanned_ = false;
  std::map<digest::Digest, std::vector<Attachment>> found_;  ///< by subject
  std::map<digest::Digest, base::Error> failures_;  ///< of subjects whose attachments are known not to be there
};

}  // namespace gapstow::oci
