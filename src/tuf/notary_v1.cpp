// The dialect as the engine sees it: rules of search and of delegation.
#include "notary_v1.h"

#include <algorithm>

#include "gapstow/base/error.h"
#include "gapstow/tuf/chain.h"

namespace gapstow::tuf {
namespace {

/// Docker asks this role before "targets", and no other.
const std::string kReleases = "targets/releases";

bool starts_with_any(const std::string& text, const std::vector<std::string>& prefixes) {
  return std::ranges::any_of(prefixes, [&](const std::string& prefix) { return text.starts_with(prefix); });
}

class NotaryV1 final : public Dialect {
 public:
  std::string_view name() const override { return "notary-v1"; }

  Signed<Root> parse_root(base::ByteView raw, const KeyMap& known) const override {
    return notary::parse_root(raw, known);
  }
  Signed<Timestamp> parse_timestamp(base::ByteView raw) const override { return notary::parse_timestamp(raw); }
  Signed<Snapshot> parse_snapshot(base::ByteView raw) const override { return notary::parse_snapshot(raw); }
  Signed<Targets> parse_targets(base::ByteView raw, const std::string& role) const override {
    return notary::parse_targets(raw, role);
  }

  void check_root(const Root& root, const std::string& gun) const override {
    for (const auto& id : root.roles.at(RoleType::root).key_ids) notary::check_root_key(root.keys.at(id), gun);
  }
  std::string canonical_key_id(const Key& key) const override { return notary::canonical_key_id(key); }
  bool snapshot_lists_root() const override { return true; }
  bool unlisted_is_unpublished() const override { return true; }

  /// A child keeps those of its paths that lie below one of the parent's.
  Delegation narrow(const Delegation* parent, const Delegation& child) const override {
    Delegation narrowed = child;
    if (parent != nullptr) {
      std::erase_if(narrowed.paths, [&](const std::string& path) { return !starts_with_any(path, parent->paths); });
    }
    return narrowed;
  }

  bool may_name(const Delegation& terms, const std::string& target) const override {
    return starts_with_any(target, terms.paths);
  }

  std::vector<std::size_t> search_order(const DelegationGraph& graph, const std::string& target) const override {
    std::vector<std::size_t> order;
    const std::size_t* releases = graph.find_grant(kReleases);
    if (releases != nullptr && may_name(graph.grants()[*releases].terms, target)) order.push_back(*releases);
    if (const std::size_t* top = graph.find_grant(std::string(kTopRole))) order.push_back(*top);
    return order;
  }

  /// A tag is a target as it stands: the chain is of one repository.
  std::string target_for(const std::string&, const std::string& tag) const override { return tag; }
  std::string tag_of(const std::string&, const std::string& target) const override { return target; }

  /// The certificates of the newest root carry the name.
  bool claims(const ChainFiles& files, const std::string& gun) const override {
    try {
      check_root(notary::parse_root(files.roots.rbegin()->second, {}).body, gun);
      return true;
    } catch (const base::Error&) {
      return false;
    }
  }

  std::string stored_name(const std::string& role, std::uint64_t version) const override {
    return role == "root" ? std::to_string(version) + ".root.json" : role + ".json";
  }
};

}  // namespace

const Dialect& notary_v1() {
  static const NotaryV1 dialect;
  return dialect;
}

}  // namespace gapstow::tuf
