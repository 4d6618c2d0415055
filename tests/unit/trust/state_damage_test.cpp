// Files that are no state database, or are one no more.
#include <catch2/catch.hpp>
#include <filesystem>

#include "gapstow/trust/state.h"
#include "support/error_of.h"
#include "support/faulty_disk.h"
#include "support/trust_samples.h"
#include "support/trust_state_file.h"

namespace {

using namespace gapstow;
using base::Bytes;
using base::ErrorCode;
using base::Time;
using test::error_of;
using test::sample_record;
using test::StateFile;
using test::update_to;
using trust::State;

/// Everything that is in a state.
struct Content {
  tuf::SeenRoles seen;
  std::optional<Time> floor;
  std::vector<trust::HistoryRecord> history;
};

Content content_of(State& state) {
  return {state.seen("a.test/app", {test::sample_hex(1)}), state.clock_floor(), state.history(100)};
}

bool same(const Content& a, const Content& b) {
  return a.seen == b.seen && a.floor == b.floor && a.history == b.history;
}

void fill(const StateFile& file) {
  const auto state = State::open_or_create(file.path());
  state->commit(sample_record("b1"), {update_to(5)}, Time{100, 0});
  state->commit(sample_record("b2"), {update_to(6)}, Time{200, 0});
}

void require_refused_untouched(const StateFile& file) {
  const Bytes before = file.bytes();
  REQUIRE_ERROR(state_unavailable, State::open_existing(file.path()));
  REQUIRE_ERROR(state_unavailable, State::open_or_create(file.path()));
  REQUIRE(file.bytes() == before);
  REQUIRE(file.names() == std::vector<std::string>{"state.db"});
}

TEST_CASE("files of another kind are refused and stay as they are") {
  const StateFile file;
  for (const std::string& text :
       {std::string(), std::string("x"), std::string("SQLite format 3"), std::string("{\"gapstowTrust\":1}\n"),
        std::string(5000, 'a'), std::string(4096, '\0')}) {
    CAPTURE(text.size());
    file.write(base::as_bytes(text));
    require_refused_untouched(file);
  }
}

TEST_CASE("databases of other programs are refused and stay as they are") {
  for (const char* sql : {"CREATE TABLE seen (a)", "PRAGMA application_id=1", "PRAGMA user_version=1"}) {
    const StateFile file;
    test::run_sql(file.path(), sql);
    CAPTURE(sql);
    require_refused_untouched(file);
  }
}

TEST_CASE("a version or shape that is not known is refused") {
  for (const char* sql :
       {"PRAGMA user_version=2", "PRAGMA user_version=0", "PRAGMA user_version=-1", "PRAGMA application_id=0",
        "DROP TRIGGER seen_rises", "CREATE TABLE more (a)", "CREATE INDEX more ON seen (gun)",
        "CREATE TRIGGER more AFTER INSERT ON seen BEGIN SELECT 1; END", "ALTER TABLE clock ADD COLUMN more TEXT"}) {
    const StateFile file;
    fill(file);
    test::run_sql(file.path(), sql);
    CAPTURE(sql);
    require_refused_untouched(file);
  }
}

/// Changes values that a trigger guards, and puts the trigger back as it was.
void change_guarded(const StateFile& file, const std::string& table, const std::string& trigger,
                    const std::string& sql) {
  test::run_sql(file.path(), "CREATE TEMP TABLE kept AS SELECT sql FROM sqlite_schema WHERE name = '" + trigger +
                                 "'; DROP TRIGGER " + trigger + ";" + sql +
                                 ";PRAGMA writable_schema=ON; INSERT INTO sqlite_schema SELECT 'trigger','" + trigger +
                                 "','" + table + "',0,sql FROM kept");
}

TEST_CASE("values changed behind the back of gapstow are noticed") {
  const StateFile file;
  fill(file);
  change_guarded(file, "seen", "seen_rises", "SELECT 1");
  REQUIRE_NOTHROW(State::open_existing(file.path()));
  change_guarded(file, "seen", "seen_rises", "UPDATE seen SET version = 1");
  require_refused_untouched(file);
  change_guarded(file, "seen", "seen_rises", "UPDATE seen SET version = 6");
  REQUIRE_NOTHROW(State::open_existing(file.path()));
  change_guarded(file, "seen", "seen_rises", "UPDATE seen SET gun = 'a.test/bpp'");
  require_refused_untouched(file);
  change_guarded(file, "seen", "seen_rises", "UPDATE seen SET gun = 'a.test/app'");
  change_guarded(file, "clock", "clock_rises", "UPDATE clock SET seconds = 1");
  require_refused_untouched(file);
}

TEST_CASE("history changed behind the back of gapstow is noticed") {
  const StateFile file;
  fill(file);
  test::run_sql(file.path(), "INSERT INTO import_signer VALUES (1, 9, 'mallory')");
  const auto state = State::open_existing(file.path());
  REQUIRE(state->history(1).size() == 1);
  REQUIRE_ERROR(state_unavailable, state->history(2));
}

TEST_CASE("values changed after the state was opened are noticed") {
  const StateFile file;
  fill(file);
  const auto state = State::open_existing(file.path());
  REQUIRE(test::version_in(*state) == 6);
  change_guarded(file, "seen", "seen_rises", "UPDATE seen SET version = 1");
  REQUIRE_ERROR(state_unavailable, test::version_in(*state));
  change_guarded(file, "clock", "clock_rises", "UPDATE clock SET seconds = 1");
  REQUIRE_ERROR(state_unavailable, state->clock_floor());
}

/// Everything in the state by that path, on a disk where reading fails from that call on.
std::optional<ErrorCode> read_on_failing_disk(const std::string& path, std::uint64_t fail_at) {
  const test::FaultyDisk disk(test::FaultyDisk::Kind::reading, fail_at);
  return error_of([&] { content_of(*State::open_existing(path)); });
}

std::uint64_t reads_of(const std::string& path) {
  const test::FaultyDisk disk(test::FaultyDisk::Kind::reading, 0);
  content_of(*State::open_existing(path));
  return disk.calls();
}

TEST_CASE("a disk that cannot be read is no state without memory, and nothing is written to it") {
  const StateFile file;
  fill(file);
  const Bytes before = file.bytes();
  const std::uint64_t reads = reads_of(file.path());
  REQUIRE(reads > 5);
  for (std::uint64_t at = 1; at <= reads; ++at) {
    CAPTURE(at);
    REQUIRE(read_on_failing_disk(file.path(), at) == ErrorCode::state_unavailable);
    const test::FaultyDisk disk(test::FaultyDisk::Kind::reading, at);
    const auto error = error_of(
        [&] { State::open_or_create(file.path())->commit(sample_record("b3"), {update_to(7)}, Time{300, 0}); });
    if (!error) break;  // what was read once may be kept in memory
    REQUIRE(error == ErrorCode::state_unavailable);
    REQUIRE(file.bytes() == before);
  }
  REQUIRE_FALSE(error_of([&] { content_of(*State::open_existing(file.path())); }));
}

TEST_CASE("a database cut at any length is refused") {
  const StateFile file;
  fill(file);
  const Bytes whole = file.bytes();
  for (std::size_t length = 0; length < whole.size(); length += length < 200 ? 1 : 509) {
    file.write(base::ByteView(whole).first(length));
    CAPTURE(length);
    REQUIRE_ERROR(state_unavailable, State::open_existing(file.path()));
    REQUIRE_ERROR(state_unavailable, State::open_or_create(file.path()));
    REQUIRE(file.bytes().size() == length);
  }
}

TEST_CASE("a changed byte is refused or changes nothing") {
  const StateFile file;
  fill(file);
  const Content before = content_of(*State::open_existing(file.path()));
  const Bytes whole = file.bytes();
  std::size_t refused = 0;
  for (std::size_t at = 0; at < whole.size(); at += at < 120 ? 1 : 13) {
    Bytes changed = whole;
    changed[at] ^= std::byte{1} << (at % 8);
    if (whole[at] == std::byte{0} && at % 4096 > 200 && at % 3 != 0) continue;  // mostly unused space
    file.write(changed);
    CAPTURE(at);
    std::optional<Content> found;
    const auto error = error_of([&] { found = content_of(*State::open_existing(file.path())); });
    if (error) {
      REQUIRE(*error == ErrorCode::state_unavailable);
      ++refused;
    } else {
      REQUIRE(same(*found, before));
    }
  }
  REQUIRE(refused > 100);
}

}  // namespace
