#include "gapstow/trust/state.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "gapstow/base/fs.h"
#include "support/error_of.h"
#include "support/trust_samples.h"
#include "support/trust_state_file.h"

namespace {

using namespace gapstow;
using base::ErrorCode;
using base::Time;
using test::error_of;
using test::sample_hex;
using test::sample_record;
using test::seen_role;
using test::StateFile;
using test::update_to;
using test::version_in;
using trust::HistoryRecord;
using trust::SeenUpdate;
using trust::State;

/// Sets an environment variable for one test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    set(value);
  }
  ~Variable() { set(old_ ? old_->c_str() : nullptr); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  void set(const char* value) const {
    if (value == nullptr) {
      ::unsetenv(name_);
    } else {
      ::setenv(name_, value, 1);
    }
  }
  const char* name_;
  std::optional<std::string> old_;
};

TEST_CASE("no database is no state") {
  const StateFile file;
  REQUIRE(State::open_existing(file.path()) == nullptr);
  REQUIRE(State::open_existing(file.folder() + "/deeper/state.db") == nullptr);
  REQUIRE(file.names().empty());
}

TEST_CASE("a way that is blocked is not a state that was never made") {
  const StateFile file;
  const std::string blocked = file.folder() + "/file";
  file.write(base::as_bytes("x"));
  std::filesystem::rename(file.path(), blocked);
  for (const std::string way : {"/state.db", "/a/b/state.db"}) {
    REQUIRE_ERROR(state_unavailable, State::open_existing(blocked + way));
    REQUIRE_ERROR(state_unavailable, State::open_or_create(blocked + way));
  }
  std::filesystem::create_symlink("nowhere", file.path());
  REQUIRE_ERROR(state_unavailable, State::open_existing(file.path()));
  REQUIRE_ERROR(state_unavailable, State::open_or_create(file.path()));
  REQUIRE(file.names() == std::vector<std::string>{"file", "state.db"});
}

TEST_CASE("a new database is private, whole and empty") {
  const StateFile file;
  const std::string deep = file.folder() + "/a/b/state.db";
  {
    const auto state = State::open_or_create(deep);
    REQUIRE(state->seen("a.test/app", {sample_hex(1)}).empty());
    REQUIRE_FALSE(state->clock_floor());
    REQUIRE(state->history(10).empty());
  }
  base::SystemFs fs;
  REQUIRE(fs.status(deep)->mode == 0600);
  REQUIRE(fs.status(file.folder() + "/a")->mode == 0700);
  REQUIRE(fs.status(file.folder() + "/a/b")->mode == 0700);
  REQUIRE(fs.list(file.folder() + "/a/b") == std::vector<std::string>{"state.db"});
  REQUIRE(State::open_existing(deep) != nullptr);
}

TEST_CASE("special names of SQLite are plain names") {
  const StateFile file;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(file.folder());
  for (const std::string name : {":memory:", "file:x?mode=memory", "a b%?#.db"}) {
    State::open_or_create(name)->remember({update_to(3)});
    REQUIRE(version_in(*State::open_existing(name)) == 3);
  }
  std::filesystem::current_path(before);
  REQUIRE(file.names().size() == 3);
  REQUIRE_ERROR(state_unavailable, State::open_or_create(file.folder()));
  REQUIRE_ERROR(state_unavailable, State::open_existing("/dev/null"));
  const std::string cut_by_nul = file.folder() + std::string("/x\0y", 4);
  REQUIRE_ERROR(state_unavailable, State::open_existing(cut_by_nul));
  REQUIRE_ERROR(state_unavailable, State::open_or_create(cut_by_nul));
  REQUIRE(file.names().size() == 3);
  REQUIRE(error_of([&] { State::open_or_create(file.folder() + "/a b%?#.db/x"); }));
}

TEST_CASE("a commit is there after opening anew") {
  const StateFile file;
  HistoryRecord record = sample_record("b1");
  record.rollback_reason = "the vendor withdrew 1.2";
  State::open_or_create(file.path())->commit(record, {update_to(4)}, Time{1795000000, 7});
  State::open_or_create(file.path())->commit(sample_record("b2"), {}, std::nullopt);
  const auto state = State::open_existing(file.path());
  REQUIRE(version_in(*state) == 4);
  REQUIRE(state->clock_floor() == Time{1795000000, 7});
  const auto history = state->history(10);
  REQUIRE(history.size() == 2);
  REQUIRE(history[0] == sample_record("b2"));
  REQUIRE(history[1] == record);
  REQUIRE(history[0].id > history[1].id);
  REQUIRE(state->history(1).size() == 1);
  REQUIRE(state->history(1)[0].bundle_id == "b2");
  REQUIRE(state->history(0).empty());
  REQUIRE(state->history(SIZE_MAX).size() == 2);
  REQUIRE(file.names() == std::vector<std::string>{"state.db"});
}

TEST_CASE("any text is kept as it is") {
  const StateFile file;
  HistoryRecord record;
  record.bundle_id = "'; DROP TABLE seen; --";
  record.destination = std::string("a\0b", 3) + "\xff\xfe";
  record.signers = {"", "\u00e9 (x)", "a"};
  record.images = {{"", "", "", {"", "k"}, ""}};
  const auto state = State::open_or_create(file.path());
  state->commit(record, {update_to(2, "gun with ' and \"")}, std::nullopt);
  REQUIRE(state->history(1).at(0) == record);
  REQUIRE(version_in(*state, "gun with ' and \"") == 2);
}

TEST_CASE("an opened reader sees later commits and cannot write") {
  const StateFile file;
  const auto writer = State::open_or_create(file.path());
  const auto reader = State::open_existing(file.path());
  writer->remember({update_to(5)});
  REQUIRE(version_in(*reader) == 5);
  REQUIRE(error_of([&] { reader->remember({update_to(6)}); }));
  REQUIRE(version_in(*writer) == 5);
}

TEST_CASE("seen merges identities by the highest version") {
  const StateFile file;
  const auto state = State::open_or_create(file.path());
  const std::string a = sample_hex(1);
  const std::string b = sample_hex(2);
  state->remember({{"g", {a}, {{"targets", seen_role(3, 3)}, {"snapshot", seen_role(9, 9)}}}});
  state->remember({{"g", {b}, {{"targets", seen_role(7, 7)}, {"root", seen_role(2, 2)}}}});
  state->remember({{"other", {a}, {{"targets", seen_role(50, 50)}}}});
  const auto both = state->seen("g", {a, b});
  REQUIRE(both == state->seen("g", {b, a}));
  REQUIRE(both.size() == 3);
  REQUIRE(both.at("targets") == seen_role(7, 7));
  REQUIRE(both.at("snapshot") == seen_role(9, 9));
  REQUIRE(both.at("root") == seen_role(2, 2));
  REQUIRE(state->seen("g", {a}).at("targets") == seen_role(3, 3));
  REQUIRE(state->seen("g", {}).empty());
  REQUIRE(state->seen("g", {sample_hex(9)}).empty());
  REQUIRE(state->seen("G", {a}).empty());
}

TEST_CASE("an update counts for all its identities") {
  const StateFile file;
  const auto state = State::open_or_create(file.path());
  const std::string a = sample_hex(1);
  const std::string b = sample_hex(2);
  state->remember({{"g", {a, b}, {{"targets", seen_role(5, 5)}}}});
  REQUIRE(state->seen("g", {a}) == state->seen("g", {b}));
  // The older chain knows only the first key set, and is caught by it.
  REQUIRE_ERROR(rollback, state->remember({{"g", {a}, {{"targets", seen_role(4, 4)}}}}));
  REQUIRE_ERROR(rollback, state->remember({{"g", {sample_hex(3), b}, {{"targets", seen_role(4, 4)}}}}));
  REQUIRE_NOTHROW(state->remember({{"g", {sample_hex(3)}, {{"targets", seen_role(4, 4)}}}}));
}

TEST_CASE("what is refused changes nothing") {
  const StateFile file;
  const auto state = State::open_or_create(file.path());
  state->commit(sample_record("b1"), {update_to(5)}, Time{100, 0});
  const auto before = file.bytes();
  const auto commit = [&](const SeenUpdate& update) {
    return error_of([&] { state->commit(sample_record("b2"), {update_to(8, "new.test/x"), update}, Time{200, 0}); });
  };
  REQUIRE(commit(update_to(4)) == ErrorCode::rollback);
  SeenUpdate fork = update_to(5);
  fork.roles["timestamp"] = seen_role(5, 99);
  REQUIRE(commit(fork) == ErrorCode::equivocation);
  SeenUpdate bad = update_to(6);
  bad.root_identities.clear();
  REQUIRE(commit(bad) == ErrorCode::internal);
  bad = update_to(0);
  REQUIRE(commit(bad) == ErrorCode::internal);
  bad = update_to(6);
  bad.roles["targets"] = {3, {}};
  REQUIRE(commit(bad) == ErrorCode::internal);
  bad = update_to(6);
  bad.roles["targets"] = seen_role(UINT64_MAX, 1);
  REQUIRE(commit(bad) == ErrorCode::limit_exceeded);
  bad = update_to(6);
  bad.root_identities = {"short"};
  REQUIRE(commit(bad) == ErrorCode::internal);
  REQUIRE_ERROR(rollback, state->remember({update_to(8, "new.test/x"), update_to(4)}));
  REQUIRE(file.bytes() == before);
  REQUIRE(state->history(9).size() == 1);
  REQUIRE(state->clock_floor() == Time{100, 0});
}

TEST_CASE("an allowed rollback is recorded and lowers nothing") {
  const StateFile file;
  const auto state = State::open_or_create(file.path());
  state->remember({update_to(5)});
  HistoryRecord record = sample_record("b1");
  record.rollback_reason = "going back on purpose";
  SeenUpdate mixed = update_to(4);
  mixed.roles["targets"] = seen_role(30, 30);
  state->commit(record, {mixed, update_to(2, "b.test/app")}, Time{10, 0});
  REQUIRE(version_in(*state) == 5);
  REQUIRE(state->seen("a.test/app", {sample_hex(1)}).size() == 1);
  REQUIRE(version_in(*state, "b.test/app") == 2);
  REQUIRE(state->history(1).at(0) == record);
  SeenUpdate fork = update_to(5);
  fork.roles["timestamp"] = seen_role(5, 99);
  REQUIRE_ERROR(equivocation, state->commit(record, {fork}, std::nullopt));
}

TEST_CASE("images become visible inside the commit, and only when it can be made") {
  const StateFile file;
  const auto state = State::open_or_create(file.path());
  unsigned published = 0;
  state->commit(sample_record("b1"), {update_to(5)}, Time{1, 0}, [&] { ++published; });
  REQUIRE(published == 1);
  const auto before = file.bytes();
  REQUIRE_ERROR(rollback, state->commit(sample_record("b2"), {update_to(4)}, Time{2, 0}, [&] { ++published; }));
  REQUIRE(published == 1);
  const auto fail = [] { throw base::Error(ErrorCode::conflict, "something is in the way"); };
  REQUIRE_ERROR(conflict, state->commit(sample_record("b2"), {update_to(6)}, Time{2, 0}, fail));
  REQUIRE(file.bytes() == before);
  REQUIRE(version_in(*state) == 5);
  REQUIRE(state->history(9).size() == 1);
  state->commit(sample_record("b2"), {update_to(6)}, Time{2, 0}, [&] { ++published; });
  REQUIRE(published == 2);
}

TEST_CASE("content counts under each root identity of a walk, in whatever order they stand") {
  const StateFile file;
  const auto state = State::open_or_create(file.path());
  const auto under = [](std::vector<std::string> identities, unsigned content) {
    return SeenUpdate{"a.test/app", std::move(identities), {{"timestamp", seen_role(5, content)}}};
  };
  state->remember({under({sample_hex(1)}, 50)});
  state->remember({under({sample_hex(2)}, 51)});
  for (const unsigned content : {50U, 51U}) {
    REQUIRE_ERROR(equivocation, state->remember({under({sample_hex(1), sample_hex(2)}, content)}));
    REQUIRE_ERROR(equivocation, state->remember({under({sample_hex(2), sample_hex(1)}, content)}));
  }
}

TEST_CASE("the same versions again are fine") {
  const StateFile file;
  const auto state = State::open_or_create(file.path());
  for (int i = 0; i < 3; ++i) state->commit(sample_record("b"), {update_to(5), update_to(5)}, Time{10, 0});
  REQUIRE(version_in(*state) == 5);
  REQUIRE(state->history(9).size() == 3);
}

TEST_CASE("the clock floor only rises") {
  const StateFile file;
  const auto state = State::open_or_create(file.path());
  const auto after = [&](Time floor) {
    state->commit(sample_record("b"), {}, floor);
    return *state->clock_floor();
  };
  REQUIRE(after({-5, 0}) == Time{-5, 0});
  REQUIRE(after({100, 5}) == Time{100, 5});
  REQUIRE(after({100, 4}) == Time{100, 5});
  REQUIRE(after({99, 9}) == Time{100, 5});
  REQUIRE(after({100, 6}) == Time{100, 6});
  state->commit(sample_record("b"), {}, std::nullopt);
  REQUIRE(state->clock_floor() == Time{100, 6});
}

TEST_CASE("the database itself refuses to forget") {
  const StateFile file;
  State::open_or_create(file.path())->commit(sample_record("b"), {update_to(5)}, Time{100, 0});
  const auto before = file.bytes();
  for (const char* sql :
       {"UPDATE seen SET version = 4", "UPDATE seen SET gun = 'x', version = 9", "UPDATE seen SET sha256 = sum",
        "DELETE FROM seen", "UPDATE clock SET seconds = 99", "DELETE FROM clock", "DELETE FROM whole",
        "DELETE FROM import", "UPDATE import SET bundle_id = 'x'", "DELETE FROM import_signer",
        "UPDATE import_signer SET signer = 'x'", "DELETE FROM import_image", "UPDATE import_image SET digest = 'x'",
        "DELETE FROM import_key", "UPDATE import_key SET key_id = 'x'",
        "INSERT INTO seen VALUES ('x','g','r',1,'x','x')", "INSERT INTO clock VALUES (2,1,1,'x')"}) {
    CAPTURE(sql);
    REQUIRE_THROWS(test::run_sql(file.path(), sql));
    REQUIRE(file.bytes() == before);
  }
}

TEST_CASE("no sequence of commits lowers a version") {
  const StateFile file;
  const auto state = State::open_or_create(file.path());
  std::map<std::string, std::uint64_t> highest;
  std::optional<Time> floor;
  std::size_t records = 0;
  rc::check([&] {
    const std::string gun = *rc::gen::element<std::string>("g1", "g2");
    const auto version = *rc::gen::inRange<std::uint64_t>(1, 40);
    const bool allowed = *rc::gen::arbitrary<bool>();
    const Time proposed{*rc::gen::inRange<std::int64_t>(0, 50), 0};
    HistoryRecord record = sample_record("b");
    if (allowed) record.rollback_reason = "why not";
    const auto before = file.bytes();
    const auto error = error_of([&] { state->commit(record, {update_to(version, gun)}, proposed); });
    const bool older = version < highest[gun];
    RC_ASSERT(error == (older && !allowed ? std::optional(ErrorCode::rollback) : std::nullopt));
    if (error) {
      RC_ASSERT(file.bytes() == before);
    } else {
      highest[gun] = std::max(highest[gun], version);
      floor = std::max(floor.value_or(proposed), proposed);
      ++records;
    }
    RC_ASSERT(version_in(*state, gun) == highest[gun]);
    RC_ASSERT(state->clock_floor() == floor);
    RC_ASSERT(state->history(SIZE_MAX).size() == records);
  });
}

TEST_CASE("where the state is kept") {
  {
    const Variable state("XDG_STATE_HOME", "/x/state");
    REQUIRE(trust::default_state_path() == "/x/state/gapstow/state.db");
  }
  for (const char* unusable : {"", "relative", static_cast<const char*>(nullptr)}) {
    const Variable state("XDG_STATE_HOME", unusable);
    const Variable home("HOME", "/home/me");
    const std::string path = trust::default_state_path();
    REQUIRE((path == "/var/lib/gapstow/state.db" || path == "/home/me/.local/state/gapstow/state.db"));
  }
}

}  // namespace
