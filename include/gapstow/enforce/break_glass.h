// Break-glass: a signed token that lets named digests run although nothing proves them. There is no switch that does
// so. Normative: formats/break-glass.md. Source of the frame: DSSE 1.0.2.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gapstow/base/time.h"
#include "gapstow/digest/digest.h"
#include "gapstow/sign/signer.h"
#include "gapstow/trust/store.h"

namespace gapstow::enforce {

inline constexpr std::string_view kBreakGlassType = "application/vnd.gapstow.break-glass+json";
inline constexpr std::size_t kMaxTokenBytes = 64 * 1024;  ///< of the envelope in base64: what an annotation may hold
inline constexpr std::size_t kMaxTokenDigests = 256;
inline constexpr std::int64_t kMaxTokenSeconds = 7LL * 86400;  ///< from not_before to not_after

struct BreakGlass {
  std::string place;                    ///< Kubernetes namespace; "*" would mean all and is refused
  std::vector<digest::Digest> digests;  ///< sorted, at least one
  base::Time not_before;
  base::Time not_after;
  std::string reason;  ///< one line, not empty
};

/// base64 of the envelope, as it goes into an annotation. Error{usage} for content that no reader would take.
std::string issue_token(const BreakGlass& content, const sign::Signer& signer);

/// A token that an operator with the right to do so has signed. Error{malformed}, Error{signature_invalid},
/// Error{untrusted_key}; lifetimes are for the caller to judge.
struct ProvenToken {
  BreakGlass content;
  std::string signer;  ///< name of the operator
};
ProvenToken prove_token(std::string_view base64, const std::vector<trust::Operator>& operators);

/// What became of one token.
struct TriedToken {
  std::optional<ProvenToken> proven;
  std::string why_not;  ///< one line, where it is not
};

/// Each of them tried, in order. Never throws for what they hold.
std::vector<TriedToken> try_tokens(const std::vector<std::string>& tokens,
                                   const std::vector<trust::Operator>& operators);

}  // namespace gapstow::enforce
