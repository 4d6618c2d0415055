// Reports for programs: what stands where, and that every kind of report is as its schema says.
#include "gapstow/report/json.h"

#include <catch2/catch.hpp>
#include <charconv>
#include <cstdlib>

#include "gapstow/base/atomic_file.h"
#include "gapstow/base/text.h"
#include "gapstow/json/write.h"
#include "support/report_samples.h"
#include "support/temp_folder.h"
#include "support/transfer_samples.h"

namespace gapstow::test {
namespace {

/// The value at "images/0/reference".
json::Value at(json::Value value, std::string_view path) {
  for (const auto step : base::split(path, '/')) {
    json::Value next;
    if (const auto* array = value.get_if<json::Array>()) {
      std::size_t index = 0;
      std::from_chars(step.data(), step.data() + step.size(), index);
      next = array->at(index);
    } else {
      const auto* object = value.get_if<json::Object>();
      INFO(path);
      REQUIRE(object != nullptr);
      REQUIRE(object->find(step) != nullptr);
      next = *object->find(step);
    }
    value = std::move(next);
  }
  return value;
}

bool is(const json::Value& document, std::string_view path, const json::Value& expected) {
  return at(document, path) == expected;
}

void keep(const TempFolder& folder, const std::string& name, const json::Value& document) {
  base::SystemFs fs;
  base::write_file(fs, folder / (name + ".json"), base::to_bytes(json::pretty(document)));
}

}  // namespace

TEST_CASE("attachments are listed with each image") {
  const auto document = report::outcome_json(verified_outcome(), "verify", "app.gapstow");
  CHECK(is(document, "images/0/attachments/0/kind", "referrer"));
  CHECK(is(document, "images/0/attachments/0/subject", kSampleDigest));
  CHECK(is(document, "images/0/attachments/0/artifactType", "application/spdx+json"));
  CHECK(is(document, "images/0/attachments/0/tag", {}));
  CHECK(is(document, "images/0/attachments/2/artifactType", {}));
  CHECK(is(document, "images/0/attachments/4/kind", "cosign"));
  CHECK(is(document, "images/0/attachments/4/artifactType", {}));
  CHECK(is(document, "images/0/attachments/4/tag", "sha256-" + kSampleDigest.substr(7) + ".sig"));
  CHECK(is(document, "images/0/delivery", {}));
  CHECK(is(document, "images/0/importedAs", {}));
}

TEST_CASE("a delivery says what became of every blob") {
  const auto document = report::outcome_json(imported_outcome(), "import", "app.gapstow");
  CHECK(is(document, "verdict", "proven"));
  CHECK(is(document, "rehearsal", false));
  CHECK(is(document, "images/0/importedAs", kFarReference));
  CHECK(is(document, "images/0/delivery/failure", {}));
  CHECK(is(document, "images/0/delivery/written/blobs", 8));
  CHECK(is(document, "images/0/delivery/mounted/blobs", 1));
  CHECK(is(document, "images/0/delivery/mounted/bytes", 2000));
  CHECK(is(document, "images/0/delivery/present/bytes", 30));
  CHECK(is(document, "images/0/delivery/blobs/1/fate", "written"));
  CHECK(is(document, "images/0/delivery/blobs/1/size", 450'000'000));
  CHECK(is(document, "images/0/delivery/blobs/2/fate", "mounted"));
  CHECK(is(document, "images/0/delivery/blobs/3/fate", "present"));
  CHECK(is(report::outcome_json(rehearsed_outcome(), "import", "app.gapstow"), "rehearsal", true));
}

TEST_CASE("what is left out decides the verdict, and what is there is still told") {
  auto outcome = partial_outcome();
  auto document = report::outcome_json(outcome, "import", "app.gapstow");
  CHECK(is(document, "verdict", "refused"));
  CHECK(is(document, "exitCode", 3));
  CHECK(is(document, "failures/0/what", "localhost:5000/lab/app:lost"));
  CHECK(is(document, "failures/0/code", "network"));
  CHECK(is(document, "images/0/importedAs", kFarReference));
  CHECK(is(document, "images/1/accepted", false));
  CHECK(is(document, "images/1/refusals/0/code", "denied"));
  CHECK(is(document, "images/1/delivery", {}));
  CHECK(is(document, "images/2/accepted", true));
  CHECK(is(document, "images/2/delivery/failure/code", "unauthorized"));
  CHECK(is(document, "images/2/importedAs", {}));

  outcome.failures.clear();
  outcome.images.pop_back();
  document = report::outcome_json(outcome, "import", "app.gapstow");
  CHECK(is(document, "code", "denied"));
  CHECK(is(document, "exitCode", 7));

  // A name that was planned is not a name that is there.
  outcome = imported_outcome();
  outcome.images[0].delivery->failure = base::Error(base::ErrorCode::network, "connection reset");
  document = report::outcome_json(outcome, "import", "app.gapstow");
  CHECK(is(document, "images/0/importedAs", {}));
  CHECK(is(document, "code", "network"));
}

TEST_CASE("a copy without a seal has no bundle and no seal time") {
  const auto document = report::outcome_json(unsealed_outcome(), "copy", kFarRegistry);
  CHECK(is(document, "bundle", {}));
  CHECK(at(document, "clocks").get_if<json::Object>()->find("sealedAt") == nullptr);
}

TEST_CASE("captured chains are counted, and the heaviest failure decides") {
  auto chains = fetched_chains();
  auto document = report::fetched_json(chains);
  CHECK(is(document, "fetched", 1));
  CHECK(is(document, "present", 1));
  CHECK(is(document, "failed", 2));
  CHECK(is(document, "code", "untrusted_root"));
  CHECK(is(document, "exitCode", 1));
  CHECK(is(document, "repositories/0/fate", "fetched"));
  CHECK(is(document, "repositories/0/bytes", 48'128));
  CHECK(is(document, "repositories/2/failure/code", "network"));
  CHECK(is(document, "repositories/3/path", "chains/example.test/d.gapstow"));

  chains.resize(2);
  document = report::fetched_json(chains);
  CHECK(is(document, "verdict", "proven"));
  CHECK(is(document, "exitCode", 0));
  CHECK(is(report::fetched_json({}), "repositories", json::Array{}));
}

TEST_CASE("what no signature covers is named, where there is any") {
  auto outcome = chain_outcome();
  auto document = report::outcome_json(outcome, "verify", "chain.gapstow");
  CHECK(at(document, "chains/0/roles/0").get_if<json::Object>()->find("unsignedMembers") == nullptr);
  outcome.chains[0].roles[0].unsigned_members = {"extra"};
  document = report::outcome_json(outcome, "verify", "chain.gapstow");
  CHECK(is(document, "chains/0/roles/0/unsignedMembers", json::Array{"extra"}));
}

TEST_CASE("reports are as their schemas say") {
  const TempFolder folder;
  // The first of a schema shows how tight it is: it holds something of everything.
  keep(folder, "00.outcome", report::outcome_json(partial_outcome(), "import", "app.gapstow"));
  keep(folder, "01.outcome", report::outcome_json(verified_outcome(), "verify", "app.gapstow"));
  keep(folder, "02.outcome", report::outcome_json(imported_outcome(), "import", "app.gapstow"));
  keep(folder, "03.outcome", report::outcome_json(rehearsed_outcome(), "import", "app.gapstow"));
  keep(folder, "04.outcome", report::outcome_json(imported_outcome(), "copy", kFarRegistry));
  keep(folder, "05.outcome", report::outcome_json(unsealed_outcome(), "copy", kFarRegistry));
  keep(folder, "06.outcome", report::outcome_json(chain_outcome(), "verify", "chain.gapstow"));
  keep(folder, "07.outcome", report::outcome_json(chain_outcome(), "chain fetch", "chain.gapstow"));
  auto refused = chain_outcome();
  refused.failures.push_back(
      {refused.chains[0].gun, base::Error(base::ErrorCode::expired, "its timestamp has expired")});
  keep(folder, "08.outcome", report::outcome_json(refused, "verify", "chain.gapstow"));
  refused.chains[0].roles[0].unsigned_members = {"extra", "signatures[0].note"};
  keep(folder, "08b.outcome", report::outcome_json(refused, "verify", "chain.gapstow"));
  auto packed = verified_outcome();
  packed.failures = partial_outcome().failures;
  keep(folder, "09.outcome", report::outcome_json(packed, "pack", "app.gapstow"));
  auto unlucky = unsealed_outcome();
  unlucky.images[0].delivery->failure = base::Error(base::ErrorCode::network, "connection reset");
  keep(folder, "10.outcome", report::outcome_json(unlucky, "copy", kFarRegistry));
  keep(folder, "11.inspect", report::inspect_json(attached_seal(), "app.gapstow"));
  keep(folder, "12.inspect", report::inspect_json(chain_seal(), "chain.gapstow"));
  auto chains = fetched_chains();
  keep(folder, "13.chain-fetch", report::fetched_json(chains));
  chains.resize(2);
  keep(folder, "14.chain-fetch", report::fetched_json(chains));

  const std::string root = GAPSTOW_SOURCE_DIR;
  const std::string command =
      "python3 '" + root + "/tests/cli/check_json.py' '" + root + "/formats' '" + folder.path() + "'";
  const int status = std::system(command.c_str());  // NOLINT(concurrency-mt-unsafe)
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) != 77) CHECK(WEXITSTATUS(status) == 0);
}

}  // namespace gapstow::test
