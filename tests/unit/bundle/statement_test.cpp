#include "gapstow/bundle/statement.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <functional>

#include "gapstow/base/error.h"
#include "support/bundle_maker.h"
#include "support/error_of.h"

namespace gapstow {
namespace {

using base::ErrorCode;
using bundle::Statement;

Statement good() {
  Statement statement = test::small_content().statement;
  statement.seal_size = 4096;
  return statement;
}

std::optional<ErrorCode> code_of(base::ByteView payload) {
  return test::error_of([&] { bundle::parse_statement(payload); });
}

std::optional<ErrorCode> code_of(const std::function<void(Statement&)>& spoil) {
  Statement statement = good();
  spoil(statement);
  return code_of(bundle::write_statement(statement));
}

/// The code for the text of a good statement in which `from` is replaced once.
std::optional<ErrorCode> code_of(const std::string& from, const std::string& to) {
  const base::Bytes payload = bundle::write_statement(good());
  std::string text(base::as_text(payload));
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
  return code_of(base::as_bytes(text));
}

digest::Digest digest_of(int number) { return digest::sha256(base::as_bytes(std::to_string(number))); }

bundle::Entry blob(int number, std::uint64_t size) {
  return {"blobs/sha256/" + digest_of(number).hex(), size, digest_of(number)};
}

TEST_CASE("A statement is read as it was written") {
  const Statement statement = good();
  CHECK(bundle::parse_statement(bundle::write_statement(statement)) == statement);
}

TEST_CASE("A statement with every optional thing is read as it was written") {
  Statement statement = good();
  statement.images[0].left_out = {digest::Digest::from_sha256_hex(std::string(64, '1')),
                                  digest::Digest::from_sha256_hex(std::string(64, '2'))};
  statement.images[0].platforms = {"linux/amd64", "linux/arm64"};
  statement.images[0].binding = "diff-ids";
  statement.images[0].proof.reset();
  statement.chains[0].first_use = true;
  statement.chains[0].pin = "";
  statement.checked = {"ignore", base::parse_time("2026-11-22T17:00:00.25Z"), {"timestamp of example.test/app"}};
  statement.entries.insert(statement.entries.begin() + 2, {"manifest.json", 2, digest_of(1)});
  ++statement.metadata_entries;
  CHECK(bundle::parse_statement(bundle::write_statement(statement)) == statement);
}

TEST_CASE("A newer format is told from a damaged one, and first") {
  CHECK(code_of("urn:gapstow:bundle:v1", "urn:gapstow:bundle:v2") == ErrorCode::unsupported);
  CHECK(code_of("in-toto.io/Statement/v1", "in-toto.io/Statement/v2") == ErrorCode::unsupported);
  CHECK(code_of(R"(0.1.0","version":1})", R"(0.1.0","version":2})") == ErrorCode::unsupported);
  CHECK(code_of(R"(0.1.0","version":1})", R"(0.1.0","version":2,"what":{}})") == ErrorCode::unsupported);
  CHECK(code_of(R"("requires":[])", R"("requires":["dictionary"])") == ErrorCode::unsupported);
  CHECK(code_of(R"("requires":[])", R"("requires":[1])") == ErrorCode::malformed);
  CHECK(code_of(R"(0.1.0","version":1})", R"(0.1.0","version":"1"})") == ErrorCode::malformed);
  CHECK(code_of(R"("requires":[],)", "") == ErrorCode::malformed);
}

TEST_CASE("A statement has one spelling") {
  const base::Bytes payload = bundle::write_statement(good());
  const std::string text(base::as_text(payload));
  CHECK(code_of(base::as_bytes(text + "\n")) == ErrorCode::malformed);
  CHECK(code_of(base::as_bytes(" " + text)) == ErrorCode::malformed);
  CHECK(code_of(R"({"_type")", R"({ "_type")") == ErrorCode::malformed);
  CHECK(code_of(R"("tool":"gapstow)", R"("tool":"\u0067apstow)") == ErrorCode::malformed);
  CHECK(code_of(R"("version":1)", R"("version":1,"version":1)") == ErrorCode::malformed);
  CHECK(code_of(R"("version":1)", R"("version":1.0)") == ErrorCode::malformed);
  CHECK(code_of(R"("version":1)", R"("version":1e0)") == ErrorCode::malformed);
  CHECK(code_of(R"("tool":)", R"("toll":1,"tool":)") == ErrorCode::malformed);
  CHECK(code_of("2026-11-22T17:00:00Z", "2026-11-22T17:00:00+00:00") == ErrorCode::malformed);
  CHECK(code_of("2026-11-22T17:00:00Z", "2026-11-22T17:00:00.0Z") == ErrorCode::malformed);
  CHECK(code_of(R"("firstUse":false)", R"("firstUse":null)") == ErrorCode::malformed);
  CHECK(code_of(R"("proof":{)", R"("proof":null,"prooF":{)") == ErrorCode::malformed);
}

TEST_CASE("Subjects are the images") {
  CHECK(code_of(R"("name":"example.test/app:1.1"}])", R"("name":"example.test/app:1.2"}])") == ErrorCode::malformed);
  CHECK(code_of(R"("subject":[)", R"("subject":[{"digest":{"sha256":""},"name":"x"},)") == ErrorCode::malformed);
}

TEST_CASE("Seal size and times have their form") {
  CHECK(code_of([](Statement& s) { s.seal_size = 0; }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.seal_size = 4097; }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.seal_size = bundle::kMaxSealBytes + 512; }) == ErrorCode::limit_exceeded);
  CHECK(code_of([](Statement& s) { s.sealed_at.nanoseconds = 1; }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.checked.expiry_rule = "never"; }) == ErrorCode::malformed);
}

TEST_CASE("Texts are printable and bounded") {
  CHECK(code_of([](Statement& s) { s.tool = ""; }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.tool = "gapstow\n"; }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.chains[0].gun = "\x1b[31m"; }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.chains[0].pin = "\u202E"; }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.tool = std::string(bundle::kMaxTextBytes, 'x'); }) == std::nullopt);
  CHECK(code_of([](Statement& s) { s.tool = std::string(bundle::kMaxTextBytes + 1, 'x'); }) ==
        ErrorCode::limit_exceeded);
  CHECK(code_of(R"("tool":"gapstow)", "\"tool\":\"\xff") == ErrorCode::malformed);
}

TEST_CASE("Entry names are canonical and occur once") {
  for (const std::string& name :
       {std::string("/etc/passwd"), std::string("../x"), std::string("gapstow/trust/0000/../x"), std::string("a//b"),
        std::string("./oci-layout"), std::string("gapstow/seal.json"), std::string("oci-layout/"),
        std::string("index.json"), std::string(300, 'x')}) {
    INFO(name);
    CHECK(code_of([&](Statement& s) { s.entries[0].name = name; }) == ErrorCode::malformed);
    CHECK(code_of([&](Statement& s) { s.entries.push_back({name, 1, digest_of(1)}); }) == ErrorCode::malformed);
  }
  CHECK(code_of([](Statement& s) {
          s.chains[0].files[1].file = "1.root.json";
          s.entries[3].name = s.entries[2].name;
        }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) {
          s.chains[0].files[1].file = "1.root.json/x";
          s.entries[3].name = s.entries[2].name + "/x";
        }) == ErrorCode::malformed);
}

TEST_CASE("Entries stand in their order") {
  CHECK(code_of([](Statement& s) { std::swap(s.entries[0], s.entries[1]); }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { std::swap(s.entries[1], s.entries[2]); }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { std::swap(s.entries[2], s.entries[3]); }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { std::swap(s.entries[3], s.entries[4]); }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { std::swap(s.entries[4], s.entries[5]); }) == std::nullopt);
  CHECK(code_of([](Statement& s) { s.entries.erase(s.entries.begin()); }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.entries.erase(s.entries.begin() + 2); }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.entries.clear(); }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.entries.insert(s.entries.begin() + 3, {"manifest.json", 1, digest_of(1)}); }) ==
        ErrorCode::malformed);
}

TEST_CASE("Blobs are named after their digest and occur once") {
  CHECK(code_of([](Statement& s) { s.entries.back().sha256 = digest_of(1); }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.entries.push_back(s.entries.back()); }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.entries.push_back({"extra.txt", 1, digest_of(1)}); }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.entries.push_back({"blobs/sha512/" + digest_of(1).hex(), 1, digest_of(1)}); }) ==
        ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.entries.push_back(blob(5, 9)); }) == std::nullopt);
}

TEST_CASE("The count of metadata entries covers what is no blob, and what it covers is small") {
  const std::size_t views_and_chain = 4;
  CHECK(code_of([&](Statement& s) { s.metadata_entries = views_and_chain - 1; }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.metadata_entries = s.entries.size(); }) == std::nullopt);
  CHECK(code_of([](Statement& s) { s.metadata_entries = s.entries.size() + 1; }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.entries[0].size = bundle::kMaxMetadataEntryBytes; }) == std::nullopt);
  CHECK(code_of([](Statement& s) { s.entries[0].size = bundle::kMaxMetadataEntryBytes + 1; }) ==
        ErrorCode::limit_exceeded);
}

TEST_CASE("Sizes and their sum are bounded") {
  const std::uint64_t most = 1ULL << 53;
  CHECK(code_of([&](Statement& s) { s.entries.push_back(blob(5, most)); }) == std::nullopt);
  CHECK(code_of([&](Statement& s) { s.entries.push_back(blob(5, most + 1)); }) == ErrorCode::malformed);
  CHECK(code_of([&](Statement& s) {
          for (int i = 0; i < 128; ++i) s.entries.push_back(blob(i, most));
        }) == ErrorCode::limit_exceeded);
  CHECK(code_of([&](Statement& s) {
          for (int i = 0; i < 4096; ++i) s.entries.push_back(blob(i, most));
        }) == ErrorCode::limit_exceeded);
  CHECK(code_of(R"("size":30})", R"("size":-1})") == ErrorCode::malformed);
  CHECK(code_of(R"("size":30})", R"("size":18446744073709551616})") == ErrorCode::malformed);
}

TEST_CASE("Images are named once and their manifests are there") {
  CHECK(code_of([](Statement& s) {
          s.images.clear();
          s.chains.clear();
        }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.images.push_back(s.images[0]); }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) {
          s.images.push_back(s.images[0]);
          s.images[1].reference += "2";
        }) == std::nullopt);
  CHECK(code_of([](Statement& s) { s.images[0].digest = digest_of(1); }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.images[0].size += 1; }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.images[0].binding = "faith"; }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.images[0].reference = ""; }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.images[0].platforms = {"linux/arm64", "linux/amd64"}; }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.images[0].platforms = {"linux/amd64", "linux/amd64"}; }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.images[0].left_out = {digest_of(1), digest_of(1)}; }) == ErrorCode::malformed);
}

TEST_CASE("Proofs name chains that exist, chains have their folders and files") {
  CHECK(code_of([](Statement& s) { s.images[0].proof->chain = 1; }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.images[0].proof->role = ""; }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.chains[0].folder = "gapstow/trust/0001"; }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.chains[0].folder = "gapstow/trust/0"; }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.chains[0].files.pop_back(); }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { std::swap(s.chains[0].files[0], s.chains[0].files[1]); }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.chains[0].root_key_ids = {"b", "a"}; }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) {
          s.chains.push_back(s.chains[0]);
          s.chains[1].folder = "gapstow/trust/0001";
          s.chains[1].files.clear();
        }) == ErrorCode::malformed);
}

TEST_CASE("Counts are bounded") {
  CHECK(code_of([](Statement& s) {
          for (std::size_t i = s.entries.size(); i <= bundle::kMaxEntries; ++i)
            s.entries.push_back({"x", 1, digest_of(1)});
        }) == ErrorCode::limit_exceeded);
  CHECK(code_of([](Statement& s) { s.images.resize(bundle::kMaxImages + 1, s.images[0]); }) ==
        ErrorCode::limit_exceeded);
  CHECK(code_of([](Statement& s) { s.chains.resize(bundle::kMaxChains + 1, s.chains[0]); }) ==
        ErrorCode::limit_exceeded);
  CHECK(code_of([](Statement& s) { s.chains[0].files.resize(bundle::kMaxChainFiles + 1, s.chains[0].files[0]); }) ==
        ErrorCode::limit_exceeded);
  const base::Bytes bomb(100'000, std::byte{'['});
  CHECK(code_of(bomb) == ErrorCode::limit_exceeded);
}

TEST_CASE("What is no JSON is malformed") {
  for (const std::string& text : {std::string(), std::string("{"), std::string("null"), std::string("[]"),
                                  std::string("{}"), std::string("\xef\xbb\xbf{}")}) {
    CHECK(code_of(base::as_bytes(text)) == ErrorCode::malformed);
  }
}

TEST_CASE("Whatever is accepted is written the same again") {
  const base::Bytes payload = bundle::write_statement(good());
  rc::check([&] {
    base::Bytes bytes = payload;
    const int faults = *rc::gen::inRange(1, 3);
    for (int i = 0; i < faults; ++i) {
      const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
      bytes[at] = std::byte{*rc::gen::inRange<unsigned char>(32, 127)};
    }
    try {
      RC_ASSERT(bundle::write_statement(bundle::parse_statement(bytes)) == bytes);
    } catch (const base::Error& error) {
      RC_ASSERT(base::exit_code(error.code()) == 4);
    }
  });
}

}  // namespace
}  // namespace gapstow
