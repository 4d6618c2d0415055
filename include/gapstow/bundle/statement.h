// The signed statement at the head of a bundle. Normative: formats/bundle.md; schema: formats/statement.schema.json.
// Source of the frame: in-toto Statement v1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/bytes.h"
#include "gapstow/base/time.h"
#include "gapstow/digest/digest.h"

namespace gapstow::bundle {

inline constexpr std::string_view kPayloadType = "application/vnd.in-toto+json";
inline constexpr std::string_view kStatementType = "https://in-toto.io/Statement/v1";
inline constexpr std::string_view kPredicateType = "urn:gapstow:bundle:v1";
inline constexpr std::uint64_t kMaxStatementBytes = 32ULL << 20;  ///< 100,000 entries need about 17 MiB
inline constexpr std::uint64_t kMaxSealBytes = 48ULL << 20;       ///< base64 of the former and signatures
inline constexpr std::size_t kMaxEntries = 100'000;
inline constexpr std::size_t kMaxImages = 16'384;
inline constexpr std::size_t kMaxChains = 16'384;
inline constexpr std::size_t kMaxChainFiles = 40'000;                 ///< of one chain
inline constexpr std::size_t kMaxTargetFiles = 100'000;               ///< of one chain
inline constexpr std::size_t kMaxAttachments = 10'000;                ///< of one image
inline constexpr std::size_t kMaxTextBytes = 1024;                    ///< of any name in the statement
inline constexpr std::size_t kMaxRootKeys = 1024;                     ///< of one chain's latest root
inline constexpr std::uint64_t kMaxMetadataEntryBytes = 64ULL << 20;  ///< an entry that readers hold in memory
inline constexpr std::uint64_t kMaxBundleBytes = 1ULL << 60;          ///< every position fits into a file offset

/// An entry of the archive behind the seal, in order.
struct Entry {
  std::string name;
  std::uint64_t size = 0;
  digest::Digest sha256;
  bool operator==(const Entry&) const = default;
};

/// What proves an image: a target of a chain. Absent for images packed with `--trust none`.
struct ProofRecord {
  std::size_t chain = 0;  ///< index into Statement::chains
  std::string target;     ///< "1.1"
  std::string role;       ///< "targets/releases"
  bool operator==(const ProofRecord&) const = default;
};

/// An artifact that belongs to an image: a signature, an SBOM, an attestation. Carried, not verified.
struct AttachmentRecord {
  std::string kind;        ///< "referrer" or "cosign"
  digest::Digest subject;  ///< a manifest of the image, or of an attachment before this one
  std::string media_type;  ///< of its manifest or index
  digest::Digest digest;
  std::uint64_t size = 0;
  std::string artifact_type;  ///< of a referrer; may be empty
  std::string tag;            ///< of cosign: "sha256-….sig"
  bool operator==(const AttachmentRecord&) const = default;
};

struct ImageRecord {
  std::string reference;   ///< origin reference, "localhost:5000/lab/app:1.1"
  std::string media_type;  ///< of the signed manifest or index
  digest::Digest digest;
  std::uint64_t size = 0;
  std::string binding;                   ///< "manifest" or "diff-ids"
  std::vector<std::string> platforms;    ///< present, sorted: "linux/amd64"
  std::vector<digest::Digest> left_out;  ///< children of the index that a platform filter left out, sorted
  std::optional<ProofRecord> proof;
  std::vector<AttachmentRecord> attachments;
  bool operator==(const ImageRecord&) const = default;
};

struct ChainFile {
  std::string file;  ///< below the chain's folder: "1.root.json", "targets/releases.json"
  std::string role;  ///< "root", "timestamp", "snapshot", "targets", "targets/releases"
  std::uint64_t version = 0;
  bool operator==(const ChainFile&) const = default;
};

/// A file that a chain signs as a target and that travels with it.
struct TargetFileRecord {
  std::string name;       ///< of the target: "trusted_root.json", "app/1.0.bin"
  digest::Digest sha256;  ///< names a blob
  std::uint64_t size = 0;
  bool operator==(const TargetFileRecord&) const = default;
};

struct ChainRecord {
  std::string folder;   ///< "gapstow/trust/0000"
  std::string dialect;  ///< "notary-v1", "tuf-1.0"
  std::string gun;
  std::string source;      ///< kind of source, without path or credentials: "docker", "dir", "notary", "tuf"
  std::string pin;         ///< by which pin the sealer proved it, in words
  bool first_use = false;  ///< --tofu
  std::vector<std::string> root_key_ids;  ///< canonical key IDs of the latest root, sorted
  std::vector<ChainFile> files;           ///< in the order of their entries
  std::vector<TargetFileRecord> targets;  ///< that travel with it, sorted by name
  bool operator==(const ChainRecord&) const = default;
};

/// What was checked when packing.
struct CheckRecord {
  std::string expiry_rule;           ///< "now", "sealed", "ignore"
  base::Time checked_at;             ///< the clock by which expiry was judged
  std::vector<std::string> expired;  ///< "timestamp of localhost:5000/lab/app", when ignored
  bool operator==(const CheckRecord&) const = default;
};

struct Statement {
  std::uint64_t seal_size = 0;  ///< bytes of the seal entry, padding included
  base::Time sealed_at;
  std::string tool;                  ///< "gapstow 0.1.0"
  std::vector<Entry> entries;        ///< all entries behind the seal, in order
  std::size_t metadata_entries = 0;  ///< the first so many are small: views, chains, manifests, configs
  std::vector<ImageRecord> images;   ///< may be empty where there are chains
  std::vector<ChainRecord> chains;
  CheckRecord checked;
  bool operator==(const Statement&) const = default;
};

/// The canonical payload bytes.
base::Bytes write_statement(const Statement& statement);

/// Accepts exactly what write_statement() gives. Error{unsupported} for another predicate type, version or a
/// required feature that is not known (named in the message); Error{malformed} and Error{limit_exceeded} else.
/// Also checked: entry names canonical and unique, digests of blobs equal to their names, order of entries, subjects
/// equal to images, each image's manifest among the metadata entries, references unique, proofs and chains that exist,
/// chain files and entries one to one, lists sorted where they are sets, sums of sizes that do not overflow.
Statement parse_statement(base::ByteView payload);

}  // namespace gapstow::bundle
