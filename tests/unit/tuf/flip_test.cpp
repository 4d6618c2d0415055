// Every bit of a real chain, flipped alone. What still verifies is harmless for a reason that is checked here.
#include <catch2/catch.hpp>

#include "gapstow/tuf/chain.h"
#include "gapstow/tuf/dialect.h"
#include "gapstow/tuf/trusted_set.h"
#include "support/error_of.h"
#include "support/tuf_samples.h"

using namespace gapstow;

namespace {

const base::Time kWhen = base::parse_time("2026-11-23T00:00:00Z");
const auto kAnyKey = [](const tuf::Key&) { return true; };

using Flip = std::pair<std::size_t, int>;  ///< byte, bit

/// The flips after which the file is still taken by `use`; of every byte those bits that `chosen` lets through.
template <typename Chosen, typename Use>
std::vector<Flip> survivors(const base::Bytes& good, Chosen chosen, Use use) {
  std::vector<Flip> alive;
  base::Bytes raw = good;
  for (std::size_t at = 0; at < raw.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      if (!chosen(at, bit)) continue;
      raw[at] ^= std::byte{1} << bit;
      if (!test::error_of([&] { use(raw); })) alive.emplace_back(at, bit);
      raw[at] ^= std::byte{1} << bit;
    }
  }
  return alive;
}
template <typename Use>
std::vector<Flip> survivors(const base::Bytes& good, Use use) {
  return survivors(good, [](std::size_t, int) { return true; }, use);
}

/// The set that trusts roots 1 to `last` of the files.
tuf::TrustedSet walked(const tuf::ChainFiles& files, std::uint64_t last) {
  auto set = tuf::TrustedSet::start(tuf::notary_v1(), test::kSampleGun, files.roots.at(1), kAnyKey);
  for (std::uint64_t version = 2; version <= last; ++version) set.update_root(files.roots.at(version));
  return set;
}

/// A flip is harmless where it only changes the case of a letter in a signature's method, which names the same method.
bool is_case_of_method(const base::Bytes& raw, Flip flip) {
  if (flip.second != 5) return false;
  const auto text = base::as_text(raw);
  const auto from = text.rfind("\"method\":\"", flip.first);
  return from != std::string_view::npos && text.find('"', from + 10) > flip.first;
}

/// Flips the bits that `chosen` lets through in every root of the walk.
template <typename Chosen>
void check_roots(Chosen chosen) {
  const auto files = test::sample_files("dct-rotated");
  for (std::uint64_t version = 1; version <= 6; ++version) {
    const auto& raw = files.roots.at(version);
    const auto before = version == 1 ? std::optional<tuf::TrustedSet>() : walked(files, version - 1);
    const auto alive = survivors(raw, chosen, [&](const base::Bytes& flipped) {
      if (!before) {
        tuf::TrustedSet::start(tuf::notary_v1(), test::kSampleGun, flipped, kAnyKey);
      } else {
        auto set = *before;
        set.update_root(flipped);
      }
    });
    CAPTURE(version);
    for (const auto& flip : alive) CHECK(is_case_of_method(raw, flip));
  }
}

}  // namespace

TEST_CASE("no byte of a root of the walk can change") {
  check_roots([](std::size_t at, int bit) { return static_cast<int>(at % 8) == bit; });
}

TEST_CASE("no bit of a root of the walk can change", "[.][exhaustive]") {
  check_roots([](std::size_t, int) { return true; });
}

TEST_CASE("no bit of a timestamp can change") {
  const auto files = test::sample_files("dct-rotated");
  const auto set = walked(files, 6);
  const auto alive = survivors(files.timestamp, [&](const base::Bytes& flipped) {
    auto copy = set;
    copy.update_timestamp(flipped);
  });
  for (const auto& flip : alive) CHECK(is_case_of_method(files.timestamp, flip));
}

TEST_CASE("no bit can change of what another file names by its hash") {
  const auto files = test::sample_files("dct-rotated");
  auto set = walked(files, 6);
  set.update_timestamp(files.timestamp);
  CHECK(survivors(files.snapshot, [copy = set](const base::Bytes& flipped) mutable {
          copy.update_snapshot(flipped);
        }).empty());
  set.update_snapshot(files.snapshot);
  CHECK(survivors(files.targets.at("targets"), [copy = set](const base::Bytes& flipped) mutable {
          copy.update_targets(flipped);
        }).empty());
  set.update_targets(files.targets.at("targets"));
  for (const std::size_t index : {0U, 1U}) {
    const auto name = set.targets().at("targets").body.delegations.at(index).name;
    CHECK(survivors(files.targets.at(name), [&, copy = set](const base::Bytes& flipped) mutable {
            copy.update_delegation("targets", index, flipped);
          }).empty());
  }
}

TEST_CASE("the newest root is also named by the snapshot: it cannot change in a chain") {
  const auto good = test::sample_files("dct-rotated");
  auto files = good;
  for (std::size_t at = 0; at < good.roots.at(6).size(); at += 29) {
    files.roots.at(6)[at] ^= std::byte{0x20};
    CHECK(test::error_of([&] {
            tuf::verify_chain(files, tuf::notary_v1(), test::kSampleGun, {tuf::RootFilePin{good.roots.at(5)}}, kWhen);
          }) != std::nullopt);
    files.roots.at(6)[at] ^= std::byte{0x20};
  }
}

TEST_CASE("no chain cut short verifies") {
  const auto good = test::sample_files("dct-rotated");
  const auto set = [&] {
    auto made = walked(good, 6);
    return made;
  }();
  for (std::size_t size = 0; size < good.timestamp.size(); ++size) {
    auto copy = set;
    CHECK(test::error_of([&] { copy.update_timestamp(base::ByteView(good.timestamp).first(size)); }) != std::nullopt);
  }
  for (std::size_t size = 0; size < good.roots.at(1).size(); ++size) {
    CHECK(test::error_of([&] {
            tuf::TrustedSet::start(tuf::notary_v1(), test::kSampleGun, base::ByteView(good.roots.at(1)).first(size),
                                   kAnyKey);
          }) != std::nullopt);
  }
}
