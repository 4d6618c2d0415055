// Reports for people: that what must be said is said, and that it fits a terminal.
#include "gapstow/report/text.h"

#include <catch2/catch.hpp>

#include "gapstow/base/text.h"
#include "support/report_samples.h"
#include "support/transfer_samples.h"

namespace gapstow::test {
namespace {

using Catch::Contains;

const report::Style kPlain{};
const report::Style kVerbose{false, true};

/// Columns of the longest line; characters that go on a byte before do not count.
std::size_t widest(const std::string& text) {
  std::size_t widest = 0;
  for (const auto line : base::split(text, '\n')) {
    std::size_t columns = 0;
    for (const char c : line) columns += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    widest = std::max(widest, columns);
  }
  return widest;
}

std::string import_text(const transfer::Outcome& outcome, const report::Style& style = kPlain) {
  return report::outcome_text(outcome, "app.gapstow", style);
}

}  // namespace

TEST_CASE("attachments are summed up by kind, and none is called proven") {
  const std::string text = import_text(verified_outcome());
  CHECK_THAT(text, Contains("6 attachments, carried and not verified:"));
  CHECK_THAT(text, Contains("2 referrers of type application/spdx+json,"));
  CHECK_THAT(text, Contains("1 sealed chain,"));
  CHECK_THAT(text, Contains("1 signature (cosign)"));
  CHECK_THAT(text, Contains("1 attestation (cosign)"));
  CHECK_THAT(text, !Contains("SBOM"));

  auto outcome = verified_outcome();
  const auto one = outcome.images[0].record.attachments[0].digest.text();
  CHECK_THAT(text, !Contains(one));
  CHECK_THAT(import_text(outcome, kVerbose), Contains(one));
  outcome.images[0].record.attachments.clear();
  CHECK_THAT(import_text(outcome), !Contains("attachment"));
}

TEST_CASE("types of attachments are the words of strangers") {
  auto outcome = verified_outcome();
  auto& attachments = outcome.images[0].record.attachments;
  attachments[0].artifact_type = "evil\x1b[2J\nVerdict";
  for (int i = 0; i < 500; ++i) {
    attachments.push_back(attachments[1]);
    attachments.back().artifact_type = "application/x-" + std::to_string(i);
  }
  const std::string text = import_text(outcome);
  CHECK_THAT(text, !Contains("\x1b") && Contains("evil\\x1b[2J\\x0aVerdict"));
  CHECK_THAT(text, Contains("other types") && !Contains("application/x-400"));
}

TEST_CASE("an import tells the name that was proven and the name that it has now") {
  const std::string text = import_text(imported_outcome());
  CHECK_THAT(text, Contains("proven as " + kSampleReference + ", imported as " + kFarReference));
  CHECK_THAT(text, Contains("10 blobs: 8 written (450.0 MB), 1 mounted, 1 already there"));
  CHECK_THAT(text, Contains("IMPORTED 1 image, every byte checked, now in " + kFarRegistry));
  CHECK_THAT(text, !Contains("left behind"));

  auto outcome = imported_outcome();
  outcome.images[0].imported_as = kSampleReference;
  CHECK_THAT(import_text(outcome), !Contains("proven as"));

  outcome.images[0].delivery->blobs.resize(4);
  CHECK_THAT(import_text(outcome), Contains("6 attachments left behind"));
}

TEST_CASE("a rehearsal tells of every blob and says that nothing was changed") {
  auto outcome = rehearsed_outcome();
  const std::string text = import_text(outcome);
  CHECK_THAT(text, Contains("would be imported as " + kFarReference));
  CHECK_THAT(text, Contains("8 to upload (450.0 MB), 1 to mount, 1 already there"));
  CHECK_THAT(text, Contains("upload  450.0 MB") && Contains("mount   2.0 kB") && Contains("skip    30 B"));
  CHECK_THAT(text, Contains("nothing was changed"));
  CHECK_THAT(text, !Contains("IMPORTED") && !Contains("now in"));

  outcome.destination = "oci:images";
  CHECK_THAT(import_text(outcome), Contains("to write (450.0 MB)") && !Contains("upload"));
}

TEST_CASE("what is there and what is not are told apart") {
  const std::string text = import_text(partial_outcome());
  CHECK_THAT(text, Contains("1 of 4 images imported; FAILED ["));
  CHECK_THAT(text, Contains("refused: rule 'localhost:5000/lab/*' denies it"));
  CHECK_THAT(text, Contains("not imported: registry.far:5000 wants credentials"));
  CHECK_THAT(text, Contains("give --creds"));
  CHECK_THAT(text, Contains("Left out  localhost:5000/lab/app:lost"));
  CHECK_THAT(text, Contains("FAILED [network] connection refused"));
  CHECK_THAT(text, Contains("what was imported is proven"));
  CHECK_THAT(text, !Contains("everything else is proven"));

  auto outcome = partial_outcome();
  outcome.failures.clear();
  outcome.images.pop_back();
  CHECK_THAT(import_text(outcome), Contains("1 of 2 images imported; REFUSED [denied]"));
  outcome.images.erase(outcome.images.begin());
  CHECK_THAT(import_text(outcome), Contains("0 of 1 image imported; REFUSED [denied]") && !Contains("now in"));
  outcome.destination.clear();
  CHECK_THAT(import_text(outcome), Contains("REFUSED [denied]") && Contains("everything else is proven"));
}

TEST_CASE("a bundle of chains alone has a verdict about chains") {
  const auto outcome = chain_outcome();
  CHECK_THAT(import_text(outcome), Contains("PROVEN 1 chain, every byte checked") && !Contains("image"));
  CHECK_THAT(report::pack_text({outcome, "chain.gapstow"}, kPlain), Contains("1 chain and no image"));
  CHECK_THAT(report::inspect_text(chain_seal(), "chain.gapstow", kPlain), Contains("1 chain and no image  (claimed)"));

  auto refused = outcome;
  refused.failures.push_back({outcome.chains[0].gun, base::Error(base::ErrorCode::denied, "a rule denies it")});
  CHECK_THAT(import_text(refused), Contains("REFUSED [denied]") && Contains("everything else is proven"));
}

TEST_CASE("a copy without a seal speaks of none") {
  const auto outcome = unsealed_outcome();
  const std::string text = report::copy_text(outcome, kFarRegistry, kPlain);
  CHECK_THAT(text, Contains("Copy      to " + kFarRegistry));
  CHECK_THAT(text, !Contains("Seal") && !Contains("sealed at") && !Contains("Bundle") && !Contains("1970"));
  CHECK_THAT(text, Contains("IMPORTED 1 image"));
  CHECK(report::outcome_text(outcome, kFarRegistry, kPlain) == text);

  auto unproven = outcome;
  unproven.images[0].target.reset();
  CHECK_THAT(report::copy_text(unproven, kFarRegistry, kPlain), Contains("no chain: nothing vouches for it"));

  auto refused = outcome;
  refused.destination.clear();
  refused.images[0].imported_as.clear();
  refused.images[0].delivery.reset();
  refused.images[0].decision.refuse(base::ErrorCode::denied, "a rule denies it");
  CHECK_THAT(report::copy_text(refused, kFarRegistry, kPlain), Contains("nothing was copied"));

  CHECK_THAT(report::copy_text(imported_outcome(), kFarRegistry, kPlain), Contains("Seal") && !Contains("Bundle"));
}

TEST_CASE("a pack that went on without something says so last") {
  auto packed = verified_outcome();
  CHECK_THAT(report::pack_text({packed, "app.gapstow"}, kPlain), !Contains("Verdict") && !Contains("Left out"));
  packed.failures = partial_outcome().failures;
  CHECK_THAT(report::pack_text({packed, "app.gapstow"}, kPlain),
             Contains("Left out  localhost:5000/lab/app:lost") && Contains("1 of 2 images packed; FAILED [network]"));
}

TEST_CASE("inspect claims attachments and proves none") {
  const std::string text = report::inspect_text(attached_seal(), "app.gapstow", kPlain);
  CHECK_THAT(text, Contains("6 attachments, claimed:") && Contains("1 signature (cosign)"));
}

TEST_CASE("captured chains are counted, and failures are named") {
  auto chains = fetched_chains();
  const std::string text = report::fetched_text(chains, kPlain);
  CHECK_THAT(text, Contains("Failed    example.test/c") && Contains("FAILED [network] connection refused"));
  CHECK_THAT(text, Contains("REFUSED [untrusted_root] example.test/d: no pin for example.test/d"));
  CHECK_THAT(text, Contains("2 of 4 repositories failed; 1 captured, each proven and sealed; 1 were there before"));
  CHECK_THAT(text, !Contains("example.test/a"));
  CHECK_THAT(report::fetched_text(chains, kVerbose), Contains("chains/example.test/a.gapstow, 48.1 kB"));
  chains.resize(2);
  CHECK_THAT(report::fetched_text(chains, kPlain), Contains("CAPTURED 1 captured, each proven and sealed"));
}

TEST_CASE("reports fit a terminal") {
  for (const auto& outcome : {verified_outcome(), imported_outcome(), rehearsed_outcome(), chain_outcome()}) {
    CHECK(widest(import_text(outcome)) <= 100);
  }
  CHECK(widest(report::fetched_text(fetched_chains(), kPlain)) <= 100);
  CHECK(widest(report::copy_text(unsealed_outcome(), kFarRegistry, kPlain)) <= 100);
}

}  // namespace gapstow::test
