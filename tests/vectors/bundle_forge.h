// Forge: a bundle taken apart into its pieces, so that each can be spoiled by itself and the rest put together right.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gapstow/base/error.h"
#include "gapstow/sign/signer.h"
#include "support/bundle_maker.h"
#include "vectors/vector_file.h"

namespace gapstow::test {

/// A signer with a signature that was made once: for algorithms whose signatures are randomised.
class FixedSigner final : public sign::Signer {
 public:
  FixedSigner(sign::PublicKey key, base::Bytes signature) : key_(std::move(key)), signature_(std::move(signature)) {}
  const sign::PublicKey& public_key() const override { return key_; }
  base::Bytes sign(base::ByteView) const override { return signature_; }

 private:
  sign::PublicKey key_;
  base::Bytes signature_;
};

/// The bytes of one entry, framing included.
struct ForgedEntry {
  base::Bytes header;
  base::Bytes content;
  base::Bytes padding;
};

struct Forge {
  /// The default has room for the statement of small_content(), three signatures and what vectors add to the text.
  static constexpr std::uint64_t kSealSize = 6144;

  /// Pieces of a right bundle.
  explicit Forge(const BundleContent& content, std::uint64_t seal_size = kSealSize);

  /// Put together in this order; each step can be replaced.
  std::string signed_envelope(const std::vector<const sign::Signer*>& signers) const;
  base::Bytes assemble(const std::string& envelope) const;

  std::string payload;
  base::Bytes seal_header;
  std::uint64_t seal_size;
  char seal_padding = ' ';
  std::vector<ForgedEntry> entries;
  base::Bytes trailer;
};

/// Replaces `from`, which must occur, once.
void replace_once(std::string& text, const std::string& from, const std::string& to);

/// The keys of all vectors, from fixed seeds.
const sign::SecretKey& alice();
const sign::SecretKey& bob();
const sign::SecretKey& carol();

/// A vector in the making. `keys` are trusted.
struct BundleVector {
  std::string name;
  std::string expect;  ///< "ok" or a failure class
  std::string spec;    ///< section of formats/bundle.md
  std::string comment;
  base::Bytes bytes;
  std::vector<const sign::Signer*> keys = {&alice()};
  unsigned threshold = 1;
};

VectorFile to_vector_file(const BundleVector& vector);

/// What the vectors are about, in the order of the specification.
std::vector<BundleVector> container_vectors();
std::vector<BundleVector> statement_vectors();
std::vector<BundleVector> seal_vectors();
/// All of them.
std::vector<BundleVector> bundle_vectors();
/// The worked example of the specification; also the vector "ok-example".
base::Bytes example_bundle();

}  // namespace gapstow::test
