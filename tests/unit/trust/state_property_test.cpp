// Any sequence of updates, also over a disk that fails: no version goes down, and what is refused changes nothing.
#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <map>
#include <tuple>

#include "gapstow/trust/state.h"
#include "support/error_of.h"
#include "support/faulty_disk.h"
#include "support/trust_samples.h"
#include "support/trust_state_file.h"

namespace {

using namespace gapstow;
using base::ErrorCode;
using base::Time;
using test::FaultyDisk;
using test::sample_hex;
using test::sample_record;
using test::seen_role;
using test::StateFile;
using trust::SeenUpdate;
using trust::State;

const std::vector<std::string> kGuns{"a.test/app", "b.test/app"};
const std::vector<std::string> kRoles{"root", "timestamp", "snapshot", "targets", "targets/releases"};

using Row = std::tuple<std::string, std::string, std::string>;  // root identity, GUN, role

/// What a state must hold, kept in the plainest way.
struct Model {
  std::map<Row, tuf::SeenRole> rows;
  std::optional<Time> floor;
  std::size_t records = 0;

  /// Why an update must be refused, by itself.
  std::optional<ErrorCode> fault_of(const SeenUpdate& update) const {
    bool older = false;
    for (const auto& [role, now] : update.roles) {
      for (const auto& identity : update.root_identities) {
        const auto found = rows.find({identity, update.gun, role});
        if (found == rows.end()) continue;
        const tuf::SeenRole& before = found->second;
        if (now.version == before.version && !(now == before)) return ErrorCode::equivocation;
        older = older || now.version < before.version;
      }
    }
    return older ? std::optional(ErrorCode::rollback) : std::nullopt;
  }

  void raise(const SeenUpdate& update) {
    for (const auto& identity : update.root_identities) {
      for (const auto& [role, now] : update.roles) {
        auto& row = rows.try_emplace({identity, update.gun, role}, now).first->second;
        if (now.version > row.version) row = now;
      }
    }
  }

  /// What a commit must end in; changed only when that is success.
  std::optional<ErrorCode> commit(const std::vector<SeenUpdate>& updates, bool may_be_older, std::optional<Time> to) {
    Model next = *this;
    for (const auto& update : updates) {
      const auto fault = next.fault_of(update);
      if (fault == ErrorCode::equivocation || (fault && !may_be_older)) return fault;
      if (!fault) next.raise(update);
    }
    if (to) next.floor = next.floor ? std::max(*next.floor, *to) : *to;
    ++next.records;
    *this = next;
    return std::nullopt;
  }
};

bool equal(const Model& a, const Model& b) { return a.rows == b.rows && a.floor == b.floor && a.records == b.records; }

/// All that is in the file.
Model content_of(const std::string& path) {
  Model found;
  const auto state = State::open_existing(path);
  if (state == nullptr) return found;
  for (unsigned identity = 1; identity <= 3; ++identity) {
    for (const auto& gun : kGuns) {
      for (const auto& [role, seen] : state->seen(gun, {sample_hex(identity)})) {
        found.rows[{sample_hex(identity), gun, role}] = seen;
      }
    }
  }
  found.floor = state->clock_floor();
  found.records = state->history(SIZE_MAX).size();
  return found;
}

bool never_lower(const Model& before, const Model& after) {
  for (const auto& [row, seen] : before.rows) {
    const auto found = after.rows.find(row);
    if (found == after.rows.end() || found->second.version < seen.version) return false;
  }
  return after.records >= before.records && after.floor >= before.floor;
}

/// Versions around what others have, so that older, equal and newer ones, and forks, all come often.
SeenUpdate any_update() {
  static const std::vector<std::vector<std::string>> walks{{sample_hex(1)},
                                                           {sample_hex(1), sample_hex(2)},
                                                           {sample_hex(2), sample_hex(1)},
                                                           {sample_hex(2), sample_hex(3)},
                                                           {sample_hex(3)}};
  SeenUpdate update{*rc::gen::elementOf(kGuns), *rc::gen::elementOf(walks), {}};
  const auto around = *rc::gen::inRange<std::uint64_t>(1, 5);
  const auto which = *rc::gen::inRange(1U, 1U << kRoles.size());
  for (std::size_t i = 0; i < kRoles.size(); ++i) {
    if ((which >> i & 1U) == 0) continue;
    const auto version = around + *rc::gen::inRange<std::uint64_t>(0, 2);
    const bool forked = *rc::gen::inRange(0, 6) == 0;
    update.roles[kRoles[i]] = seen_role(version, static_cast<unsigned>(version + (forked ? 1000 : 0)));
  }
  return update;
}

struct Attempt {
  std::vector<SeenUpdate> updates;
  bool may_be_older = false;
  std::optional<Time> floor;
  bool publishes = false;

  void run(State& state) const {
    auto record = sample_record("b");
    if (may_be_older) record.rollback_reason = "the vendor withdrew it";
    state.commit(record, updates, floor, publishes ? std::function<void()>([] {}) : std::function<void()>());
  }
};

Attempt any_attempt() {
  Attempt attempt;
  const int count = *rc::gen::inRange(0, 4);
  for (int i = 0; i < count; ++i) attempt.updates.push_back(any_update());
  attempt.may_be_older = *rc::gen::inRange(0, 4) == 0;
  if (*rc::gen::arbitrary<bool>()) attempt.floor = Time{*rc::gen::inRange<std::int64_t>(-20, 50), 0};
  attempt.publishes = *rc::gen::arbitrary<bool>();
  return attempt;
}

TEST_CASE("no sequence of updates lowers a version, and what is refused changes no byte", "[property]") {
  rc::check([] {
    const StateFile file;
    Model model;
    const auto state = State::open_or_create(file.path());
    const int length = *rc::gen::inRange(1, 16);
    for (int i = 0; i < length; ++i) {
      const Attempt attempt = any_attempt();
      const Model before = model;
      const auto bytes = file.bytes();
      const auto error = test::error_of([&] { attempt.run(*state); });
      RC_ASSERT(error == model.commit(attempt.updates, attempt.may_be_older, attempt.floor));
      if (error) RC_ASSERT(file.bytes() == bytes);
      RC_ASSERT(never_lower(before, model));
      RC_ASSERT(equal(content_of(file.path()), model));
      RC_ASSERT(file.names() == std::vector<std::string>{"state.db"});
    }
  });
}

TEST_CASE("remember() takes all updates or none", "[property]") {
  rc::check([] {
    const StateFile file;
    Model model;
    const auto state = State::open_or_create(file.path());
    for (int i = 0; i < 6; ++i) {
      const std::vector<SeenUpdate> updates{any_update(), any_update()};
      const auto bytes = file.bytes();
      const auto error = test::error_of([&] { state->remember(updates); });
      RC_ASSERT(error == model.commit(updates, false, std::nullopt));
      model.records = 0;
      if (error) RC_ASSERT(file.bytes() == bytes);
      RC_ASSERT(equal(content_of(file.path()), model));
    }
  });
}

TEST_CASE("a disk that fails in between loses nothing", "[property]") {
  rc::check([] {
    const StateFile file;
    Model model;
    State::open_or_create(file.path());
    const int length = *rc::gen::inRange(1, 8);
    for (int i = 0; i < length; ++i) {
      const Attempt attempt = any_attempt();
      const auto kind = *rc::gen::element(FaultyDisk::Kind::once, FaultyDisk::Kind::forever);
      std::optional<ErrorCode> error;
      {
        FaultyDisk disk(kind, *rc::gen::inRange<std::uint64_t>(1, 60));
        error = test::error_of([&] { attempt.run(*State::open_or_create(file.path())); });
      }
      Model next = model;
      const auto refusal = next.commit(attempt.updates, attempt.may_be_older, attempt.floor);
      const bool broken = error == ErrorCode::io_write || error == ErrorCode::state_unavailable;
      RC_ASSERT((error == refusal || broken));
      const Model found = content_of(file.path());  // undoes what was cut short
      RC_ASSERT(equal(found, error ? model : next));
      RC_ASSERT(never_lower(model, found));
      model = found;
    }
  });
}

/// Creates a state and commits to it.
std::optional<ErrorCode> create_and_commit(const StateFile& file) {
  return test::error_of(
      [&] { State::open_or_create(file.path())->commit(sample_record("b"), {test::update_to(3)}, Time{5, 0}, [] {}); });
}

std::uint64_t calls_to_create_and_commit() {
  const StateFile file;
  const FaultyDisk disk(FaultyDisk::Kind::once, 0);
  REQUIRE_FALSE(create_and_commit(file));
  return disk.calls();
}

TEST_CASE("every call to the disk fails once, for creating and for committing") {
  const std::uint64_t calls = calls_to_create_and_commit();
  REQUIRE(calls > 30);
  for (const auto kind : {FaultyDisk::Kind::once, FaultyDisk::Kind::forever}) {
    for (std::uint64_t at = 1; at <= calls; ++at) {
      CAPTURE(at);
      const StateFile file;
      std::optional<ErrorCode> error;
      {
        const FaultyDisk disk(kind, at);
        error = create_and_commit(file);
      }
      const Model found = content_of(file.path());
      REQUIRE((!error || error == ErrorCode::io_write || error == ErrorCode::state_unavailable));
      REQUIRE(found.records == (error ? 0 : 1));
      REQUIRE(found.rows.empty() == error.has_value());
      State::open_or_create(file.path())->commit(sample_record("b"), {test::update_to(4)}, Time{6, 0});
      REQUIRE(test::version_in(*State::open_existing(file.path())) == 4);
    }
  }
}

}  // namespace
