// Deliveries that follow one another: what an older chain proves is asked of the newest that is at hand.
#include <catch2/catch.hpp>

#include "gapstow/transfer/held.h"
#include "support/error_of.h"
#include "support/transfer_lab.h"

namespace gapstow::test {
namespace {

const std::string kGun = "near.test/team/app";

/// 1.0 comes with the first chain, 1.1 with the second one.
struct Deliveries : Lab {
  Deliveries() {
    near.push("team/app", "1.0", one);
    near.push("team/app", "1.1", two);
  }
  /// Packs `tag` with this chain into a file of its own and imports it, so that the state has seen the chain.
  std::string deliver(const std::string& tag, const SignedRepository& repository, std::uint64_t version) {
    serve(repository, version);
    pack(request(near.location("team/app:" + tag), kGun + ":" + tag));
    LabRegistry far;
    REQUIRE_FALSE(import(far).refusal());
    std::string kept = folder / (tag + "-" + std::to_string(version) + ".gapstow");
    fs.rename(bundle, kept);
    return kept;
  }
  std::vector<std::shared_ptr<const transfer::HeldBundle>> hold(const std::vector<std::string>& bundles,
                                                                bool remembers = true) {
    const auto state = trust::State::open_existing(state_path);
    return transfer::hold_bundles(bundles, {store, {}, std::nullopt, ""}, remembers ? state.get() : nullptr, around());
  }
  static const trust::Decision& decision(const transfer::HeldBundle& held) {
    return held.outcome().images.at(0).decision;
  }

  LabRegistry near;
  MadeImage one = make_image("one");
  MadeImage two = make_image("two");
  SignedRepository empty{kGun};
};

}  // namespace

TEST_CASE("what the newest chain still signs is good, though its own chain is older than what was seen") {
  Deliveries lab;
  auto app = lab.empty;
  const auto first = lab.deliver("1.0", app.sign("1.0", lab.one.manifest), 1);
  const auto second = lab.deliver("1.1", app.sign("1.1", lab.two.manifest), 2);
  const auto alone = lab.hold({first});
  CHECK(alone[0]->is_rolled_back(0));
  REQUIRE_FALSE(Deliveries::decision(*alone[0]).allowed());
  CHECK(Deliveries::decision(*alone[0]).refusals[0].code == base::ErrorCode::rollback);
  for (const auto& order : {std::vector{first, second}, std::vector{second, first}}) {
    for (const auto& held : lab.hold(order)) {
      CHECK(Deliveries::decision(*held).allowed());
      CHECK(held->is_rolled_back(0) == (held->name() == first));
    }
  }
}

TEST_CASE("what the newest chain signs no more, or otherwise, is refused, with a memory and without") {
  Deliveries lab;
  auto before = lab.empty;
  const auto first = lab.deliver("1.0", before.sign("1.0", lab.one.manifest), 1);
  auto removed = lab.empty;
  const auto without = lab.deliver("1.1", removed.sign("1.1", lab.two.manifest), 2);
  auto moved = lab.empty;
  const auto other = lab.deliver("1.1", moved.sign("1.0", lab.two.manifest).sign("1.1", lab.two.manifest), 3);
  for (const bool remembers : {true, false}) {
    CHECK(Deliveries::decision(*lab.hold({first, without}, false)[0]).refusals.at(0).code ==
          base::ErrorCode::target_missing);
    const auto held = lab.hold({first, other, without}, remembers);
    REQUIRE(Deliveries::decision(*held[0]).refusals.size() == 1);
    CHECK(Deliveries::decision(*held[0]).refusals[0].code == base::ErrorCode::target_mismatch);
    CHECK(Deliveries::decision(*held[1]).allowed());
    CHECK(Deliveries::decision(*held[2]).allowed());
  }
}

TEST_CASE("nothing else that stands against an image is forgotten, and an old chain clears nobody") {
  Deliveries lab;
  auto app = lab.empty;
  const auto first = lab.deliver("1.0", app.sign("1.0", lab.one.manifest), 1);
  const auto second = lab.deliver("1.1", app.sign("1.1", lab.two.manifest), 2);
  lab.deliver("1.1", app, 3);
  for (const auto& held : lab.hold({first, second})) {
    CHECK(Deliveries::decision(*held).refusals.at(0).code == base::ErrorCode::rollback);
  }
  lab.store.rules = {{trust::Pattern::parse("near.test/*"), true, "frozen", {}, {}, {}, {}, {}}};
  for (const auto& held : lab.hold({first, second}, false)) {
    CHECK(Deliveries::decision(*held).refusals.at(0).code == base::ErrorCode::denied);
  }
}

TEST_CASE("a repository that was made anew says nothing about the one before") {
  Deliveries lab;
  auto app = lab.empty;
  const auto first = lab.deliver("1.0", app.sign("1.0", lab.one.manifest), 1);
  SignedRepository anew(kGun);
  anew.sign("1.1", lab.two.manifest);
  lab.pin(anew);
  const auto second = lab.deliver("1.1", anew, 5);
  for (const auto& held : lab.hold({first, second})) CHECK(Deliveries::decision(*held).allowed());
}

}  // namespace gapstow::test
