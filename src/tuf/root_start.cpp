#include "root_start.h"

#include <algorithm>
#include <optional>

#include "gapstow/base/error.h"
#include "pins.h"
#include "quorum.h"
#include "words.h"

namespace gapstow::tuf {
namespace {

using base::Error;
using base::ErrorCode;

std::string root_name(std::uint64_t version) { return "root version " + std::to_string(version); }

/// A root that a pin vouches for.
struct Candidate {
  std::uint64_t version = 0;
  base::ByteView bytes;
  const RootPin* pin = nullptr;
};

class StartFinder {
 public:
  StartFinder(const ChainFiles& files, const Dialect& dialect, const std::string& gun, const std::vector<RootPin>& pins,
              base::Time when)
      : files_(files), dialect_(dialect), gun_(gun), pins_(pins), key_pins_(pins, dialect, when) {}

  RootStart find();

 private:
  const Signed<Root>& parse(std::uint64_t version, const base::Bytes& bytes);
  std::optional<Candidate> by_root_file();
  std::optional<Candidate> by_key();
  std::optional<Candidate> by_first_use() const;
  Candidate pinned_file(const RootPin& pin, const base::Bytes& bytes) const;
  bool complete_from(std::uint64_t version) const;
  bool is_signed_by_pinned_keys(std::uint64_t version, const Signed<Root>& root) const;
  [[noreturn]] void refuse() const;
  RootStart start_at(const Candidate& candidate);

  const ChainFiles& files_;
  const Dialect& dialect_;
  const std::string& gun_;
  const std::vector<RootPin>& pins_;
  KeyPins key_pins_;
  std::map<std::uint64_t, Signed<Root>> parsed_;
  KeyMap keys_;  ///< of all parsed roots
};

/// Each root of the chain must be well-formed and be what its file's number says, also where nothing vouches for it.
const Signed<Root>& StartFinder::parse(std::uint64_t version, const base::Bytes& bytes) {
  const auto known = parsed_.find(version);
  if (known != parsed_.end()) return known->second;
  auto root = base::with_context(root_name(version), [&] {
    auto file = dialect_.parse_root(bytes, keys_);
    if (file.body.version != version) {
      throw Error(ErrorCode::role_invalid, "the file holds version " + std::to_string(file.body.version));
    }
    return file;
  });
  keys_.insert(root.body.keys.begin(), root.body.keys.end());
  return parsed_.emplace(version, std::move(root)).first->second;
}

Candidate StartFinder::pinned_file(const RootPin& pin, const base::Bytes& bytes) const {
  const auto root = base::with_context("pinned root file", [&] { return dialect_.parse_root(bytes); });
  const std::uint64_t version = root.body.version;
  const auto same = files_.roots.find(version);
  if (same != files_.roots.end() && same->second != bytes) {
    throw Error(ErrorCode::equivocation, root_name(version) + " of the chain is not the pinned file of that version");
  }
  if (!files_.roots.empty() && files_.roots.rbegin()->first < version) {
    throw Error(ErrorCode::rollback, "the newest root of the chain is version " +
                                         std::to_string(files_.roots.rbegin()->first) + ", older than the pinned " +
                                         root_name(version));
  }
  return {version, bytes, &pin};
}

bool StartFinder::complete_from(std::uint64_t version) const {
  if (files_.roots.empty()) return true;
  const auto newer = std::distance(files_.roots.upper_bound(version), files_.roots.end());
  return static_cast<std::uint64_t>(newer) == files_.roots.rbegin()->first - version;
}

/// Of several pinned files the oldest from which the chain is complete, else the newest.
std::optional<Candidate> StartFinder::by_root_file() {
  std::vector<Candidate> candidates;
  for (const auto& pin : pins_) {
    const auto* file = std::get_if<RootFilePin>(&pin);
    // One name may be pinned for chains of both dialects.
    if (file == nullptr || &dialect_of_root(file->bytes) != &dialect_) continue;
    candidates.push_back(pinned_file(pin, file->bytes));
  }
  if (candidates.empty()) return std::nullopt;
  std::ranges::sort(candidates, {}, &Candidate::version);
  const auto usable = std::ranges::find_if(candidates, [&](const auto& one) { return complete_from(one.version); });
  return usable == candidates.end() ? candidates.back() : *usable;
}

/// A pinned key's bad signature is not passed over: the root claims to be the pinned one and is damaged.
bool StartFinder::is_signed_by_pinned_keys(std::uint64_t version, const Signed<Root>& root) const {
  const Electorate electorate{root.body.keys, root.body.roles.at(RoleType::root), root_name(version)};
  const auto pinned = [&](const Key& key) { return key_pins_.match(key) != nullptr; };
  const auto count = count_signatures(base::as_bytes(root.canonical), root.signatures, electorate, pinned);
  if (count.signed_by.size() >= electorate.role.threshold) return true;
  if (!count.bad.empty()) fail_quorum(count, electorate);
  return false;
}

std::optional<Candidate> StartFinder::by_key() {
  if (key_pins_.empty()) return std::nullopt;
  for (const auto& [version, bytes] : files_.roots) {
    const auto& root = parse(version, bytes);
    if (!is_signed_by_pinned_keys(version, root)) continue;
    for (const auto& id : root.body.roles.at(RoleType::root).key_ids) {
      if (const RootPin* pin = key_pins_.match(root.body.keys.at(id))) return Candidate{version, bytes, pin};
    }
  }
  return std::nullopt;
}

std::optional<Candidate> StartFinder::by_first_use() const {
  const bool only =
      std::ranges::all_of(pins_, [](const RootPin& pin) { return pin.index() == RootPin(FirstUsePin{}).index(); });
  if (!only || files_.roots.empty()) return std::nullopt;
  return Candidate{files_.roots.begin()->first, files_.roots.begin()->second, &pins_.front()};
}

void StartFinder::refuse() const {
  if (files_.roots.empty()) throw Error(ErrorCode::chain_incomplete, "the chain holds no root");
  std::vector<std::string> found;
  std::string why;
  for (const auto& [version, root] : parsed_) {
    for (const auto& id : root.body.roles.at(RoleType::root).key_ids) {
      if (std::ranges::find(found, id) == found.end()) found.push_back(id);
      if (why.empty()) why = key_pins_.why_not(root.body.keys.at(id));
    }
  }
  std::vector<std::string> pinned;
  for (const auto& pin : pins_) pinned.push_back(describe(pin));
  throw Error(ErrorCode::pin_mismatch, "no root of " + quoted(gun_) + " is signed by what is pinned (" +
                                           listed(pinned) + "); the root keys found are " + listed(found) +
                                           (why.empty() ? "" : " (CA: " + why + ")"));
}

RootStart StartFinder::start_at(const Candidate& candidate) {
  const bool whole =
      std::holds_alternative<RootFilePin>(*candidate.pin) || std::holds_alternative<FirstUsePin>(*candidate.pin);
  const auto counts = [&](const Key& key) { return whole || key_pins_.match(key) != nullptr; };
  for (const auto& [version, bytes] : files_.roots) {
    if (version <= candidate.version) parse(version, bytes);
  }
  auto set = TrustedSet::start(dialect_, gun_, candidate.bytes, counts, keys_);
  return {std::move(set), describe(*candidate.pin)};
}

RootStart StartFinder::find() {
  if (pins_.empty()) {
    throw Error(ErrorCode::untrusted_root, "no root is pinned for " + quoted(gun_),
                "pin one with: gapstow trust add-root " + gun_ + " --key-id ID (or --spki, --ca, --root)");
  }
  std::optional<Candidate> best = by_first_use();
  for (const auto& candidate : {by_root_file(), by_key()}) {
    if (candidate && (!best || candidate->version < best->version)) best = candidate;
  }
  if (!best) refuse();
  return start_at(*best);
}

}  // namespace

RootStart choose_start(const ChainFiles& files, const Dialect& dialect, const std::string& gun,
                       const std::vector<RootPin>& pins, base::Time when) {
  return StartFinder(files, dialect, gun, pins, when).find();
}

}  // namespace gapstow::tuf
