// The dialect as the engine sees it: rules of search and of delegation.
#include "tuf_v1.h"

#include <algorithm>
#include <set>

#include "gapstow/base/error.h"
#include "gapstow/tuf/chain.h"

namespace gapstow::tuf {

std::string v1::safe_name(std::string_view role) {
  constexpr std::size_t kMostBytes = 90;  // so that every name fits into the header of an archive
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string name;
  for (const char c : role) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    const auto byte = static_cast<unsigned char>(c);
    if (is_plain && !(c == '.' && name.empty())) {
      name += c;
    } else {
      name += {'%', kDigits[byte >> 4], kDigits[byte & 0xF]};
    }
  }
  return name.size() <= kMostBytes ? name : "sha256-" + digest::sha256(base::as_bytes(role)).hex();
}

namespace {

class TufV1 final : public Dialect {
 public:
  std::string_view name() const override { return "tuf-1.0"; }

  Signed<Root> parse_root(base::ByteView raw, const KeyMap&) const override { return v1::parse_root(raw); }
  Signed<Timestamp> parse_timestamp(base::ByteView raw) const override { return v1::parse_timestamp(raw); }
  Signed<Snapshot> parse_snapshot(base::ByteView raw) const override { return v1::parse_snapshot(raw); }
  Signed<Targets> parse_targets(base::ByteView raw, const std::string&) const override {
    return v1::parse_targets(raw);
  }

  void check_root(const Root&, const std::string&) const override {}  // its signatures say all
  std::string canonical_key_id(const Key& key) const override { return key.id; }
  bool snapshot_lists_root() const override { return false; }
  bool unlisted_is_unpublished() const override { return false; }

  /// Patterns are not intersected: the search asks each delegation on its way.
  Delegation narrow(const Delegation*, const Delegation& child) const override { return child; }

  bool may_name(const Delegation& terms, const std::string& target) const override {
    return v1::allows(terms, v1::TargetPath(target));
  }

  /// Pre-order, depth first, each role once.
  std::vector<std::size_t> search_order(const DelegationGraph& graph, const std::string& target) const override {
    const v1::TargetPath path(target);
    std::vector<std::size_t> order;
    std::vector<std::size_t> pending;
    std::set<std::string_view> visited;
    if (const std::size_t* top = graph.find_grant(std::string(kTopRole))) pending.push_back(*top);
    while (!pending.empty()) {
      const std::size_t index = pending.back();
      pending.pop_back();
      const std::string& role = graph.grants()[index].role;
      if (!visited.insert(role).second) continue;
      order.push_back(index);
      const Targets* said = graph.targets(role);
      if (said == nullptr) continue;
      const auto next = v1::next_roles(*said, path);
      if (next.terminating) pending.clear();
      for (auto at = next.indices.rbegin(); at != next.indices.rend(); ++at) {
        if (const auto grant = graph.find_grant(role, delegation_at(*said, *at).name)) pending.push_back(*grant);
      }
    }
    return order;
  }

  /// One repository may speak of the images of many: targets have whole references as names.
  std::string target_for(const std::string& gun, const std::string& tag) const override { return gun + ":" + tag; }
  std::string tag_of(const std::string& gun, const std::string& target) const override {
    const bool is_there = target.size() > gun.size() && target.starts_with(gun) && target[gun.size()] == ':';
    return is_there ? target.substr(gun.size() + 1) : std::string();
  }

  bool claims(const ChainFiles& files, const std::string& gun) const override {
    return std::ranges::any_of(files.targets, [&](const auto& file) { return names_any(file.second, gun + ":"); });
  }

  std::string stored_name(const std::string& role, std::uint64_t version) const override {
    if (role == "root") return std::to_string(version) + ".root.json";
    if (role == "timestamp" || role == "snapshot" || role == kTopRole) return role + ".json";
    return "roles/" + v1::safe_name(role) + ".json";
  }

 private:
  /// Whether a file names a target that begins so.
  static bool names_any(base::ByteView raw, const std::string& beginning) {
    try {
      const auto said = v1::parse_targets(raw);
      const auto first = said.body.targets.lower_bound(beginning);
      return first != said.body.targets.end() && first->first.starts_with(beginning);
    } catch (const base::Error&) {
      return false;
    }
  }
};

}  // namespace

const Dialect& tuf_v1() {
  static const TufV1 dialect;
  return dialect;
}

}  // namespace gapstow::tuf
