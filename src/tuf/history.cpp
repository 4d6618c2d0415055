// A proven chain against what was seen before.
#include <algorithm>

#include "gapstow/base/error.h"
#include "gapstow/tuf/chain.h"
#include "words.h"

namespace gapstow::tuf {
namespace {

using base::Error;
using base::ErrorCode;

std::string versions(std::uint64_t found, std::uint64_t seen) {
  return "version " + std::to_string(found) + ", version " + std::to_string(seen) + " was seen before";
}

/// Compares what remembers a version with what is there now.
class HistoryCheck {
 public:
  HistoryCheck(const VerifiedChain& chain, const SeenRoles& seen) : chain_(chain), seen_(seen), now_(chain.seen()) {}

  void run() const {
    for (const auto& role : chain_.roles()) {
      const auto before = seen_.find(role.name);
      if (before != seen_.end()) compare(role, before->second);
    }
    for (const auto& [name, before] : seen_) {
      if (!now_.contains(name)) check_vanished(name);
    }
  }

 private:
  void compare(const ProvenRole& role, const SeenRole& before) const {
    if (role.version < before.version) {
      throw Error(ErrorCode::rollback, role.name + " has " + versions(role.version, before.version));
    }
    if (role.name == "root") return compare_root(before);
    if (role.version == before.version && role.sha256 != before.sha256) other_content(role.name, role.version);
  }

  /// The walk passes every version since the pinned one, so the root seen before must be among them.
  void compare_root(const SeenRole& before) const {
    const auto walked = chain_.root_history().find(before.version);
    if (walked != chain_.root_history().end() && walked->second != before.sha256) other_content("root", before.version);
  }

  [[noreturn]] static void other_content(const std::string& role, std::uint64_t version) {
    throw Error(ErrorCode::equivocation,
                role + " version " + std::to_string(version) + " has other content than when it was seen before",
                "keep both files: somebody signs different things for different readers");
  }

  void check_vanished(const std::string& role) const {
    const bool is_listed = std::ranges::find(chain_.absent_roles(), role) != chain_.absent_roles().end() ||
                           std::ranges::find(chain_.unreachable_roles(), role) != chain_.unreachable_roles().end();
    if (is_listed || is_revoked(role)) return;
    throw Error(ErrorCode::rollback, "role " + quoted(role) + " was seen before and the snapshot lists it no more");
  }

  /// Whether every role that could delegate it is proven, and none does.
  bool is_revoked(const std::string& role) const {
    const auto& proven = chain_.delegations().all_targets();
    return chain_.absent_roles().empty() &&
           std::ranges::none_of(proven, [&](const auto& entry) { return delegates_to(entry.second, role); });
  }

  const VerifiedChain& chain_;
  const SeenRoles& seen_;
  SeenRoles now_;
};

}  // namespace

void check_against_seen(const VerifiedChain& chain, const SeenRoles& seen) { HistoryCheck(chain, seen).run(); }

}  // namespace gapstow::tuf
