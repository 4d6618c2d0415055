#include "gapstow/enforce/snapshot.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "gapstow/base/atomic_file.h"
#include "support/error_of.h"
#include "support/known_images.h"
#include "support/temp_folder.h"
#include "support/transfer_samples.h"

namespace {

using namespace gapstow;
using enforce::KnownImage;
using enforce::Snapshot;
using enforce::SnapshotCheck;
using enforce::SnapshotContent;
using test::known_image;
using test::numbered_digest;

std::vector<trust::Operator> operators() { return {{"ops", test::sample_key(1).public_key(), true, false}}; }

base::Bytes signed_sample(const SnapshotContent& content = test::sample_decisions()) {
  const auto key = test::sample_key(1);
  return enforce::sign_snapshot(enforce::write_snapshot(content), {&key});
}

/// What was written, read back as what it was made of.
SnapshotContent content_of(const Snapshot& snapshot) {
  SnapshotContent content;
  content.version = snapshot.version();
  content.made_at = snapshot.made_at();
  content.clock_floor = snapshot.clock_floor();
  content.chains = snapshot.chains();
  content.relocations = snapshot.relocations().rules();
  for (std::size_t i = 0; i < snapshot.images(); ++i) {
    const auto view = snapshot.at(i);
    KnownImage image;
    image.origin = view.origin;
    image.media_type = view.media_type;
    image.digest = view.digest;
    image.size = view.size;
    image.children = snapshot.children(i);
    image.rule = view.rule;
    image.role = view.role;
    image.key_ids.assign(view.key_ids.begin(), view.key_ids.end());
    image.signers.assign(view.signers.begin(), view.signers.end());
    image.bundle_id = view.bundle_id;
    image.good_until = view.good_until;
    image.lapse = view.lapse;
    image.refused = view.refused;
    image.refusal = view.refusal;
    content.images.push_back(std::move(image));
  }
  return content;
}

TEST_CASE("a decision file gives back what it was made of") {
  const auto bytes = enforce::write_snapshot(test::sample_decisions());
  REQUIRE(bytes.size() % 8 == 0);
  const auto snapshot = Snapshot::own(bytes);
  REQUIRE(snapshot->version() == 42);
  REQUIRE(snapshot->made_at() == test::kDay);
  REQUIRE(snapshot->images() == 4);
  REQUIRE(snapshot->signed_by().empty());
  const auto redis = snapshot->find("docker.io/library/redis:7.2");
  REQUIRE(redis);
  REQUIRE(redis->digest == numbered_digest(100));
  REQUIRE(redis->size == 1638);
  REQUIRE(redis->key_ids.size() == 2);
  REQUIRE(redis->signers == std::vector<std::string_view>{"export-desk"});
  REQUIRE_FALSE(redis->good_until);
  REQUIRE_FALSE(redis->refused);
  const auto old = snapshot->find("docker.io/acme/old:1");
  REQUIRE(old->refused == base::ErrorCode::denied);
  REQUIRE(old->refusal == "withdrawn, see notice 7");
  REQUIRE(snapshot->find("docker.io/acme/brief:1")->good_until == test::kDay.plus_seconds(86400));
  const auto chains = snapshot->chains();
  REQUIRE(chains.size() == 1);
  REQUIRE(chains.front().expires.at("timestamp") == test::kDay.plus_seconds(14 * 86400));
  REQUIRE(snapshot->relocations().rules().size() == 2);
  // Its content has one form.
  REQUIRE(enforce::write_snapshot(content_of(*snapshot)) == bytes);
}

TEST_CASE("manifests are found through the images that are or have them, within a repository") {
  SnapshotContent content = test::sample_decisions();
  KnownImage same = known_image("docker.io/library/redis:latest", 100);
  content.images.push_back(same);
  KnownImage elsewhere = known_image("docker.io/library/redis-copy:7.2", 100);
  content.images.push_back(elsewhere);
  const auto snapshot = Snapshot::own(enforce::write_snapshot(content));
  const auto origins = [&](const char* repository, unsigned number) {
    std::vector<std::string> names;
    for (const auto& view : snapshot->find(repository, numbered_digest(number))) names.emplace_back(view.origin);
    return names;
  };
  const std::vector<std::string> both{"docker.io/library/redis:7.2", "docker.io/library/redis:latest"};
  REQUIRE(origins("docker.io/library/redis", 100) == both);
  REQUIRE(origins("docker.io/library/redis", 102) == both);
  REQUIRE(origins("docker.io/library/redis-copy", 101) == std::vector<std::string>{"docker.io/library/redis-copy:7.2"});
  REQUIRE(origins("docker.io/library/redi", 100).empty());
  REQUIRE(origins("docker.io/library/redis", 300).empty());
  REQUIRE(origins("docker.io/library/redis", 999).empty());
  REQUIRE_FALSE(snapshot->find("docker.io/library/redis"));
  REQUIRE_FALSE(snapshot->find("docker.io/library/redis:7"));
  REQUIRE_FALSE(snapshot->find(""));
}

TEST_CASE("an empty decision file knows nothing") {
  const auto snapshot = Snapshot::own(enforce::write_snapshot({}));
  REQUIRE(snapshot->images() == 0);
  REQUIRE_FALSE(snapshot->find("docker.io/library/redis:7.2"));
  REQUIRE(snapshot->find("docker.io/library/redis", numbered_digest(100)).empty());
  REQUIRE_ERROR(internal, snapshot->at(0));
  REQUIRE_ERROR(internal, snapshot->children(0));
}

TEST_CASE("digests of both algorithms are kept") {
  SnapshotContent content;
  KnownImage image = known_image("a.test/app:1", 1);
  image.digest = digest::sha512(base::as_bytes("long"));
  image.children.push_back(digest::sha512(base::as_bytes("other")));
  content.images = {image};
  const auto snapshot = Snapshot::own(enforce::write_snapshot(content));
  REQUIRE(snapshot->at(0).digest == image.digest);
  REQUIRE(snapshot->children(0).size() == 3);
  REQUIRE(snapshot->find("a.test/app", image.children.back()).size() == 1);
  REQUIRE(snapshot->find("a.test/app", digest::sha512(base::as_bytes("none"))).empty());
}

TEST_CASE("what no reader would take is not written") {
  const auto refused = [](auto change) {
    SnapshotContent content = test::sample_decisions();
    change(content);
    return test::error_of([&] { enforce::write_snapshot(content); });
  };
  using base::ErrorCode;
  const auto twice = [](SnapshotContent& content) { content.images.push_back(content.images.front()); };
  REQUIRE(refused(twice) == ErrorCode::conflict);
  const auto other = [](SnapshotContent& content) {
    content.images.push_back(known_image("docker.io/library/redis:7.2", 1));
  };
  REQUIRE(refused(other) == ErrorCode::conflict);
  REQUIRE(refused([](auto& content) { content.version = 0; }) == ErrorCode::malformed);
  REQUIRE(refused([](auto& content) { content.images[0].origin = "redis:7.2"; }) == ErrorCode::malformed);
  REQUIRE(refused([](auto& content) { content.images[0].origin = "a.test/app"; }) == ErrorCode::malformed);
  REQUIRE(refused([](auto& content) { content.images[0].origin = ""; }) == ErrorCode::invalid_reference);
  REQUIRE(refused([](auto& content) { content.images[0].digest = {}; }) == ErrorCode::malformed);
  REQUIRE(refused([](auto& content) { content.images[0].rule = "a\nb"; }) == ErrorCode::malformed);
  REQUIRE(refused([](auto& content) { content.images[0].refusal = std::string(5000, 'a'); }) ==
          ErrorCode::limit_exceeded);
  REQUIRE(refused([](auto& content) { content.chains.push_back(content.chains[0]); }) == ErrorCode::conflict);
  REQUIRE(refused([](auto& content) { content.chains[0].gun = ""; }) == ErrorCode::malformed);
  REQUIRE(refused([](auto& content) { content.relocations.push_back(content.relocations[0]); }) ==
          ErrorCode::malformed);
  REQUIRE(refused([](auto& content) { content.made_at.seconds = base::kLastSecond + 1; }) == ErrorCode::malformed);
  REQUIRE(refused([](auto&) {}) == std::nullopt);
}

TEST_CASE("only operators who may do so are believed") {
  const auto bytes = signed_sample();
  const auto snapshot = Snapshot::prove(bytes, operators());
  REQUIRE(snapshot->signed_by() == std::vector<std::string>{"ops"});
  REQUIRE_ERROR(untrusted_key, Snapshot::prove(bytes, {}));
  REQUIRE_ERROR(untrusted_key, Snapshot::prove(bytes, {{"ops", test::sample_key(2).public_key(), true, false}}));
  REQUIRE_ERROR(untrusted_key, Snapshot::prove(bytes, {{"ops", test::sample_key(1).public_key(), false, true}}));
  // A stranger may sign too, and nobody alone.
  const auto one = test::sample_key(1);
  const auto two = test::sample_key(2);
  const auto content = enforce::write_snapshot(test::sample_decisions());
  REQUIRE(Snapshot::prove(enforce::sign_snapshot(content, {&one, &two}), operators())->signed_by().size() == 1);
  REQUIRE_ERROR(malformed, enforce::sign_snapshot(content, {}));
  REQUIRE_ERROR(truncated, Snapshot::prove(content, operators()));
}

TEST_CASE("a signature is good for one file", "[exhaustive]") {
  const auto bytes = signed_sample();
  SnapshotContent other = test::sample_decisions();
  other.images[0].digest = numbered_digest(7);
  const auto body = enforce::write_snapshot(test::sample_decisions()).size();
  auto forged = enforce::write_snapshot(other);
  REQUIRE(forged.size() == body);
  base::append(forged, base::ByteView(bytes).subspan(body));
  REQUIRE_ERROR(digest_mismatch, Snapshot::prove(forged, operators()));
}

/// One image and one relocation: every table has something in it.
SnapshotContent small_content() {
  SnapshotContent content = test::sample_decisions();
  content.images.erase(content.images.begin() + 1, content.images.end());
  content.relocations.erase(content.relocations.begin());
  return content;
}

TEST_CASE("every bit of a signed decision file matters", "[exhaustive]") {
  const auto bytes = signed_sample(small_content());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    base::Bytes spoiled = bytes;
    spoiled[bit / 8] ^= std::byte(1U << (bit % 8));
    for (const auto check : {SnapshotCheck::whole, SnapshotCheck::as_read}) {
      if (!test::error_of([&] { Snapshot::prove(spoiled, operators(), check); })) {
        FAIL("bit " << bit << " can be turned");
      }
    }
  }
}

TEST_CASE("a decision file cannot be cut or go on", "[exhaustive]") {
  const auto bytes = signed_sample();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    base::Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
    for (const auto check : {SnapshotCheck::whole, SnapshotCheck::as_read}) {
      if (!test::error_of([&] { Snapshot::prove(cut, operators(), check); })) FAIL("can be cut at " << length);
    }
  }
  for (const char more : {'\0', ' ', '\n', 'a'}) {
    base::Bytes longer = bytes;
    longer.push_back(static_cast<std::byte>(more));
    REQUIRE(test::error_of([&] { Snapshot::prove(longer, operators()); }));
  }
}

TEST_CASE("an unsigned decision file with any bit turned is refused or says something in its bounds", "[exhaustive]") {
  const auto bytes = enforce::write_snapshot(test::sample_decisions());
  std::size_t refused = 0;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    base::Bytes spoiled = bytes;
    spoiled[bit / 8] ^= std::byte(1U << (bit % 8));
    try {
      const auto snapshot = Snapshot::own(spoiled);
      for (std::size_t i = 0; i < snapshot->images(); ++i) {
        const auto view = snapshot->at(i);
        REQUIRE(snapshot->find(view.origin)->digest == view.digest);
        REQUIRE(snapshot->children(i).size() < 10);
      }
      REQUIRE(snapshot->chains().size() <= 1);
    } catch (const base::Error&) {
      ++refused;
    }
  }
  REQUIRE(refused > bytes.size() * 2);
}

/// Everything that can be asked; what is refused is refused by an Error.
void ask_everything(const Snapshot& snapshot) {
  const auto ask = [](auto question) {
    if (test::error_of(question) == base::ErrorCode::internal) FAIL("a bad record is no fault of gapstow");
  };
  const auto asked = test::sample_decisions();
  for (const auto& image : asked.images) {
    ask([&] { snapshot.find(image.origin); });
    for (const auto& child : image.children) {
      ask([&] { snapshot.find(image.origin.substr(0, image.origin.rfind(':')), child); });
    }
  }
  ask([&] { snapshot.chains(); });
  for (std::size_t i = 0; i < std::min<std::size_t>(snapshot.images(), 100); ++i) {
    ask([&] { snapshot.at(i); });
    ask([&] { snapshot.children(i); });
  }
}

TEST_CASE("tables that are looked at record by record say the same, and never lead astray", "[exhaustive]") {
  const auto bytes = enforce::write_snapshot(test::sample_decisions());
  REQUIRE(enforce::write_snapshot(content_of(*Snapshot::own(bytes, SnapshotCheck::as_read))) == bytes);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    base::Bytes spoiled = bytes;
    spoiled[bit / 8] ^= std::byte(1U << (bit % 8));
    try {
      ask_everything(*Snapshot::own(spoiled, SnapshotCheck::as_read));
    } catch (const base::Error& error) {
      REQUIRE(error.code() != base::ErrorCode::internal);
    }
  }
}

TEST_CASE("an image that is refused for a reason nobody knows is not taken for one that may run") {
  auto bytes = enforce::write_snapshot(test::sample_decisions());
  const auto text = base::as_text(bytes);
  const std::size_t at = text.find(std::string(base::name(base::ErrorCode::denied)));
  REQUIRE(at != std::string_view::npos);
  bytes[at] = std::byte{'D'};
  REQUIRE_ERROR(malformed, Snapshot::own(bytes));
  const auto snapshot = Snapshot::own(bytes, SnapshotCheck::as_read);
  REQUIRE_ERROR(malformed, snapshot->find("docker.io/acme/old:1"));
}

TEST_CASE("any content comes back as it was") {
  const auto passes = rc::check([](const std::vector<std::uint8_t>& shape) {
    SnapshotContent content;
    content.version = shape.size() + 1;
    for (std::size_t i = 0; i < shape.size(); ++i) {
      const std::string tag = "t" + std::to_string(i);
      KnownImage image = known_image("r" + std::to_string(shape[i] % 5) + ".test/app:" + tag, shape[i] % 16);
      if (shape[i] % 3 == 0) image.children.clear();
      if (shape[i] % 7 == 0) image.good_until = base::Time{shape[i], 0};
      if (shape[i] % 11 == 0) image.refused = base::ErrorCode::expired;
      if (shape[i] % 2 == 0) image.key_ids.push_back(std::string(1, static_cast<char>('a' + shape[i] % 26)));
      if (shape[i] % 13 == 0) image.signers.emplace_back("Jörg");
      content.images.push_back(std::move(image));
    }
    const auto bytes = enforce::write_snapshot(content);
    const auto snapshot = Snapshot::own(bytes);
    RC_ASSERT(enforce::write_snapshot(content_of(*snapshot)) == bytes);
    for (const auto& image : content.images) {
      RC_ASSERT(snapshot->find(image.origin)->digest == image.digest);
      const std::string repository = image.origin.substr(0, image.origin.rfind(':'));
      for (const auto& child : image.children) {
        const auto holders = snapshot->find(repository, child);
        RC_ASSERT(std::ranges::any_of(holders, [&](const auto& each) { return each.origin == image.origin; }));
      }
    }
  });
  REQUIRE(passes);
}

TEST_CASE("decision files are opened from disk") {
  const test::TempFolder folder;
  base::SystemFs fs;
  const std::string path = folder / "decisions.snapshot";
  REQUIRE_ERROR(not_found, Snapshot::open(path, operators()));
  base::write_file(fs, path, signed_sample());
  REQUIRE(Snapshot::open(path, operators())->images() == 4);
  // Whoever may write it can put back an older one, which is signed as well.
  base::write_file(fs, path, signed_sample(), 0666);
  std::filesystem::permissions(path, std::filesystem::perms::others_write, std::filesystem::perm_options::add);
  REQUIRE_ERROR(denied, Snapshot::open(path, operators()));
  base::write_file(fs, path, {});
  REQUIRE_ERROR(truncated, Snapshot::open(path, operators()));
}

}  // namespace
