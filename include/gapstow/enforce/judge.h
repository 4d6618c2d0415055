// The judge: the one place where it is decided whether an image may run or be pulled. Webhooks, the registry and
// containerd's verifier only ask it and put its answer into their own words.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gapstow/base/error.h"
#include "gapstow/base/time.h"
#include "gapstow/digest/digest.h"
#include "gapstow/enforce/break_glass.h"
#include "gapstow/enforce/snapshot.h"

namespace gapstow::enforce {

/// What becomes of a reference that has a tag and no digest.
enum class TagPolicy {
  pin,     ///< the caller can rewrite it: the ruling is `mutate`
  demand,  ///< the caller cannot, and what the tag leads to may change until it is pulled: the ruling is `deny`
  accept,  ///< the nodes resolve tags by gapstow alone: the ruling is `allow`
};

struct Question {
  std::string reference;  ///< as written
  TagPolicy tags = TagPolicy::demand;
  /// What the tag was resolved to by the caller (containerd's verifier); must be what is expected.
  std::optional<digest::Digest> resolved;
  std::string place;                ///< namespace, for break-glass tokens; may be empty
  std::vector<std::string> tokens;  ///< break-glass envelopes that came with the request
};

struct Ruling {
  enum class Verdict { allow, mutate, deny };
  Verdict verdict = Verdict::deny;
  std::string local;                     ///< as asked, normalised; as written when it is no reference
  std::string origin;                    ///< under which it was signed; empty when it is no reference
  std::optional<digest::Digest> digest;  ///< what may run; on denial what was expected, where that is known
  std::string pinned;                    ///< mutate: "registry.airgap.local/mirror/redis:7.2@sha256:…"
  std::optional<base::ErrorCode> code;   ///< of a denial
  std::string reason;                    ///< one line that names rule, role and keys
  std::string rule;  ///< "docker.io/*", "default", "require-digest", "unknown-image", "clock", "break-glass"
  std::string role;
  std::vector<std::string> key_ids;
  bool broke_glass = false;  ///< allowed by a token alone
  std::string token;         ///< who signed it, and its reason
  bool allowed() const { return verdict != Verdict::deny; }
};

std::string_view name(Ruling::Verdict verdict);

/// Immutable; any number of threads. Never throws for what a question holds.
class Judge {
 public:
  Judge(std::shared_ptr<const Snapshot> snapshot, std::vector<trust::Operator> operators)
      : snapshot_(std::move(snapshot)), operators_(std::move(operators)) {}

  /// A clock behind the snapshot's floor denies everything. A child of a proven index is accepted through its parent,
  /// within the parent's repository. Tokens are proven when something would be denied; who asks about many images of
  /// one request hands in the same `tried`, empty at first, and has them proven once.
  Ruling judge(const Question& question, base::Time now, std::vector<TriedToken>* tried = nullptr) const;
  const Snapshot& snapshot() const { return *snapshot_; }

 private:
  Ruling judge_known(const oci::Reference& local, const Origin& origin, const Question& question, base::Time now,
                     std::vector<TriedToken>& tried) const;
  std::shared_ptr<const Snapshot> snapshot_;
  std::vector<trust::Operator> operators_;
};

}  // namespace gapstow::enforce
