// Border signatures: what podman, CRI-O and cosign can check of what was proven here. The site signs, with a key of its
// own, that an origin name stands for a digest. Source: cosign's signature specification (simple signing payload under
// the tag sha256-….sig); containers-policy.json(5), sigstoreSigned.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/digest/digest.h"
#include "gapstow/serve/http.h"
#include "gapstow/sign/signer.h"

namespace gapstow::serve {

inline constexpr std::string_view kSimpleSigningType = "application/vnd.dev.cosign.simplesigning.v1+json";
inline constexpr std::string_view kCosignAnnotation = "dev.cosignproject.cosign/signature";

/// The signed statement: docker-reference is the whole origin reference with its tag, so that one tag cannot be passed
/// off as another.
std::string simple_signing_payload(const std::string& reference, const digest::Digest& manifest);

/// Makes signatures when they are asked for and keeps them while the process lives: those of P-256 differ each time.
/// Any number of threads.
class BorderSignatures {
 public:
  /// A P-256 key: Error{unsupported} for others, which the readers of these signatures do not know.
  explicit BorderSignatures(std::unique_ptr<sign::Signer> signer);

  struct Document {
    std::string media_type;
    SharedBody bytes;
  };
  /// The manifest that signs `manifest` under each of these references; layers of `carried` (a manifest of cosign's
  /// that came with the image; may be empty) stand before.
  Document signature(const digest::Digest& manifest, const std::vector<std::string>& references,
                     const SharedBody& carried);
  /// A payload or configuration that such a manifest names.
  std::optional<Document> blob(const digest::Digest& digest) const;
  /// A manifest that signature() gave.
  std::optional<Document> manifest(const digest::Digest& digest) const;

 private:
  std::unique_ptr<sign::Signer> signer_;
  mutable std::mutex mutex_;
  std::map<std::string, Document> made_;  ///< by digest and references
  std::map<digest::Digest, Document> manifests_;
  std::map<digest::Digest, Document> blobs_;
};

}  // namespace gapstow::serve
