// The decision file: everything that a site has proven, in one signed file that is read into memory once and searched
// where it lies. Normative: formats/snapshot.md.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gapstow/base/error.h"
#include "gapstow/base/fs.h"
#include "gapstow/base/time.h"
#include "gapstow/digest/digest.h"
#include "gapstow/enforce/relocations.h"
#include "gapstow/sign/public_key.h"
#include "gapstow/sign/signer.h"
#include "gapstow/trust/store.h"

namespace gapstow::enforce {

inline constexpr std::uint64_t kMaxSnapshotBytes = 256ULL << 20;  ///< without the signature
inline constexpr std::uint64_t kMaxSnapshotSignature = 1ULL << 20;
inline constexpr std::uint64_t kMaxSnapshotFile = kMaxSnapshotBytes + kMaxSnapshotSignature;
inline constexpr std::size_t kMaxSnapshotImages = 262'144;
inline constexpr std::size_t kMaxSnapshotChildren = 4'194'304;  ///< of all images together

/// One image that was proven, and what was decided about it.
struct KnownImage {
  std::string origin;  ///< "docker.io/library/redis:7.2"; without a tag "docker.io/library/redis@sha256:…"
  std::string media_type;
  digest::Digest digest;
  std::uint64_t size = 0;
  std::vector<digest::Digest> children;  ///< manifests below it; accepted through it alone
  std::string rule;                      ///< pattern of the trust store's rule, or "default"
  std::string role;                      ///< TUF role that vouches; empty without a chain
  std::vector<std::string> key_ids;      ///< that signed that role
  std::vector<std::string> signers;      ///< of the seal, by name
  std::string bundle_id;                 ///< hex
  std::optional<base::Time> good_until;  ///< the decision is given up at this instant
  std::string lapse;                     ///< what lapses then: "seal", "timestamp"
  /// Proven and yet refused: the code and the reason. Such an image is known in order to say why.
  std::optional<base::ErrorCode> refused;
  std::string refusal;
};

/// Lifetimes of a chain, for reports.
struct KnownChain {
  std::string gun;
  std::map<std::string, base::Time> expires;  ///< by role
};

struct SnapshotContent {
  std::uint64_t version = 1;  ///< rises; readers refuse a lower one than they have seen
  base::Time made_at;
  base::Time clock_floor;          ///< a clock earlier than this is wrong
  std::vector<KnownImage> images;  ///< any order; the same origin twice is Error{conflict}
  std::vector<KnownChain> chains;
  std::vector<trust::Relocation> relocations;
};

/// The bytes of an unsigned file; Error{limit_exceeded} and Error{malformed} for content that no reader would take.
base::Bytes write_snapshot(const SnapshotContent& content);
/// The same with a DSSE signature of each signer behind it.
base::Bytes sign_snapshot(base::ByteView unsigned_bytes, const std::vector<const sign::Signer*>& signers);

/// Bytes that stay as they are and where they are as long as `keeper` lives.
struct SnapshotBytes {
  std::shared_ptr<const void> keeper;
  base::ByteView bytes;
};

/// A copy of a signed file, unproven: for Snapshot::prove(). Error{denied} when everybody may write the file,
/// Error{limit_exceeded}, Error{not_found}, Error{io_read}.
SnapshotBytes read_snapshot(base::ReadFs& fs, const std::string& path);

/// Views into a snapshot; valid as long as it lives.
struct ImageView {
  std::string_view origin;  ///< with the tag
  digest::Digest digest;
  std::string_view media_type;
  std::uint64_t size = 0;
  std::string_view rule;
  std::string_view role;
  std::vector<std::string_view> key_ids;
  std::vector<std::string_view> signers;
  std::string_view bundle_id;
  std::optional<base::Time> good_until;
  std::string_view lapse;
  std::optional<base::ErrorCode> refused;
  std::string_view refusal;
};

/// When the tables of a file are looked through. Its bytes are proven before, all of them, in either case.
enum class SnapshotCheck {
  whole,    ///< at once: for those who go on asking, and for makers
  as_read,  ///< record by record, as they are looked at, which throw Error{malformed} then: for one question
};

/// An opened decision file. Immutable; any number of threads. Lookups take O(log n) and allocate only what they return.
class Snapshot {
 public:
  /// Reads the file and proves it: that an operator of the store with the right to do so signed it, form, bounds, order
  /// of the tables. It is not mapped: what another process writes into a mapped file would be used without proof, and
  /// one that cuts it would kill this one. Error{untrusted_key}, Error{signature_invalid}, Error{digest_mismatch},
  /// Error{malformed}, Error{truncated}, Error{limit_exceeded}, Error{unsupported} and those of read_snapshot().
  static std::shared_ptr<const Snapshot> open(const std::string& path, const std::vector<trust::Operator>& operators);
  /// From bytes that this process has made itself and nobody signed.
  static std::shared_ptr<const Snapshot> own(base::Bytes unsigned_bytes, SnapshotCheck check = SnapshotCheck::whole);
  /// As open(), from memory.
  static std::shared_ptr<const Snapshot> prove(SnapshotBytes file, const std::vector<trust::Operator>& operators,
                                               SnapshotCheck check = SnapshotCheck::whole);
  static std::shared_ptr<const Snapshot> prove(base::Bytes bytes, const std::vector<trust::Operator>& operators,
                                               SnapshotCheck check = SnapshotCheck::whole);
  ~Snapshot();

  std::uint64_t version() const;
  base::Time made_at() const;
  base::Time clock_floor() const;
  const Relocations& relocations() const;
  std::size_t images() const;
  std::vector<KnownChain> chains() const;
  const std::vector<std::string>& signed_by() const;  ///< names of operators; empty for own()

  /// The image of an origin with a tag: "docker.io/library/redis:7.2".
  std::optional<ImageView> find(std::string_view origin) const;
  /// The images of a repository that are, or have as a child, this manifest; refused ones too.
  std::vector<ImageView> find(std::string_view repository, const digest::Digest& manifest) const;
  /// All, sorted by origin.
  ImageView at(std::size_t index) const;
  std::vector<digest::Digest> children(std::size_t index) const;

 private:
  struct Data;
  explicit Snapshot(std::unique_ptr<const Data> data);
  std::unique_ptr<const Data> data_;
};

}  // namespace gapstow::enforce
