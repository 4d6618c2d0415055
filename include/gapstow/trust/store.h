// The trust store: what an operator pins. One JSON file, trust.json, in a folder. Normative:
// formats/trust-store.md; schema: formats/trust-store.schema.json.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/fs.h"
#include "gapstow/sign/public_key.h"
#include "gapstow/tuf/pin.h"

namespace gapstow::trust {

inline constexpr std::string_view kStoreFile = "trust.json";
inline constexpr std::uint64_t kMaxStoreBytes = 16ULL << 20;
inline constexpr std::size_t kMaxStoreSigners = 1000;
inline constexpr std::size_t kMaxStoreRoots = 16'384;
inline constexpr std::size_t kMaxStoreRules = 16'384;
inline constexpr std::size_t kMaxStoreRoles = 1000;     ///< of one rule
inline constexpr std::size_t kMaxStoreNameBytes = 255;  ///< of a signer
inline constexpr std::size_t kMaxPatternBytes = 1024;
inline constexpr std::size_t kMaxStoreOperators = 1000;
inline constexpr std::size_t kMaxStoreRelocations = 16'384;
inline constexpr std::size_t kMaxRelocatedTags = 1000;  ///< of one relocation
inline constexpr unsigned kMaxStoreThreshold = 64;      ///< as many signatures as a seal may have

/// Exact text, or a prefix when it ends in '*'. A default-made pattern matches nothing.
class Pattern {
 public:
  /// Error{usage} for a text that is empty or longer than kMaxPatternBytes, has white space or characters that do not
  /// print, or a '*' elsewhere than at the end.
  static Pattern parse(std::string_view text);
  bool matches(std::string_view name) const;
  const std::string& text() const { return text_; }
  /// Exact beats prefix, longer prefix beats shorter.
  std::size_t specificity() const;
  bool operator==(const Pattern&) const = default;

 private:
  std::string text_;
};

struct TrustedSigner {
  std::string name;
  sign::PublicKey key;
};

/// How a root is pinned, as it stands in the file.
struct RootEntry {
  enum class Kind { key_id, spki, ca, root };
  Pattern pattern;
  Kind kind = Kind::key_id;
  std::string value;  ///< hex for key_id and spki; PEM for ca; the file's text for root
  tuf::RootPin pin() const;
};

enum class ExpiryRule { now, sealed, ignore };
std::string_view name(ExpiryRule rule);
/// Error{usage} for other words.
ExpiryRule parse_expiry_rule(std::string_view text);

/// What holds for images whose repository matches. What is not said is taken from the store's defaults.
struct Rule {
  Pattern pattern;
  bool chain_required = true;
  std::optional<std::string> deny;   ///< reason; denies whatever else holds
  std::vector<std::string> signers;  ///< names; empty: all signers of the store
  std::optional<unsigned> threshold;
  std::vector<std::string> roles;  ///< TUF roles that may prove; empty: any
  std::optional<ExpiryRule> expiry;
  std::optional<std::int64_t> max_age_seconds;
};

/// Who may speak for this site: the key signs what the far side makes itself, never what comes in.
struct Operator {
  std::string name;
  sign::PublicKey key;
  bool may_snapshot = false;     ///< signs decision files (enforce/snapshot.h)
  bool may_break_glass = false;  ///< signs tokens that let an image pass unproven (enforce/break_glass.h)
};

/// Says which origin name is meant by a local one; adds no trust. Prefixes end at the border of a part.
struct Relocation {
  std::string from;                         ///< origin: "docker.io/library", "quay.io/acme/api"
  std::string to;                           ///< local: "registry.airgap.local/mirror"
  std::map<std::string, std::string> tags;  ///< origin tag -> local tag; others keep theirs
  bool operator==(const Relocation&) const = default;
};

struct TrustStore {
  unsigned threshold = 1;
  bool signer_time = true;                ///< a trusted signer's seal time counts as proven
  std::vector<TrustedSigner> signers;     ///< sorted by name
  std::vector<RootEntry> roots;           ///< sorted by pattern, kind, value
  std::vector<Rule> rules;                ///< sorted by pattern; one rule a pattern
  std::vector<Operator> operators{};      ///< sorted by name
  std::vector<Relocation> relocations{};  ///< sorted by `to`, then `from`; none contradicts another

  const TrustedSigner* find_signer(std::string_view name) const;
  const TrustedSigner* find_signer_by_fingerprint(std::string_view fingerprint) const;
  const Operator* find_operator(std::string_view name) const;
  /// The pins of the most specific pattern that matches; less specific ones never help out.
  std::vector<tuf::RootPin> pins_for(const std::string& gun) const;
  /// The most specific rule, or nullptr.
  const Rule* rule_for(const std::string& gun) const;
};

/// Error{malformed} for relocations that are no prefixes of references, give one local name two origins, or lead in
/// chains: a local name that is again the origin of a rule (it must be said in one step).
void check_relocations(const std::vector<Relocation>& relocations);

/// Strict; Error{malformed} names the place, Error{unsupported} a newer version.
TrustStore parse_store(base::ByteView text);
/// Pretty JSON, sorted, one spelling.
base::Bytes write_store(const TrustStore& store);

/// Error{not_found} with the hint to run `trust init` when there is none; Error{denied} when everybody may write the
/// file or its folder.
TrustStore load_store(base::ReadFs& fs, const std::string& folder);
/// Atomic. Creates the folder (0755) when it is not there. Error{usage} for a store that parse_store() would refuse:
/// nothing is written then.
void save_store(base::WriteFs& fs, const std::string& folder, const TrustStore& store);

}  // namespace gapstow::trust
