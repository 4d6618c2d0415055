// Runs every vector of formats/vectors/bundle/ through both readers, and holds the files against their generator.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "gapstow/base/encoding.h"
#include "gapstow/bundle/parts.h"
#include "gapstow/bundle/reader.h"
#include "support/error_of.h"
#include "vectors/bundle_forge.h"

namespace gapstow {
namespace {

const std::filesystem::path kFormats = std::filesystem::path(GAPSTOW_SOURCE_DIR) / "formats";

std::string load(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// By name, without ".vec".
std::map<std::string, test::VectorFile> vector_files() {
  std::map<std::string, test::VectorFile> files;
  for (const auto& item : std::filesystem::directory_iterator(kFormats / "vectors" / "bundle")) {
    INFO(item.path());
    REQUIRE(item.path().extension() == ".vec");
    files[item.path().stem().string()] = test::parse_vector(load(item.path()));
  }
  return files;
}

std::string verdict(const test::ReadOutcome& outcome) {
  return outcome.code ? std::string(base::name(*outcome.code)) : "ok";
}

/// Every header line is used; an unknown one fails.
void run_vector(const test::VectorFile& file, const std::string& specification) {
  test::VectorHeader header(file);
  const std::string expect = header.take("expect");
  CHECK((expect == "ok" || base::error_code_from_name(expect)));
  CHECK(!header.take("comment").empty());
  CHECK(header.take("compressed") == "zstd");
  CHECK(specification.find("\n## " + header.take("spec") + "\n") != std::string::npos);
  bundle::SealPolicy policy;
  for (const std::string& key : header.take_all("key")) {
    policy.trusted.push_back(sign::PublicKey::from_spki_der(base::from_base64(key)));
  }
  policy.threshold = static_cast<unsigned>(std::stoul(header.take_or("threshold", "1")));
  if (expect == "ok") {
    base::MemorySource source(file.bytes);
    const bundle::Seal seal = bundle::read_seal(source);
    CHECK(base::format_time(seal.claimed().sealed_at) == header.take("time"));
    CHECK(seal.bundle_id().hex() == header.take("bundle"));
  }
  CHECK_NOTHROW(header.done());

  const auto streamed = test::stream_outcome(file.bytes, policy);
  INFO(streamed.line);
  CHECK(verdict(streamed) == expect);
  for (const unsigned jobs : {1U, 3U}) {
    const auto read = test::file_outcome(file.bytes, policy, jobs);
    CHECK(verdict(read) == expect);
    CHECK(read.line == streamed.line);
  }
}

TEST_CASE("Every vector gets its verdict from both readers") {
  const std::string specification = load(kFormats / "bundle.md");
  const auto files = vector_files();
  CHECK(files.size() > 100);
  for (const auto& [name, file] : files) {
    INFO(name);
    CHECK_NOTHROW(run_vector(file, specification));
  }
}

TEST_CASE("The vectors are what their generator makes") {
  const auto files = vector_files();
  const auto made = test::bundle_vectors();
  std::set<std::string> names;
  for (const test::BundleVector& vector : made) {
    INFO(vector.name);
    CHECK(names.insert(vector.name).second);
    REQUIRE(files.contains(vector.name));
    CHECK(files.at(vector.name) == test::to_vector_file(vector));
  }
  CHECK(names.size() == files.size());
}

TEST_CASE("A vector with an unknown header line is refused") {
  test::VectorFile file = vector_files().at("ok-example");
  file.header.emplace_back("released", "nothing");
  test::VectorHeader header(file);
  for (const char* name : {"expect", "spec", "comment", "time", "bundle", "compressed"}) header.take(name);
  header.take_all("key");
  CHECK_THROWS(header.done());
}

TEST_CASE("The worked example of the specification is the vector") {
  const std::string specification = load(kFormats / "bundle.md");
  const base::Bytes bytes = test::example_bundle();
  CHECK(vector_files().at("ok-example").bytes == bytes);
  base::MemorySource source(bytes);
  const bundle::Seal seal = bundle::read_seal(source);
  CHECK(specification.find(base::as_text(seal.envelope().payload)) != std::string::npos);
  for (const std::string& value :
       {digest::sha256(bytes).hex(), seal.bundle_id().hex(), std::to_string(bytes.size()),
        base::hex(seal.envelope().signatures[0].value), base::hex(base::ByteView(bytes).first(16)),
        seal.envelope().signatures[0].key.fingerprint()}) {
    INFO(value);
    CHECK(specification.find(value) != std::string::npos);
  }
}

TEST_CASE("The part header of the specification is what is written") {
  bundle::PartHeader header;
  header.bundle = digest::sha256(base::as_bytes("statement"));
  header.number = 2;
  header.count = 3;
  header.offset = 3584;
  header.size = 3584;
  header.total = 9000;
  header.sha256 = digest::sha256(base::as_bytes("content"));
  const base::Bytes bytes = bundle::write_part_header(header);
  std::string text(base::as_text(bytes));
  text.erase(text.find(' '));
  CHECK(load(kFormats / "bundle.md").find("\n" + text + "\n") != std::string::npos);
}

}  // namespace
}  // namespace gapstow
