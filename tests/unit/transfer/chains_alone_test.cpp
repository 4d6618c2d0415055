// Chains without images: capturing them, and using what was captured.
#include <algorithm>
#include <catch2/catch.hpp>

#include "gapstow/base/atomic_file.h"
#include "gapstow/transfer/fetch_chains.h"
#include "gapstow/transfer/verify_chain.h"
#include "support/error_of.h"
#include "support/transfer_lab.h"

namespace gapstow::test {
namespace {

using base::ErrorCode;
using Fate = transfer::FetchedChain::Fate;

const std::string kGun = "near.test/team/app";

struct Shelf : Lab {
  SignedRepository app{kGun};
  MadeImage image = make_image("first");

  Shelf() { serve(app.sign("1.0", image.manifest)); }
  transfer::PackRequest alone(const std::string& gun = kGun) {
    auto made = request();
    made.chains.push_back(chains);
    made.guns = {gun};
    return made;
  }
  std::vector<transfer::FetchedChain> fetch(const std::vector<std::string>& guns, bool refresh = false) {
    auto made = request();
    made.chains.push_back(chains);
    return transfer::fetch_chains({made, guns, folder / "captured", refresh}, around());
  }
};

std::vector<Fate> fates(const std::vector<transfer::FetchedChain>& results) {
  std::vector<Fate> fates;
  for (const auto& result : results) fates.push_back(result.fate);
  return fates;
}

}  // namespace

TEST_CASE("a bundle of chains alone verifies, from a file and a stream") {
  Shelf lab;
  const auto packed = lab.pack(lab.alone());
  CHECK(packed.bundle.images.empty());
  REQUIRE(packed.bundle.chains.size() == 1);
  const auto outcome = lab.verify();
  REQUIRE_FALSE(outcome.refusal());
  REQUIRE(outcome.chains.size() == 1);
  CHECK(outcome.chains[0].gun == kGun);
  CHECK_FALSE(outcome.chains[0].expiry.findings.empty());
  const auto bytes = base::read_file(lab.fs, lab.bundle, 1 << 26);
  base::MemorySource stream(bytes);
  const auto input = transfer::open_bundle(lab.fs, {"-"}, stream);
  CHECK_FALSE(transfer::verify(*input, {lab.store, {}, std::nullopt, ""}, nullptr, lab.around()).refusal());
}

TEST_CASE("there is nothing to import in a bundle of chains") {
  Shelf lab;
  lab.pack(lab.alone());
  LabRegistry far;
  REQUIRE_ERROR(usage, lab.import(far));
  REQUIRE_ERROR(usage, lab.import(*oci::make_oci_folder(lab.fs, lab.folder / "oci", "")));
  CHECK(far->calls() == 0);
  CHECK_FALSE(lab.fs.status(lab.folder / "oci"));
  CHECK_FALSE(lab.has_state());
}

TEST_CASE("a bundle of chains is a source of chains") {
  Shelf lab;
  lab.pack(lab.alone());
  const std::string captured = lab.folder / "captured.gapstow";
  lab.fs.rename(lab.bundle, captured);
  const std::shared_ptr<transfer::ChainSource> source =
      transfer::open_chain_source(lab.fs, "bundle:" + captured, nullptr);
  CHECK_FALSE(source->load("near.test/team/other", {}));
  REQUIRE(source->load(kGun, {}));

  LabRegistry near;
  near.push("team/app", "1.0", lab.image);
  auto request = lab.request(near.location("team/app:1.0"), kGun + ":1.0");
  request.chains = {source};
  CHECK(lab.pack(request).bundle.chains[0].source == "bundle");
  CHECK_FALSE(lab.verify().refusal());

  const auto proven = transfer::verify_chain(*source->load(kGun, {}), kGun,
                                             {lab.store, {}, std::nullopt, {"1.0"}, "", false}, nullptr, lab.clock);
  REQUIRE(proven.targets.size() == 1);
  CHECK(proven.targets[0].target.length == lab.image.manifest.size());
}

TEST_CASE("a damaged bundle is no source of chains") {
  Shelf lab;
  lab.pack(lab.alone());
  auto bytes = base::read_file(lab.fs, lab.bundle, 1 << 26);
  std::size_t refused = 0;
  for (std::size_t at = 512; at < bytes.size() - 1024; at += 997) {
    bytes[at] ^= std::byte{1};
    base::write_file(lab.fs, lab.bundle, bytes);
    const auto code = error_of([&] {
      const auto found = transfer::open_chain_source(lab.fs, "bundle:" + lab.bundle, nullptr)->load(kGun, {});
      if (!found) throw base::Error(ErrorCode::chain_incomplete, "");
      transfer::verify_chain(*found, kGun, {lab.store, {}, std::nullopt, {}, "", false}, nullptr, lab.clock);
    });
    if (code) ++refused;
    if (code) CHECK((base::exit_code(*code) == 1 || base::exit_code(*code) == 4));
    bytes[at] ^= std::byte{1};
  }
  CHECK(refused > 0);
  base::write_file(lab.fs, lab.bundle, base::ByteView(bytes).first(bytes.size() / 2));
  CHECK(error_of([&] {
    const auto found = transfer::open_chain_source(lab.fs, "bundle:" + lab.bundle, nullptr)->load(kGun, {});
    static_cast<void>(found);
  }));
}

TEST_CASE("an expired time stamp is captured only when that is asked for, and is recorded") {
  Shelf lab;
  lab.serve(lab.app, 2, "2026-11-01T00:00:00Z");
  REQUIRE_ERROR(expired, lab.pack(lab.alone()));
  CHECK(lab.files().empty());
  auto request = lab.alone();
  request.policy.expiry = trust::ExpiryRule::ignore;
  const auto packed = lab.pack(request);
  CHECK(packed.bundle.packed_with.expiry_rule == "ignore");
  CHECK(packed.bundle.packed_with.expired == std::vector<std::string>{"timestamp of " + kGun});
  CHECK(lab.verify().refusal()->code == ErrorCode::expired);
  CHECK_FALSE(lab.verify(nullptr, {trust::ExpiryRule::ignore, {}}).refusal());
}

TEST_CASE("a chain alone does not go back behind what was seen") {
  Shelf lab;
  const auto found = [&] { return *lab.chains->load(kGun, {}); };
  const auto state = trust::State::open_or_create(lab.state_path);
  lab.serve(lab.app, 5);
  transfer::verify_chain(found(), kGun, {lab.store, {}, std::nullopt, {}, "", true}, state.get(), lab.clock);
  lab.serve(lab.app, 4);
  lab.pack(lab.alone());
  const auto outcome = lab.verify(state.get());
  REQUIRE(outcome.refusal());
  CHECK(outcome.refusal()->code == ErrorCode::rollback);
  REQUIRE_ERROR(rollback, transfer::verify_chain(found(), kGun, {lab.store, {}, std::nullopt, {}, "", false},
                                                 state.get(), lab.clock));
  CHECK_FALSE(error_of([&] {
    transfer::verify_chain(found(), kGun, {lab.store, {}, std::nullopt, {}, "a reason", false}, state.get(), lab.clock);
  }));
}

TEST_CASE("rules and pins hold for chains alone") {
  Shelf lab;
  lab.pack(lab.alone());
  trust::Rule rule;
  rule.pattern = trust::Pattern::parse(kGun);
  rule.deny = "withdrawn";
  lab.store.rules = {rule};
  CHECK(lab.verify().refusal()->code == ErrorCode::denied);
  lab.store.rules.clear();
  lab.store.roots.clear();
  REQUIRE_ERROR(untrusted_root, lab.verify());
  REQUIRE_ERROR(untrusted_root, lab.pack(lab.alone()));
  auto request = lab.alone();
  request.first_use = true;
  CHECK(lab.pack(request).bundle.chains[0].first_use);
}

TEST_CASE("many repositories are captured, failures are told, and a second run skips what is there") {
  Shelf lab;
  SignedRepository tool("near.test/team/tool");
  SignedRepository old("near.test/old");
  lab.serve(tool.sign("1.0", "tool"));
  lab.serve(old.sign("1.0", "old"), 1, "2020-01-01T00:00:00Z");
  const std::vector<std::string> guns{kGun, "near.test/none", old.gun(), tool.gun(), kGun};
  const auto first = lab.fetch(guns);
  CHECK(fates(first) == std::vector{Fate::fetched, Fate::failed, Fate::failed, Fate::fetched});
  CHECK(first[0].path == lab.folder / ("captured/" + kGun + ".gapstow"));
  CHECK(first[0].bytes == lab.fs.status(first[0].path)->size);
  CHECK(first[1].failure->code() == ErrorCode::chain_incomplete);
  CHECK(first[2].failure->code() == ErrorCode::expired);
  CHECK_FALSE(lab.fs.status(first[1].path));

  lab.serve(old, 2);
  lab.chains->asked.clear();
  CHECK(fates(lab.fetch(guns)) == std::vector{Fate::present, Fate::failed, Fate::fetched, Fate::present});
  CHECK(lab.chains->asked[kGun] == 0);
  lab.serve(lab.app, 9);
  CHECK(fates(lab.fetch(guns, true)) == std::vector{Fate::fetched, Fate::failed, Fate::fetched, Fate::fetched});
  CHECK(lab.chains->asked[kGun] == 1);
  lab.bundle = first[0].path;
  CHECK_FALSE(lab.verify().refusal());
}

TEST_CASE("a refresh that fails keeps what was captured before") {
  Shelf lab;
  const auto path = lab.fetch({kGun})[0].path;
  const auto before = base::read_file(lab.fs, path, 1 << 26);
  lab.chains->chains.clear();
  CHECK(lab.fetch({kGun}, true)[0].fate == Fate::failed);
  CHECK(base::read_file(lab.fs, path, 1 << 26) == before);
}

TEST_CASE("names that are no full repository names are refused before anything is fetched") {
  Shelf lab;
  for (const auto* gun : {"alpine", "near.test/a:1", "near.test/../x", "/etc", "near.test/a@sha256", "", "near.test"}) {
    INFO(gun);
    CHECK(error_of([&] { lab.fetch({kGun, gun}); }) == ErrorCode::invalid_reference);
  }
  CHECK(lab.chains->asked.empty());
  CHECK(lab.files().empty());
}

TEST_CASE("one repository's file in the way of another's folder fails that one alone") {
  Shelf lab;
  const std::string below = kGun + ".gapstow/part";
  SignedRepository part(below);
  lab.serve(part.sign("1.0", "part"));
  SECTION("at once") {
    const auto results = lab.fetch({kGun, below});
    const auto failed = std::ranges::count(fates(results), Fate::failed);
    CHECK(failed == 1);
    CHECK(std::ranges::count(fates(results), Fate::fetched) == 1);
  }
  SECTION("one after the other") {
    CHECK(lab.fetch({kGun})[0].fate == Fate::fetched);
    const auto results = lab.fetch({below, kGun});
    CHECK(fates(results) == std::vector{Fate::failed, Fate::present});
  }
  SECTION("the other way round") {
    CHECK(lab.fetch({below})[0].fate == Fate::fetched);
    const auto results = lab.fetch({kGun, below});
    CHECK(fates(results) == std::vector{Fate::failed, Fate::present});
  }
}

TEST_CASE("a run that is interrupted ends, and leaves whole bundles alone") {
  Shelf lab;
  SignedRepository tool("near.test/team/tool");
  lab.serve(tool.sign("1.0", "tool"));
  lab.jobs = 1;
  lab.chains->before = [&](const std::string& gun) {
    if (gun == tool.gun()) lab.cancel.cancel();
  };
  REQUIRE_ERROR(interrupted, lab.fetch({kGun, tool.gun()}));
  CHECK(lab.fs.status(lab.folder / ("captured/" + kGun + ".gapstow")));
  CHECK_FALSE(lab.fs.status(lab.folder / ("captured/" + tool.gun() + ".gapstow")));
}

}  // namespace gapstow::test
