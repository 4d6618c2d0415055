// Databases damaged page by page, rows that no gapstow writes, and journals that belong to something else: one class of
// error with a way to go on, or nothing lost. Never a crash, never an empty state, never an older version.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "gapstow/trust/state.h"
#include "support/error_of.h"
#include "support/trust_samples.h"
#include "support/trust_state_file.h"

namespace {

using namespace gapstow;
using base::Bytes;
using base::ErrorCode;
using base::Time;
using test::run_sql;
using test::sample_hex;
using test::sample_record;
using test::StateFile;
using test::update_to;
using trust::State;

constexpr std::size_t kPage = 4096;
constexpr std::uint64_t kImports = 30;

/// Trees of more than one level.
void fill(const StateFile& file) {
  const auto state = State::open_or_create(file.path());
  for (std::uint64_t i = 1; i <= kImports; ++i) {
    std::vector<trust::SeenUpdate> updates{update_to(i)};
    updates.push_back(update_to(i, "a.test/" + std::string(60, 'x') + std::to_string(i)));
    state->commit(sample_record("bundle " + std::to_string(i)), updates, Time{static_cast<std::int64_t>(i), 0});
  }
}

struct Content {
  tuf::SeenRoles seen;
  std::optional<Time> floor;
  std::vector<trust::HistoryRecord> history;
};

/// Everything; throws what State throws.
Content content_of(const std::string& path) {
  const auto state = State::open_existing(path);
  REQUIRE(state != nullptr);
  return {state->seen("a.test/app", {sample_hex(1)}), state->clock_floor(), state->history(SIZE_MAX)};
}

/// True when it is refused as it must be; else it must hold all that was there.
bool is_refused(const StateFile& file, const Content& before) {
  try {
    const Content found = content_of(file.path());
    REQUIRE(found.seen == before.seen);
    REQUIRE(found.floor == before.floor);
    REQUIRE(found.history == before.history);
    return false;
  } catch (const base::Error& error) {
    INFO(error.line());
    REQUIRE(error.code() == ErrorCode::state_unavailable);
    REQUIRE_FALSE(error.hint().empty());
    return true;
  }
}

Bytes page_of(const Bytes& whole, std::size_t page) {
  const auto from = whole.begin() + static_cast<std::ptrdiff_t>(page * kPage);
  return {from, from + kPage};
}

Bytes with_page(Bytes whole, std::size_t page, const Bytes& content) {
  std::ranges::copy(content, whole.begin() + static_cast<std::ptrdiff_t>(page * kPage));
  return whole;
}

bool all_steps() { return std::getenv("GAPSTOW_ALL_STEPS") != nullptr; }

TEST_CASE("a page that is zeroed, filled or another one is refused") {
  const StateFile file;
  fill(file);
  const Content before = content_of(file.path());
  const Bytes whole = file.bytes();
  const std::size_t pages = whole.size() / kPage;
  REQUIRE(pages > 12);
  for (std::size_t page = 0; page < pages; ++page) {
    CAPTURE(page);
    for (const std::byte fill_byte : {std::byte{0}, std::byte{0xFF}}) {
      file.write(with_page(whole, page, Bytes(kPage, fill_byte)));
      REQUIRE(is_refused(file, before));
    }
    for (const std::size_t other : {std::size_t{0}, (page + 1) % pages, (page + pages / 2) % pages}) {
      if (other == page) continue;
      file.write(with_page(whole, page, page_of(whole, other)));
      REQUIRE(is_refused(file, before));
    }
  }
}

TEST_CASE("a file cut or lengthened at a page is refused") {
  const StateFile file;
  fill(file);
  const Content before = content_of(file.path());
  const Bytes whole = file.bytes();
  for (std::size_t length = 0; length < whole.size(); length += kPage) {
    for (const std::size_t more : {std::size_t{0}, std::size_t{1}, kPage / 2, kPage - 1}) {
      file.write(base::ByteView(whole).first(length + more));
      CAPTURE(length, more);
      REQUIRE(is_refused(file, before));
      REQUIRE_ERROR(state_unavailable, State::open_or_create(file.path()));
    }
  }
  for (const std::size_t more : {std::size_t{1}, std::size_t{512}, kPage, 3 * kPage}) {
    Bytes longer = whole;
    longer.resize(whole.size() + more, std::byte{0x5A});
    file.write(longer);
    is_refused(file, before);
  }
}

TEST_CASE("garbage in the header is refused or changes nothing") {
  const StateFile file;
  fill(file);
  const Content before = content_of(file.path());
  const Bytes whole = file.bytes();
  std::size_t refused = 0;
  for (std::size_t at = 0; at < 100; ++at) {
    for (const std::byte value : {std::byte{0}, std::byte{1}, std::byte{2}, std::byte{0x7F}, std::byte{0xFF}}) {
      Bytes changed = whole;
      changed[at] = value;
      if (changed == whole) continue;
      CAPTURE(at, static_cast<int>(value));
      file.write(changed);
      refused += is_refused(file, before) ? 1U : 0U;
      std::filesystem::remove(file.path() + "-wal");
      std::filesystem::remove(file.path() + "-shm");
    }
  }
  REQUIRE(refused > 150);
}

TEST_CASE("any changed byte is refused or changes nothing") {
  const StateFile file;
  State::open_or_create(file.path())->commit(sample_record("b"), {update_to(5)}, Time{100, 0});
  const Content before = content_of(file.path());
  const Bytes whole = file.bytes();
  const std::size_t stride = all_steps() ? 1 : 37;
  for (std::size_t at = 0; at < whole.size(); at += stride) {
    for (const std::byte change : {std::byte{0x01}, std::byte{0x80}, std::byte{0xFF}}) {
      Bytes changed = whole;
      changed[at] ^= change;
      CAPTURE(at, static_cast<int>(change));
      file.write(changed);
      is_refused(file, before);
      std::filesystem::remove(file.path() + "-wal");
      std::filesystem::remove(file.path() + "-shm");
    }
  }
}

/// Puts a value into a column that would not take it, and leaves the schema as it was.
void put(const StateFile& file, const std::string& table, const std::string& change) {
  run_sql(file.path(), "PRAGMA writable_schema=ON; CREATE TABLE kept AS SELECT * FROM sqlite_schema;");
  run_sql(file.path(),
          "PRAGMA writable_schema=ON; DELETE FROM sqlite_schema WHERE type = 'trigger';"
          "UPDATE sqlite_schema SET sql = (CASE name WHEN 'seen' THEN 'CREATE TABLE seen (root_identity, gun, role, "
          "version, "
          "sha256, sum, PRIMARY KEY (root_identity, gun, role)) WITHOUT ROWID' ELSE 'CREATE TABLE clock (id INTEGER "
          "PRIMARY "
          "KEY, seconds, nanoseconds, sum)' END) WHERE name = '" +
              table + "'");
  run_sql(file.path(), change);
  run_sql(file.path(),
          "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = (SELECT sql FROM kept WHERE kept.name = '" +
              table + "') WHERE name = '" + table +
              "'; INSERT INTO sqlite_schema SELECT * FROM kept WHERE type = 'trigger'");
  run_sql(file.path(), "DROP TABLE kept");
}

TEST_CASE("rows that no gapstow writes are refused") {
  for (const char* value :
       {"-1", "0", "1", "4", "6", "9223372036854775807", "'5'", "'many'", "x'05'", "5.5", "1e300"}) {
    const StateFile file;
    State::open_or_create(file.path())->commit(sample_record("b"), {update_to(5)}, Time{100, 0});
    put(file, "seen", std::string("UPDATE seen SET version = ") + value);
    CAPTURE(value);
    REQUIRE_ERROR(state_unavailable, State::open_existing(file.path()));
    REQUIRE_ERROR(state_unavailable, State::open_or_create(file.path()));
  }
  for (const char* change :
       {"UPDATE seen SET sha256 = NULL", "UPDATE seen SET version = NULL", "UPDATE seen SET gun = x'00'",
        "UPDATE seen SET sum = ''", "UPDATE seen SET root_identity = 'short'"}) {
    const StateFile file;
    State::open_or_create(file.path())->commit(sample_record("b"), {update_to(5)}, Time{100, 0});
    put(file, "seen", change);
    CAPTURE(change);
    REQUIRE_ERROR(state_unavailable, State::open_existing(file.path()));
  }
  for (const char* change :
       {"UPDATE clock SET seconds = NULL", "UPDATE clock SET seconds = '100'", "UPDATE clock SET seconds = 99",
        "UPDATE clock SET nanoseconds = -1", "UPDATE clock SET id = 7", "UPDATE clock SET seconds = 1e300"}) {
    const StateFile file;
    State::open_or_create(file.path())->commit(sample_record("b"), {update_to(5)}, Time{100, 0});
    put(file, "clock", change);
    CAPTURE(change);
    REQUIRE_ERROR(state_unavailable, State::open_existing(file.path()));
  }
}

TEST_CASE("a journal without its database is no fresh start") {
  const StateFile file;
  fill(file);
  std::filesystem::rename(file.path(), file.path() + ".damaged");
  for (const char* ending : {"-journal", "-wal"}) {
    const std::string journal = file.path() + ending;
    std::filesystem::copy_file(file.path() + ".damaged", journal);
    CAPTURE(ending);
    REQUIRE_ERROR(state_unavailable, State::open_existing(file.path()));
    REQUIRE_ERROR(state_unavailable, State::open_or_create(file.path()));
    REQUIRE_FALSE(std::filesystem::exists(file.path()));
    std::filesystem::remove(journal);
  }
  REQUIRE(State::open_existing(file.path()) == nullptr);
  State::open_or_create(file.path());
}

TEST_CASE("a journal of something else does no harm") {
  const StateFile file;
  fill(file);
  const Content before = content_of(file.path());
  const Bytes whole = file.bytes();
  for (const std::string& journal : {std::string(), std::string("x"), std::string(512, '\0'), std::string(5000, 'j'),
                                     std::string("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8) + std::string(504, '\xff')}) {
    for (const char* ending : {"-journal", "-wal"}) {
      file.write(whole);
      const StateFile beside;
      beside.write(base::as_bytes(journal));
      std::filesystem::copy_file(beside.path(), file.path() + ending);
      CAPTURE(journal.size(), ending);
      is_refused(file, before);
      for (const char* left : {"-journal", "-wal", "-shm"}) std::filesystem::remove(file.path() + left);
    }
  }
}

TEST_CASE("a journal cut at any length never gives an older version") {
  const StateFile source;
  fill(source);
  const Content before = content_of(source.path());
  const StateFile half;
  test::with_write_lock(
      source.path(),
      [&] {
        std::filesystem::copy(source.path(), half.path());
        std::filesystem::copy(source.path() + "-journal", half.path() + "-journal");
        return 0;
      },
      "PRAGMA cache_size=1; UPDATE seen SET version = version + 1, gun = gun;"
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
      "INSERT INTO import_signer SELECT 1, i, 'half' FROM n WHERE i > 10");
  const Bytes database = half.bytes();
  base::SystemFs fs;
  const Bytes journal = base::read_file(fs, half.path() + "-journal", 64 << 20);
  REQUIRE(journal.size() > 4 * kPage);
  const std::size_t stride = all_steps() ? 97 : 2111;
  for (std::size_t length = 0; length <= journal.size(); length += stride) {
    const StateFile file;
    file.write(database);
    const StateFile cut;
    cut.write(base::ByteView(journal).first(length));
    std::filesystem::copy_file(cut.path(), file.path() + "-journal");
    CAPTURE(length);
    is_refused(file, before);
  }
}

TEST_CASE("a database that another program left in WAL mode keeps all it knows") {
  const StateFile source;
  fill(source);
  run_sql(source.path(), "PRAGMA journal_mode=WAL");
  const Content before = content_of(source.path());
  REQUIRE(before.history.size() == kImports);
  State::open_or_create(source.path())->commit(sample_record("next"), {update_to(kImports + 1)}, Time{500, 0});
  REQUIRE(test::version_in(*State::open_existing(source.path())) == kImports + 1);
  REQUIRE(source.names() == std::vector<std::string>{"state.db"});
}

}  // namespace
