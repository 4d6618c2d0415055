// What a statement says of artifacts that belong to images, and of files that travel with a chain.
#include <catch2/catch.hpp>
#include <functional>

#include "gapstow/base/error.h"
#include "gapstow/bundle/statement.h"
#include "support/bundle_maker.h"
#include "support/error_of.h"

namespace gapstow {
namespace {

using base::ErrorCode;
using bundle::AttachmentRecord;
using bundle::Statement;
using bundle::TargetFileRecord;

digest::Digest digest_of(std::string_view text) { return digest::sha256(base::as_bytes(text)); }

bundle::Entry blob(std::string_view text, std::uint64_t size) {
  return {"blobs/sha256/" + digest_of(text).hex(), size, digest_of(text)};
}

/// An image with a signature by tag, an SBOM, and a signature of the SBOM; a chain with two target files.
Statement good() {
  Statement statement = test::small_content().statement;
  statement.seal_size = 8192;
  for (const auto& [text, size] : {std::pair("signature", 10), {"sbom", 20}, {"signature of sbom", 30}}) {
    statement.entries.insert(statement.entries.begin() + static_cast<std::ptrdiff_t>(statement.metadata_entries),
                             blob(text, static_cast<std::uint64_t>(size)));
    ++statement.metadata_entries;
  }
  const std::string type = "application/vnd.oci.image.manifest.v1+json";
  const auto image = statement.images[0].digest;
  statement.images[0].attachments = {
      {"cosign", image, type, digest_of("signature"), 10, "", "sha256-" + image.hex() + ".sig"},
      {"referrer", image, type, digest_of("sbom"), 20, "application/spdx+json", ""},
      {"referrer", digest_of("sbom"), type, digest_of("signature of sbom"), 30, "", ""}};
  statement.entries.push_back(blob("first file", 40));
  statement.entries.push_back(blob("second file", 50));
  statement.chains[0].targets = {TargetFileRecord{"app/first", digest_of("first file"), 40},
                                 TargetFileRecord{"app/second", digest_of("second file"), 50}};
  return statement;
}

std::optional<ErrorCode> code_of(const std::function<void(Statement&)>& spoil) {
  Statement statement = good();
  spoil(statement);
  const base::Bytes payload = bundle::write_statement(statement);
  return test::error_of([&] { bundle::parse_statement(payload); });
}

std::optional<ErrorCode> code_of_attachment(std::size_t index, const std::function<void(AttachmentRecord&)>& spoil) {
  return code_of([&](Statement& s) { spoil(s.images[0].attachments[index]); });
}

TEST_CASE("Attachments and target files are read as they were written") {
  const Statement statement = good();
  CHECK(bundle::parse_statement(bundle::write_statement(statement)) == statement);
}

TEST_CASE("Attachments have one of two kinds, and each kind its own fields") {
  CHECK(code_of_attachment(1, [](auto& a) { a.kind = "friend"; }) == ErrorCode::malformed);
  CHECK(code_of_attachment(1, [](auto& a) { a.kind = ""; }) == ErrorCode::malformed);
  CHECK(code_of_attachment(1, [](auto& a) { a.kind = "cosign"; }) == ErrorCode::malformed);
  CHECK(code_of_attachment(1, [](auto& a) { a.tag = "sbom"; }) == ErrorCode::malformed);
  CHECK(code_of_attachment(0, [](auto& a) { a.tag = ""; }) == ErrorCode::malformed);
  CHECK(code_of_attachment(0, [](auto& a) { a.kind = "referrer"; }) == ErrorCode::malformed);
  CHECK(code_of_attachment(0, [](auto& a) { a.artifact_type = "application/spdx+json"; }) == ErrorCode::malformed);
}

TEST_CASE("The manifest of an attachment stands among the metadata with its size") {
  CHECK(code_of_attachment(1, [](auto& a) { a.digest = digest_of("gone"); }) == ErrorCode::malformed);
  CHECK(code_of_attachment(1, [](auto& a) { a.digest = digest_of("first file"); }) == ErrorCode::malformed);
  CHECK(code_of_attachment(1, [](auto& a) { ++a.size; }) == ErrorCode::malformed);
  const auto sha512 = digest::Digest::parse("sha512:" + std::string(128, 'a'));
  CHECK(code_of_attachment(1, [&](auto& a) { a.digest = sha512; }) == ErrorCode::malformed);
  CHECK(code_of([&](Statement& s) { s.images[0].digest = sha512; }) == ErrorCode::malformed);
}

TEST_CASE("An attachment occurs once, in one role") {
  CHECK(code_of([](Statement& s) { s.images[0].attachments.push_back(s.images[0].attachments[1]); }) ==
        ErrorCode::malformed);
  CHECK(code_of([](Statement& s) {
          s.images[0].attachments.push_back(s.images[0].attachments[0]);
          s.images[0].attachments.back().tag += ".again";
        }) == std::nullopt);
  CHECK(code_of([](Statement& s) {
          s.images[0].attachments.resize(bundle::kMaxAttachments + 1, s.images[0].attachments[1]);
        }) == ErrorCode::limit_exceeded);
}

TEST_CASE("Target files are sorted, and each is an entry of the bundle") {
  CHECK(code_of([](Statement& s) { std::swap(s.chains[0].targets[0], s.chains[0].targets[1]); }) ==
        ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.chains[0].targets[1] = s.chains[0].targets[0]; }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.chains[0].targets[1].sha256 = digest_of("gone"); }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { ++s.chains[0].targets[1].size; }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) { s.chains[0].targets[0].name = ""; }) == ErrorCode::malformed);
  CHECK(code_of([](Statement& s) {
          s.chains[0].targets[1].sha256 = s.chains[0].targets[0].sha256;
          s.chains[0].targets[1].size = s.chains[0].targets[0].size;
        }) == std::nullopt);
}

TEST_CASE("A chain travels without images") {
  CHECK(code_of([](Statement& s) { s.images.clear(); }) == std::nullopt);
}

}  // namespace
}  // namespace gapstow
