// Every named spoiling of every role in both dialects, fresh and with the publication before known, against the table.
#include <catch2/catch.hpp>
#include <set>

#include "gapstow/tuf/dialect.h"
#include "gapstow/tuf/inspect.h"
#include "support/error_of.h"
#include "support/spoiling_lab.h"
#include "support/spoiling_table.h"

using namespace gapstow;
using test::Reading;
using test::SpoilingLab;
using test::SpoilingTable;

namespace {

/// Calls visit(spoiling, role's place in roles(), whether there is such a thing) for all of a dialect.
template <typename Visit>
void for_all(const SpoilingLab& lab, const Visit& visit) {
  for (const auto& spoiling : test::spoilings()) {
    for (std::size_t role = 0; role < SpoilingLab::roles().size(); ++role) {
      visit(spoiling, role, lab.applies(spoiling, SpoilingLab::roles()[role]));
    }
  }
}

std::vector<Reading> readings_of(const std::string& dialect) {
  std::vector<Reading> chosen;
  for (const auto& reading : SpoilingLab::readings()) {
    if (reading.dialect == dialect) chosen.push_back(reading);
  }
  return chosen;
}

/// The role's file is that of the publication before, or is forgotten because its keys were withdrawn. A root that has
/// lapsed is stored: the one after it may not have.
bool is_kept(const SpoilingLab& lab, const std::string& role, const std::string& verdict) {
  const auto& now = lab.client_store().files;
  const auto& before = lab.store_before().files;
  if (role == "root" && verdict == "expired") return true;
  const auto found = now.find(role);
  return found == now.end() || before.at(role) == found->second;
}

}  // namespace

TEST_CASE("spoilings have names of their own, and are many") {
  std::set<std::string> names;
  for (const auto& spoiling : test::spoilings()) CHECK(names.insert(spoiling.name).second);
  CHECK(names.size() >= 100);
}

TEST_CASE("both publications are good before one is spoiled") {
  for (const auto& reading : SpoilingLab::readings()) {
    const SpoilingLab lab(reading.dialect);
    CHECK(test::word_for(lab.verdict(lab.good(), lab.good().build(), reading)) == "ok");
    CHECK(test::word_for(lab.verdict(lab.before(), lab.before().build(), reading)) == "target_missing");
  }
}

TEST_CASE("every spoiling of every role gives what the table says") {
  auto table = SpoilingTable::read();
  for (const std::string dialect : {"notary-v1", "tuf-1.0"}) {
    const SpoilingLab lab(dialect);
    for_all(lab, [&](const auto& spoiling, std::size_t role, bool applies) {
      const auto& role_word = SpoilingLab::roles()[role];
      const auto repository = applies ? lab.spoiled(spoiling, role_word) : lab.good().clone();
      const auto files = repository->build();
      if (applies) CHECK_NOTHROW(tuf::inspect_chain(files, repository->dialect()));
      for (const auto& reading : readings_of(dialect)) {
        const auto cell = table.look_up(spoiling.name, reading, role);
        CAPTURE(spoiling.name, role_word, reading.dialect, reading.reader, reading.state, cell ? cell->line : 0);
        if (!applies) {
          CHECK((!cell || cell->expected == "-"));
          continue;
        }
        const auto verdict = test::word_for(lab.verdict(*repository, files, reading));
        CHECK((cell ? cell->expected : "a line of the table") == verdict);
        const bool was_client = reading.reader == "client" && reading.state == "known" && verdict != "ok";
        if (was_client) CHECK(is_kept(lab, lab.role_name(role_word), verdict));
      }
    });
  }
  for (const auto& cell : table.unused()) FAIL_CHECK("nothing gives this cell: " << cell);
}
