// Sequences of updates: the input publishes files (good, contradicting, expired, of other keys, damaged) and updates a
// client's store and a single trusted set from them. What is stored or trusted was signed by whom the root names,
// versions never go down while keys stay, a refused file changes nothing, and asking again changes nothing.
//
// Input: steps of four bytes: what is done, and three numbers.
#include <algorithm>
#include <array>
#include <memory>

#include "fuzz/fuzz.h"
#include "fuzz/heap.h"
#include "fuzz/update_world.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "support/tuf_updates.h"

namespace {

using namespace gapstow;
using fuzz::require;
using fuzz::Signers;
using fuzz::Step;

constexpr std::size_t kMaxSteps = 32;
constexpr std::size_t kHeapLimit = 16U << 20;

using Files = std::map<std::string, base::Bytes>;

/// A file as JSON, read without the code under test.
struct Opened {
  explicit Opened(base::ByteView raw) : document(json::parse(raw)), body(json::Cursor(document).at("signed")) {}
  std::string canonical() const { return json::canonical(body.value()); }
  std::uint64_t version() const { return body.at("version").unsigned_integer(); }
  base::Time expires() const { return base::parse_time(body.at("expires").string()); }
  json::Value document;
  json::Cursor body;
};

/// Files that have been read, each once.
class Library {
 public:
  const Opened& at(const base::Bytes& raw) {
    auto& kept = files_[raw];
    if (!kept) kept = std::make_unique<Opened>(raw);
    return *kept;
  }

 private:
  std::map<base::Bytes, std::unique_ptr<Opened>> files_;
};

/// Whether the keys that `terms` names have signed the file, by the ledger.
bool is_signed(const Signers& signers, const Opened& file, const json::Cursor& terms) {
  const auto ids = terms.at("keyids").strings();
  return signers.count(file.canonical(), {ids.begin(), ids.end()}) >= terms.at("threshold").unsigned_integer();
}

json::Cursor terms_of(const Opened& root, const std::string& role) { return root.body.at("roles").at(role); }

/// Whether a key that may sign the role by one root may not by the next.
bool withdraws(const Opened& before, const Opened& after, const std::string& role) {
  return terms_of(before, role).at("keyids").value() != terms_of(after, role).at("keyids").value();
}

/// A client's store from one update to the next.
class Client {
 public:
  Client(Signers& signers, const Files& served) : signers_(signers), served_(served) {}

  base::Time now{fuzz::kNow, 0};

  void start(const base::Bytes& root) {
    fuzz::accepted([&] {
      tuf::Updater::init(store_, root);
      return true;
    });
    if (store_.files.empty()) return;
    const Opened& file = library_.at(root);
    require(is_signed(signers_, file, terms_of(file, "root")), "a store begins with a root of its own keys");
  }
  bool started() const { return !store_.files.empty(); }

  /// An update, and a search where `target` is given; `twice`: and the same once more.
  void update(const std::string* target, bool twice) {
    const Files before = store_.files;
    const auto code = run(target);
    check_roots(before);
    for (const auto& [role, raw] : store_.files) {
      const auto old = before.find(role);
      if (role != "root" && (old == before.end() || old->second != raw)) check_stored(role, raw);
    }
    if (!twice) return;
    const Files once = store_.files;
    require(run(target) == code, "asking again gives the same answer");
    require(store_.files == once, "asking again changes nothing");
  }

 private:
  std::optional<base::ErrorCode> run(const std::string* target) {
    test::MapFetcher fetcher(served_);
    tuf::Updater updater(fetcher, store_, now);
    try {
      updater.refresh();
      check_trusted(updater);
      if (target != nullptr) check_found(updater.find(*target), *target);
      return std::nullopt;
    } catch (const base::Error& error) {
      require(error.code() != base::ErrorCode::internal, "hostile files are no internal fault");
      return error.code();
    }
  }

  /// Every root between the old one and the new one is signed by its own keys and by those before.
  void check_roots(const Files& before) {
    base::Bytes last = before.at("root");
    const std::uint64_t newest = library_.at(store_.files.at("root")).version();
    require(newest >= library_.at(last).version(), "the root does not go back");
    for (std::uint64_t next = library_.at(last).version() + 1; next <= newest; ++next) {
      const base::Bytes& raw = served_.at(std::to_string(next) + ".root.json");
      const Opened& old = library_.at(last);
      const Opened& file = library_.at(raw);
      require(file.version() == next, "roots follow each other");
      require(is_signed(signers_, file, terms_of(old, "root")), "a root is signed by the keys before");
      require(is_signed(signers_, file, terms_of(file, "root")), "a root is signed by its own keys");
      if (withdraws(old, file, "timestamp") || withdraws(old, file, "snapshot")) floors_.clear();
      last = raw;
    }
    require(store_.files.at("root") == last, "the newest root is stored as it was served");
  }

  void check_stored(const std::string& role, const base::Bytes& raw) {
    require(std::ranges::any_of(served_, [&](const auto& file) { return file.second == raw; }), "bytes stay as served");
    const Opened& file = library_.at(raw);
    const Opened& parent = library_.at(store_.files.at(role == "bob" ? "targets" : "root"));
    const auto terms = role == "bob" ? parent.body.at("delegations").at("roles").array().at(0) : terms_of(parent, role);
    require(is_signed(signers_, file, terms), "what is stored is signed by those who may");
    require(now < file.expires(), "nothing expired is stored");
    auto& floor = floors_[role];
    require(file.version() >= floor, "versions do not go down while keys stay");
    floor = file.version();
  }

  void check_trusted(const tuf::Updater& updater) {
    const auto& set = *updater.trusted();
    const auto is_stored = [&](const std::string& role, const tuf::ProvenRole& proof) {
      return digest::sha256(store_.files.at(role)) == proof.sha256;
    };
    require(is_stored("root", set.root().proof) && is_stored("snapshot", set.snapshot()->proof) &&
                is_stored("targets", set.targets().at("targets").proof),
            "what is trusted is stored");
    require(set.snapshot()->proof.version == set.timestamp()->body.snapshot.version, "of the versions that were named");
    require(library_.at(store_.files.at("timestamp")).version() == set.timestamp()->proof.version,
            "the timestamp that is trusted is stored, or one of its version");
  }

  /// The first role on the way that names the target answers, within its paths.
  void check_found(const tuf::FoundTarget& found, const std::string& name) {
    const Opened& top = library_.at(store_.files.at("targets"));
    const bool is_named_on_top = top.body.at("targets").maybe(name).has_value();
    require(found.role == (is_named_on_top ? "targets" : "bob"), "the owner is asked first");
    if (found.role == "bob") {
      const auto path = top.body.at("delegations").at("roles").array().at(0).at("paths").strings().at(0);
      require(path == "*/*" || name.starts_with("bob/"), "a role speaks of its paths only");
    }
    const Opened& file = library_.at(store_.files.at(found.role));
    const auto entry = file.body.at("targets").at(name);
    require(entry.at("length").unsigned_integer() == found.target.length, "a target is what was signed");
    require(entry.at("hashes").at("sha256").string() == found.target.hashes.front().hex(), "and so is its hash");
  }

  Signers& signers_;
  Library library_;
  const Files& served_;
  test::MapStore store_;
  std::map<std::string, std::uint64_t> floors_;  ///< versions seen since keys were withdrawn last
};

/// One set that takes any file in any order.
class Machine {
 public:
  explicit Machine(Signers& signers) : signers_(signers) {}

  void step(unsigned kind, const base::Bytes& raw) {
    if (!set_) return start(raw);
    const std::string before = said(*set_);
    const tuf::TrustedSet old = *set_;
    const bool in_order = is_in_order(kind);
    try {
      update(kind, raw);
      require(in_order, "the order of the workflow is kept");
      check_accepted(old);
      check_signed(kind, Opened(raw).canonical());
    } catch (const base::Error& error) {
      require((error.code() == base::ErrorCode::internal) == !in_order, "internal means out of order, and only that");
      require(said(*set_) == before, "a refused file changes nothing");
    }
  }

 private:
  void start(const base::Bytes& raw) {
    auto made = fuzz::accepted(
        [&] { return tuf::TrustedSet::start(tuf::tuf_v1(), {}, raw, [](const tuf::Key&) { return true; }); });
    if (made) set_.emplace(*std::move(made));
  }

  bool is_in_order(unsigned kind) const {
    switch (kind % 6) {
      case 0:
        return !set_->timestamp();
      case 1:
      case 2:
        return !set_->snapshot();
      case 3:
        return set_->timestamp() && !set_->snapshot();
      case 4:
        return set_->snapshot() && set_->targets().empty();
      default:
        return set_->targets().contains("targets");
    }
  }

  void update(unsigned kind, const base::Bytes& raw) {
    switch (kind % 6) {
      case 0:
        return set_->update_root(raw);
      case 1:
        return set_->update_timestamp(raw);
      case 2:
        return set_->recall_snapshot(raw);
      case 3:
        return set_->update_snapshot(raw);
      case 4:
        return set_->update_targets(raw);
      default:
        return set_->update_delegation("targets", 0, raw);
    }
  }

  void check_accepted(const tuf::TrustedSet& old) const {
    const auto& root = set_->root().proof;
    require(root.version - old.root().proof.version <= 1, "roots go up one by one");
    require(root.signed_by.size() >= root.threshold, "a quorum has signed");
    if (old.timestamp()) {
      require(set_->timestamp()->proof.version >= old.timestamp()->proof.version, "timestamps do not go back");
      require(set_->timestamp()->body.snapshot.version >= old.timestamp()->body.snapshot.version,
              "nor do the snapshots that they name");
    }
    if (set_->snapshot()) {
      require(set_->snapshot()->proof.version == set_->timestamp()->body.snapshot.version,
              "the snapshot is the named one");
    }
    for (const auto& [role, trusted] : set_->targets()) {
      require(trusted.proof.version == set_->snapshot()->body.meta.at(role).version, "roles are those that are listed");
    }
  }

  void check_signed(unsigned kind, const std::string& canonical) const {
    using tuf::RoleType;
    constexpr std::array kTypes{RoleType::root, RoleType::timestamp, RoleType::snapshot, RoleType::snapshot,
                                RoleType::targets};
    const auto& keys = kind % 6 < kTypes.size() ? set_->root().body.roles.at(kTypes[kind % 6])
                                                : set_->targets().at("targets").body.delegations.at(0).keys;
    require(signers_.count(canonical, {keys.key_ids.begin(), keys.key_ids.end()}) >= keys.threshold,
            "what is trusted is signed by those who may");
  }

  /// All that can be seen of a set.
  static std::string said(const tuf::TrustedSet& set) {
    std::string text;
    const auto add = [&](const tuf::ProvenRole& proof) {
      text += proof.name + " " + std::to_string(proof.version) + " " + proof.sha256.text();
      for (const auto& id : proof.signed_by) text += " " + id;
      text += "\n";
    };
    add(set.root().proof);
    if (set.timestamp()) add(set.timestamp()->proof);
    if (set.snapshot()) add(set.snapshot()->proof);
    for (const auto& [role, trusted] : set.targets()) add(trusted.proof);
    for (const auto& [version, sha256] : set.root_history())
      text += std::to_string(version) + " " + sha256.text() + "\n";
    for (const auto& identity : set.root_identities()) text += identity + "\n";
    return text;
  }

  Signers& signers_;
  std::optional<tuf::TrustedSet> set_;
};

class Play {
 public:
  explicit Play(Signers& signers) : world_(signers), client_(signers, world_.served), machine_(signers) {
    world_.root({0, 0, 0, 0});
    client_.start(world_.served.at("1.root.json"));
  }

  void take(const Step& step) {
    switch (step.kind % 14) {
      case 0:
        return world_.root(step);
      case 1:
        return world_.timestamp(step);
      case 2:
        return world_.snapshot(step);
      case 3:
        return world_.targets(step);
      case 4:
        return world_.bob(step);
      case 5:
      case 6:
        return world_.publish(step);
      case 7:
        return client_.update(nullptr, step.b % 2 == 0);
      case 8:
        return client_.update(&fuzz::kTargetNames[step.a % fuzz::kTargetNames.size()], step.b % 2 == 0);
      case 9:
        client_.now.seconds = step.a % 2 == 0 ? fuzz::kNow : fuzz::kLater;
        return;
      default:
        return disturb(step);
    }
  }

 private:
  void disturb(const Step& step) {
    auto* file = world_.file(step.a);
    if (file == nullptr) return;
    if (step.kind % 14 == 10) {
      if (!file->empty()) (*file)[(step.b * 7) % file->size()] = static_cast<std::byte>(step.c);
    } else if (step.kind % 14 == 11) {
      // Nothing, or another file in its place.
      *file = step.c % 2 == 0 ? base::Bytes{} : base::Bytes(*world_.file(step.b));
    } else {
      machine_.step(step.b, *file);
    }
  }

  fuzz::World world_;
  Client client_;
  Machine machine_;
};

}  // namespace

FUZZ_TARGET(input) {
  static Signers signers;
  signers.begin();
  const fuzz::HeapLimit heap(kHeapLimit);
  Play play(signers);
  for (std::size_t taken = 0; input.size() >= 4 && taken < kMaxSteps; input = input.subspan(4), ++taken) {
    const auto number = [&](std::size_t i) { return std::to_integer<unsigned>(input[i]); };
    play.take({number(0), number(1), number(2), number(3)});
  }
}
