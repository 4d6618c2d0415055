// Runs every vector of formats/vectors/tuf/, and holds the files against their generator.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "gapstow/base/error.h"
#include "gapstow/tuf/dialect.h"
#include "gapstow/tuf/inspect.h"
#include "vectors/tuf_faults.h"

namespace gapstow {
namespace {

const std::filesystem::path kVectors = std::filesystem::path(GAPSTOW_SOURCE_DIR) / "formats/vectors/tuf";
constexpr std::uintmax_t kMostBytes = 6U << 20;

std::string load(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// By name, without ".json".
std::map<std::string, std::string> vector_files() {
  std::map<std::string, std::string> files;
  for (const auto& item : std::filesystem::directory_iterator(kVectors)) {
    INFO(item.path());
    if (item.path().filename() == "README.md") continue;
    REQUIRE(item.path().extension() == ".json");
    files[item.path().stem().string()] = load(item.path());
  }
  return files;
}

void check_report(const test::VectorReport& found, const test::VectorReport& expected) {
  CHECK(found.role == expected.role);
  CHECK(found.sha256 == expected.sha256);
  CHECK(found.length == expected.length);
  CHECK(found.differing_roles == expected.differing_roles);
  CHECK(found.unsigned_members == expected.unsigned_members);
  for (const auto& [role, key_ids] : expected.signed_by) {
    REQUIRE(found.signed_by.contains(role));
    CHECK(found.signed_by.at(role) == key_ids);
  }
}

TEST_CASE("Every vector of a chain gets its verdict") {
  std::map<unsigned, std::size_t> groups;
  std::uintmax_t bytes = 0;
  for (const auto& [name, text] : vector_files()) {
    CAPTURE(name);
    bytes += text.size();
    const auto vector = test::parse_tuf_vector(name, text);
    ++groups[vector.group];
    CHECK((vector.expect == "ok" || base::error_code_from_name(vector.expect)));
    const auto outcome = test::judge(vector);
    CAPTURE(outcome.why);
    CHECK(outcome.verdict == vector.expect);
    CHECK(outcome.lapsed == vector.lapsed);
    if (vector.expect == "ok") check_report(outcome.report, vector.report);
    const auto& dialect = vector.dialect == "notary-v1" ? tuf::notary_v1() : tuf::tuf_v1();
    CHECK_NOTHROW(tuf::inspect_chain(vector.files, dialect));
  }
  CHECK(groups.size() == 17);  // 0: chains without fault
  CHECK(bytes < kMostBytes);
}

TEST_CASE("The vectors of chains are what their generator makes") {
  const auto files = vector_files();
  std::set<std::string> names;
  for (const auto& vector : test::tuf_vectors()) {
    CAPTURE(vector.name);
    CHECK(names.insert(vector.name).second);
    REQUIRE(files.contains(vector.name));
    CHECK((files.at(vector.name) == test::write_tuf_vector(vector)));
  }
  CHECK(names.size() == files.size());
}

TEST_CASE("A vector with an unknown member is refused") {
  auto text = vector_files().at("good-notary-v1-plain");
  CHECK_NOTHROW(test::parse_tuf_vector("good", text));
  text.insert(text.find('{') + 1, "\"released\": 1,");
  CHECK_THROWS_AS(test::parse_tuf_vector("good", text), base::Error);
}

}  // namespace
}  // namespace gapstow
