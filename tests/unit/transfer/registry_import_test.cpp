// Importing into registries.
#include <catch2/catch.hpp>

#include "gapstow/base/atomic_file.h"
#include "support/error_of.h"
#include "support/transfer_lab.h"

namespace gapstow::test {
namespace {

using base::ErrorCode;
using Fate = oci::Delivery::Blob::Fate;

trust::Rule deny(const std::string& pattern) {
  trust::Rule rule;
  rule.pattern = trust::Pattern::parse(pattern);
  rule.deny = "withdrawn";
  return rule;
}

/// Two signed repositories near, nothing far.
struct TwoSides : Lab {
  explicit TwoSides(unsigned retries = 2) : Lab(retries) {
    near.push("team/app", "1.0", first);
    near.push("team/tool", "1.0", second);
    serve(app.sign("1.0", first.manifest));
    serve(tool.sign("1.0", second.manifest));
  }
  LabRegistry near;
  LabRegistry far;
  SignedRepository app{"near.test/team/app"};
  SignedRepository tool{"near.test/team/tool"};
  MadeImage first = make_image("first");
  MadeImage second = make_image("second", 3);

  transfer::PackRequest both() {
    auto made = request(near.location("team/app:1.0"), "near.test/team/app:1.0");
    made.images.push_back({near.location("team/tool:1.0"), "near.test/team/tool:1.0", false});
    return made;
  }
  /// The version of the time stamp that the state holds for a repository, or 0.
  std::uint64_t seen(const SignedRepository& repository) {
    const auto state = trust::State::open_existing(state_path);
    if (!state) return 0;
    const auto chain = tuf::verify_chain(chains->chains.at(repository.gun()), tuf::notary_v1(), repository.gun(),
                                         store.pins_for(repository.gun()), clock.now());
    const auto roles = state->seen(repository.gun(), chain.root_identities());
    const auto found = roles.find("timestamp");
    return found == roles.end() ? 0 : found->second.version;
  }
};

/// Fails every request for a repository.
std::function<std::optional<registry::Reply>(const registry::Call&)> refuse_all(const std::string& path, int status,
                                                                                const std::string& method = "") {
  return [=](const registry::Call& call) -> std::optional<registry::Reply> {
    if (call.target.find("/v2/" + path) == std::string::npos) return std::nullopt;
    if (!method.empty() && call.method != method) return std::nullopt;
    registry::Reply reply;
    reply.status = status;
    return reply;
  };
}

}  // namespace

TEST_CASE("images arrive in a registry under their new names, byte for byte") {
  TwoSides lab;
  lab.pack(lab.both());
  const auto outcome = lab.import(lab.far, lab.into(lab.far, "mirror", {transfer::parse_rename("near.test/team=x")}));
  REQUIRE_FALSE(outcome.refusal());
  CHECK(lab.far.tag("mirror/x/app", "1.0") == lab.first.root.digest.text());
  CHECK(lab.far.tag("mirror/x/tool", "1.0") == lab.second.root.digest.text());
  CHECK(lab.far->at("mirror/x/app").manifests.at(lab.first.root.digest.text()).bytes == lab.first.manifest);
  CHECK(outcome.images[0].record.reference == "near.test/team/app:1.0");
  CHECK(outcome.images[0].imported_as == lab.far.host() + "/mirror/x/app:1.0");
  CHECK(outcome.destination == "docker://" + lab.far.host());
  const auto history = lab.history();
  REQUIRE(history.size() == 1);
  REQUIRE(history[0].images.size() == 2);
  CHECK(history[0].images[0].reference == "near.test/team/app:1.0");
  CHECK(history[0].images[0].imported_as == lab.far.host() + "/mirror/x/app:1.0");
  CHECK(lab.seen(lab.app) == 1);
  CHECK(lab.seen(lab.tool) == 1);
}

TEST_CASE("a second import sends nothing, and is in the history") {
  TwoSides lab;
  lab.pack(lab.both());
  lab.import(lab.far);
  lab.far->clear_log();
  const auto outcome = lab.import(lab.far);
  REQUIRE_FALSE(outcome.refusal());
  CHECK(lab.far.changes() == 0);
  for (const auto& image : outcome.images) {
    REQUIRE(image.delivery);
    for (const auto& blob : image.delivery->blobs) CHECK(blob.fate == Fate::present);
  }
  CHECK(lab.history().size() == 2);
}

TEST_CASE("two images that would get one name are a conflict before anything is sent") {
  TwoSides lab;
  lab.pack(lab.both());
  const auto options =
      lab.into(lab.far, "",
               {transfer::parse_rename("near.test/team/app=x/y"), transfer::parse_rename("near.test/team/tool=x/y")});
  REQUIRE_ERROR(conflict, lab.import(lab.far, options));
  REQUIRE_ERROR(invalid_reference, lab.import(lab.far, lab.into(lab.far, "UPPER")));
  CHECK(lab.far->calls() == 0);
  CHECK_FALSE(lab.has_state());
}

TEST_CASE("what a rule denies stops everything, or is left out by a run that keeps going") {
  TwoSides lab;
  lab.pack(lab.both());
  lab.store.rules = {deny("near.test/team/tool")};
  CHECK(lab.import(lab.far).refusal()->code == ErrorCode::denied);
  CHECK(lab.far->calls() == 0);
  CHECK_FALSE(lab.has_state());

  auto options = lab.into(lab.far);
  options.keep_going = true;
  const auto outcome = lab.import(lab.far, options);
  REQUIRE(outcome.refusal());
  CHECK(outcome.refusal()->code == ErrorCode::denied);
  CHECK(lab.far->tags() == std::vector<std::string>{"team/app:1.0"});
  CHECK(lab.far->at("team/tool").blobs.empty());
  CHECK(outcome.images[1].imported_as.empty());
  REQUIRE(lab.history().size() == 1);
  CHECK(lab.history()[0].images.size() == 1);
  CHECK(lab.seen(lab.app) == 1);
  CHECK(lab.seen(lab.tool) == 0);

  lab.store.rules = {deny("near.test/*")};
  CHECK(lab.import(lab.far, options).refusal()->code == ErrorCode::denied);
  CHECK(lab.history().size() == 1);
}

TEST_CASE("an image whose repository fails is left out by a run that keeps going") {
  TwoSides lab;
  lab.pack(lab.both());
  lab.far->faults.instead = refuse_all("team/tool", 403);
  CHECK(error_of([&] { lab.import(lab.far); }) == ErrorCode::unauthorized);
  CHECK(lab.far->tags().empty());
  CHECK_FALSE(lab.has_state());

  auto options = lab.into(lab.far);
  options.keep_going = true;
  const auto outcome = lab.import(lab.far, options);
  REQUIRE(outcome.refusal());
  CHECK(outcome.refusal()->code == ErrorCode::unauthorized);
  CHECK(lab.far->tags() == std::vector<std::string>{"team/app:1.0"});
  CHECK(outcome.images[1].imported_as.empty());
  REQUIRE(lab.history().size() == 1);
  REQUIRE(lab.history()[0].images.size() == 1);
  CHECK(lab.history()[0].images[0].reference == "near.test/team/app:1.0");
  CHECK(lab.seen(lab.app) == 1);
  CHECK(lab.seen(lab.tool) == 0);
}

TEST_CASE("when every image fails, nothing is remembered") {
  TwoSides lab;
  lab.pack(lab.both());
  lab.far->faults.instead = refuse_all("team/", 403);
  auto options = lab.into(lab.far);
  options.keep_going = true;
  CHECK(lab.import(lab.far, options).refusal()->code == ErrorCode::unauthorized);
  CHECK_FALSE(lab.has_state());
}

TEST_CASE("an image whose tag cannot be put is not said to be imported") {
  TwoSides lab;
  lab.pack(lab.both());
  lab.far->faults.instead = refuse_all("team/tool/manifests/1.0", 403, "PUT");
  auto options = lab.into(lab.far);
  options.keep_going = true;
  const auto outcome = lab.import(lab.far, options);
  REQUIRE(outcome.refusal());
  CHECK(outcome.refusal()->code == ErrorCode::unauthorized);
  CHECK(lab.far->tags() == std::vector<std::string>{"team/app:1.0"});
  CHECK(outcome.images[1].imported_as.empty());
  REQUIRE(lab.history().size() == 1);
  CHECK(lab.history()[0].images.size() == 1);
  CHECK(lab.seen(lab.tool) == 0);
}

TEST_CASE("a chain without an image that is refused does not hold up what a run that keeps going imports") {
  TwoSides lab;
  lab.serve(lab.tool, 5);
  lab.pack(lab.both());
  lab.import(lab.far);
  REQUIRE(lab.seen(lab.tool) == 5);

  lab.serve(lab.tool, 4);
  lab.serve(lab.app, 2);
  auto request = lab.request(lab.near.location("team/app:1.0"), "near.test/team/app:1.0");
  request.guns = {"near.test/team/tool"};
  lab.pack(request);
  CHECK(lab.import(lab.far).refusal()->code == ErrorCode::rollback);
  CHECK(lab.history().size() == 1);
  auto options = lab.into(lab.far);
  options.keep_going = true;
  const auto outcome = lab.import(lab.far, options);
  CHECK(outcome.refusal()->code == ErrorCode::rollback);
  CHECK(lab.history().size() == 2);
  CHECK(lab.seen(lab.app) == 2);
  CHECK(lab.seen(lab.tool) == 5);
  CHECK_FALSE(lab.import(*lab.destination(lab.far), options, "a reason").refusal());
}

TEST_CASE("a chain without an image that a rule denies is not remembered") {
  TwoSides lab;
  auto request = lab.request(lab.near.location("team/app:1.0"), "near.test/team/app:1.0");
  request.guns = {"near.test/team/tool"};
  lab.pack(request);
  lab.store.rules = {deny("near.test/team/tool")};
  auto options = lab.into(lab.far);
  options.keep_going = true;
  CHECK(lab.import(lab.far, options).refusal()->code == ErrorCode::denied);
  CHECK(lab.seen(lab.app) == 1);
  CHECK(lab.seen(lab.tool) == 0);
  lab.store.rules.clear();
  CHECK_FALSE(lab.import(lab.far, options).refusal());
  CHECK(lab.seen(lab.tool) == 1);
}

TEST_CASE("a rehearsal changes nothing and says what would be done") {
  TwoSides lab;
  lab.far.push("team/app", "", lab.first);
  lab.far->at("team/app").blobs.erase(digest_of(lab.first.packed[0]).text());
  lab.near.push("team/again", "1.0", lab.second);
  SignedRepository again("near.test/team/again");
  lab.serve(again.sign("1.0", lab.second.manifest));
  auto request = lab.both();
  request.images.push_back({lab.near.location("team/again:1.0"), "near.test/team/again:1.0", false});
  lab.pack(request);
  lab.far->clear_log();
  auto options = lab.into(lab.far);
  options.dry_run = true;
  const auto outcome = lab.import(lab.far, options);
  REQUIRE_FALSE(outcome.refusal());
  CHECK(outcome.is_rehearsal);
  CHECK(lab.far.changes() == 0);
  CHECK_FALSE(lab.has_state());
  CHECK(lab.far->tags().empty());

  const auto fates = [&](std::size_t image) {
    std::map<Fate, std::size_t> count;
    for (const auto& blob : outcome.images[image].delivery->blobs) ++count[blob.fate];
    return count;
  };
  REQUIRE(outcome.images.size() == 3);
  CHECK(fates(0)[Fate::written] == 1);
  CHECK(fates(0)[Fate::present] == 3);
  CHECK(fates(1)[Fate::written] == 5);
  CHECK(fates(2)[Fate::written] == 1);  // its manifest
  CHECK(fates(2)[Fate::mounted] == 4);
  CHECK(outcome.images[0].imported_as == lab.far.host() + "/team/app:1.0");

  // The run itself does what was said.
  const auto done = lab.import(lab.far);
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < done.images[i].delivery->blobs.size(); ++j) {
      CHECK(done.images[i].delivery->blobs[j].fate == outcome.images[i].delivery->blobs[j].fate);
    }
  }
}

TEST_CASE("a rehearsal makes no folder and no archive") {
  TwoSides lab;
  lab.pack(lab.both());
  const auto before = lab.files();
  transfer::ImportOptions options;
  options.dry_run = true;
  REQUIRE_FALSE(lab.import(*oci::make_oci_folder(lab.fs, lab.folder / "oci", ""), options).refusal());
  REQUIRE_FALSE(lab.import(*oci::make_oci_archive(lab.fs, lab.folder / "oci.tar", ""), options).refusal());
  REQUIRE_FALSE(lab.import(*oci::make_docker_archive(lab.fs, lab.folder / "docker.tar"), options).refusal());
  CHECK(lab.files() == before);
}

TEST_CASE("whichever request fails, there is no tag and no state, and the next run finishes") {
  TwoSides lab(0);
  const int status = GENERATE(0, 503);
  lab.pack(lab.request(lab.near.location("team/app:1.0"), "near.test/team/app:1.0"));
  std::uint64_t calls = 0;
  {
    LabRegistry far;
    lab.import(*lab.destination(far, false, 0), lab.into(far));
    calls = far->calls();
    REQUIRE(calls > 8);
    lab.fs.remove(lab.state_path);
  }
  std::size_t failed = 0;
  for (std::uint64_t i = 1; i <= calls; ++i) {
    INFO("request " << i);
    LabRegistry far;
    far->faults.fail_call = i;
    far.failure_status = status;
    const auto code = error_of([&] { lab.import(*lab.destination(far, false, 0), lab.into(far)); });
    if (code) {
      ++failed;
      CHECK(*code == ErrorCode::network);
      CHECK(far->tags().empty());
      CHECK(lab.history().empty());
      CHECK(lab.seen(lab.app) == 0);
      far->faults.fail_call = 0;
      REQUIRE_FALSE(lab.import(far).refusal());
    }
    CHECK(far.tag("team/app", "1.0") == lab.first.root.digest.text());
    lab.fs.remove(lab.state_path);
  }
  // A connection that is cut before it answers is opened anew when it had been used before.
  CHECK(failed > (status == 0 ? 0 : 4));
}

TEST_CASE("an upload that is cut begins again where the bundle can be read again") {
  TwoSides lab(0);
  const auto large = make_large_image("large", 9 << 20);
  lab.near.push("team/app", "2.0", large);
  lab.serve(lab.app.sign("2.0", large.manifest), 2);
  lab.pack(lab.request(lab.near.location("team/app:2.0"), "near.test/team/app:2.0"));
  const auto forget = [](const registry::Call& call) -> std::optional<registry::Reply> {
    if (call.method != "GET" || call.target.find("/blobs/uploads/") == std::string::npos) return std::nullopt;
    registry::Reply reply;
    reply.status = 404;
    return reply;
  };
  SECTION("a file") {
    lab.far->faults.instead = forget;
    lab.far.cut_uploads(1, 8 << 20);
    REQUIRE_FALSE(lab.import(lab.far).refusal());
    CHECK(lab.far.tag("team/app", "2.0") == large.root.digest.text());
  }
  SECTION("a stream") {
    lab.far->faults.instead = forget;
    const auto bytes = base::read_file(lab.fs, lab.bundle, 1 << 26);
    const auto from_stream = [&] {
      base::MemorySource stream(bytes);
      const auto input = transfer::open_bundle(lab.fs, {"-"}, stream);
      return transfer::import(*input, {lab.store, {}, std::nullopt, ""}, *lab.destination(lab.far, false, 0),
                              lab.into(lab.far), lab.state_path, lab.around());
    };
    lab.far.cut_uploads(1, 8 << 20);
    REQUIRE_ERROR(network, from_stream());
    CHECK(lab.far->tags().empty());
    CHECK_FALSE(lab.has_state());
    REQUIRE_FALSE(from_stream().refusal());
    CHECK(lab.far.tag("team/app", "2.0") == large.root.digest.text());
  }
}

TEST_CASE("a bundle that is damaged in its payload leaves no tag and no state") {
  TwoSides lab;
  lab.pack(lab.both());
  auto bytes = base::read_file(lab.fs, lab.bundle, 1 << 26);
  bytes[bytes.size() - 1024 - 600] ^= std::byte{1};  // in the last entry, or in its padding
  base::write_file(lab.fs, lab.bundle, bytes);
  for (const bool keep_going : {false, true}) {
    auto options = lab.into(lab.far);
    options.keep_going = keep_going;
    const auto code = error_of([&] { lab.import(lab.far, options); });
    REQUIRE(code);
    CHECK((*code == ErrorCode::digest_mismatch || *code == ErrorCode::malformed));
    CHECK(lab.far->tags().empty());
    CHECK_FALSE(lab.has_state());
  }
}

}  // namespace gapstow::test
