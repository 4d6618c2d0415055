// Packing out of registries.
#include <catch2/catch.hpp>

#include "gapstow/base/atomic_file.h"
#include "support/error_of.h"
#include "support/transfer_lab.h"

namespace gapstow::test {
namespace {

using base::ErrorCode;

const std::string kGun = "near.test/team/app";

/// The error that `body` throws, whole.
template <typename Body>
base::Error failure_of(Body&& body) {
  try {
    body();
  } catch (const base::Error& error) {
    return error;
  }
  return {ErrorCode::internal, "nothing was thrown"};
}

struct Near : Lab {
  explicit Near(unsigned retries = 2) : Lab(retries) {}
  LabRegistry near;
  SignedRepository app{kGun};
  MadeImage first = make_image("first");
  MadeImage second = make_image("second", 3);

  void push_signed() {
    near.push("team/app", "1.0", first);
    near.push("team/app", "2.0", second);
    app.sign("1.0", first.manifest).sign("2.0", second.manifest);
    serve(app);
  }
  transfer::PackRequest one(const std::string& tag = "1.0") {
    return request(near.location("team/app:" + tag), kGun + ":" + tag);
  }
  transfer::PackRequest all() {
    auto made = request(near.location("team/app"), kGun);
    made.images[0].all_tags = true;
    return made;
  }
};

}  // namespace

TEST_CASE("a signed image is packed out of a registry, and nothing is fetched twice") {
  Near lab;
  lab.push_signed();
  lab.near->clear_log();
  const auto packed = lab.pack(lab.one());
  CHECK(packed.bundle.images[0].record.digest == lab.first.root.digest);
  for (const auto& [digest, bytes] : lab.first.blobs()) {
    const std::string kind = digest == lab.first.root.digest ? "manifests/" : "blobs/";
    CHECK(lab.near.count("GET /v2/team/app/" + kind + digest.text()) == 1);
  }
  CHECK(lab.near.changes() == 0);
  CHECK(lab.chains->asked[kGun] == 1);
  const auto outcome = lab.verify();
  REQUIRE_FALSE(outcome.refusal());
  CHECK(outcome.images[0].record.reference == kGun + ":1.0");
}

TEST_CASE("a stream has the same bytes as a file, with one job and with many") {
  Near lab;
  lab.push_signed();
  lab.jobs = 8;
  lab.pack(lab.all());
  const auto file = base::read_file(lab.fs, lab.bundle, 1 << 26);
  base::MemorySink stream;
  transfer::pack(lab.all(), stream, lab.around());
  CHECK(stream.bytes() == file);
  lab.jobs = 1;
  lab.pack(lab.all());
  CHECK(base::read_file(lab.fs, lab.bundle, 1 << 26) == file);
}

TEST_CASE("what was signed must be there: a moved tag does no harm, a deleted image is a mismatch") {
  Near lab;
  lab.push_signed();
  lab.near->add_manifest("team/app", "1.0", lab.second.manifest, lab.second.root.media_type);
  CHECK(lab.pack(lab.one()).bundle.images[0].record.digest == lab.first.root.digest);

  lab.near->at("team/app").manifests.erase(lab.first.root.digest.text());
  lab.fs.remove(lab.bundle);
  const auto moved = failure_of([&] { lab.pack(lab.one()); });
  CHECK(moved.code() == ErrorCode::target_mismatch);
  CHECK(moved.why().find(lab.first.root.digest.text()) != std::string::npos);
  CHECK(moved.why().find(lab.second.root.digest.text()) != std::string::npos);
  lab.near->at("team/app").tags.erase("1.0");
  REQUIRE_ERROR(target_mismatch, lab.pack(lab.one()));
  CHECK(lab.files().empty());
}

TEST_CASE("a digest in the location must be the signed one") {
  Near lab;
  lab.push_signed();
  const std::string path = "team/app";
  auto request = lab.request(lab.near.location(path + "@" + lab.first.root.digest.text()), kGun);
  CHECK(lab.pack(request).bundle.images[0].record.reference == kGun + ":1.0");
  request = lab.request(lab.near.location(path + ":1.0@" + lab.first.root.digest.text()), kGun + ":1.0");
  CHECK_FALSE(error_of([&] { lab.pack(request); }));
  request = lab.request(lab.near.location(path + ":1.0@" + lab.second.root.digest.text()), kGun + ":1.0");
  REQUIRE_ERROR(target_mismatch, lab.pack(request));
  request = lab.request(lab.near.location(path + "@sha256:" + std::string(64, '1')), kGun);
  REQUIRE_ERROR(target_missing, lab.pack(request));
  REQUIRE_ERROR(not_found, lab.pack(lab.unproven(lab.near.location(path + "@sha256:" + std::string(64, '1')))));
  REQUIRE_ERROR(not_found, lab.pack(lab.unproven(lab.near.location(path + ":3.0"))));
}

TEST_CASE("all signed tags of a repository") {
  Near lab;
  lab.push_signed();
  lab.near.push("team/app", "unsigned", make_image("unsigned"));
  const auto packed = lab.pack(lab.all());
  REQUIRE(packed.bundle.images.size() == 2);
  CHECK(packed.bundle.images[0].record.reference == kGun + ":1.0");
  CHECK(packed.bundle.images[1].record.reference == kGun + ":2.0");
  CHECK(lab.chains->asked[kGun] == 1);
  CHECK(lab.verify().images.size() == 2);

  auto tagged = lab.all();
  tagged.images[0].location = lab.near.location("team/app:1.0");
  REQUIRE_ERROR(usage, lab.pack(tagged));
  auto file = lab.all();
  file.images[0].location = oci::parse_location("oci-archive:" + kSamples + "/images/app-1.1.exact-oci.tar");
  REQUIRE_ERROR(usage, lab.pack(file));
}

TEST_CASE("all tags without a chain are those of the registry, over all pages, without attachments") {
  Near lab;
  lab.push_signed();
  lab.near->faults.page = 1;
  const auto signature = make_artifact("signature", nullptr);
  lab.near.push("team/app", oci::referrers_tag(lab.first.root.digest) + ".sig", signature);
  lab.near->add_manifest("team/app", oci::referrers_tag(lab.second.root.digest),
                         R"({"schemaVersion":2,"mediaType":")" + std::string(oci::kOciIndex) + R"(","manifests":[]})",
                         oci::kOciIndex);
  auto request = lab.unproven(lab.near.location("team/app"), kGun);
  request.images[0].all_tags = true;
  const auto packed = lab.pack(request);
  REQUIRE(packed.bundle.images.size() == 2);
  CHECK(packed.bundle.images[0].record.attachments.size() == 1);
  CHECK_FALSE(lab.verify().refusal());

  request.images[0].location = lab.near.location("team/none");
  CHECK(error_of([&] { lab.pack(request); }));
}

TEST_CASE("a run that keeps going leaves out what fails and says so, and its bundle verifies") {
  Near lab;
  lab.push_signed();
  lab.app.sign("3.0", "never pushed");
  lab.serve(lab.app, 2);
  REQUIRE_ERROR(target_mismatch, lab.pack(lab.all()));
  CHECK(lab.files().empty());

  auto request = lab.all();
  request.keep_going = true;
  request.images.push_back({lab.near.location("team/none:1"), "near.test/team/none:1", false});
  request.images.push_back({oci::parse_location("oci:" + (lab.folder / "absent")), "", false});
  const auto packed = lab.pack(request);
  CHECK(packed.bundle.images.size() == 2);
  CHECK(packed.bundle.failures.size() == 3);
  REQUIRE(packed.bundle.refusal());
  CHECK(lab.verify().images.size() == 2);
  CHECK_FALSE(lab.verify().refusal());

  lab.fs.remove(lab.bundle);
  request = lab.request(lab.near.location("team/none:1"), kGun + ":9");
  request.keep_going = true;
  REQUIRE_ERROR(target_missing, lab.pack(request));
  CHECK(lab.files().empty());
}

TEST_CASE("a chain that proves nothing that is packed stays behind") {
  Near lab;
  lab.push_signed();
  SignedRepository old("near.test/team/old");
  old.sign("1.0", lab.first.manifest);
  lab.serve(old, 1, "2020-01-01T00:00:00Z");
  lab.near.push("team/old", "1.0", lab.first);
  auto request = lab.one();
  request.images.insert(request.images.begin(), {lab.near.location("team/old:1.0"), "near.test/team/old:1.0", false});
  REQUIRE_ERROR(expired, lab.pack(request));
  request.keep_going = true;
  const auto packed = lab.pack(request);
  REQUIRE(packed.bundle.failures.size() == 1);
  CHECK(packed.bundle.failures[0].error.code() == ErrorCode::expired);
  CHECK(packed.bundle.chains.size() == 1);
  const auto outcome = lab.verify();
  CHECK_FALSE(outcome.refusal());
  REQUIRE(outcome.chains.size() == 1);
  CHECK(outcome.chains[0].gun == kGun);
}

TEST_CASE("a target that can be no tag is left out, not the whole run") {
  Near lab;
  lab.push_signed();
  lab.app.sign("not a tag", lab.first.manifest).sign("v1/linux", lab.first.manifest);
  lab.serve(lab.app, 2);
  auto request = lab.all();
  CHECK(error_of([&] { lab.pack(request); }) == ErrorCode::invalid_reference);
  request.keep_going = true;
  const auto packed = lab.pack(request);
  CHECK(packed.bundle.images.size() == 2);
  CHECK(packed.bundle.failures.size() == 2);
  CHECK_FALSE(lab.verify().refusal());
}

TEST_CASE("wrong bytes of a blob stop the run and leave no file") {
  Near lab;
  lab.push_signed();
  for (const auto& [digest, good] : lab.first.blobs()) {
    auto& repository = lab.near->at("team/app");
    const bool is_manifest = digest == lab.first.root.digest;
    auto& bytes = is_manifest ? repository.manifests.at(digest.text()).bytes : repository.blobs.at(digest.text());
    INFO(digest.text());
    bytes[bytes.size() / 2] ^= 1;
    for (const bool keep_going : {false, true}) {
      auto request = lab.one();
      request.keep_going = keep_going;
      REQUIRE_ERROR(digest_mismatch, lab.pack(request));
      base::MemorySink stream;
      REQUIRE_ERROR(digest_mismatch, transfer::pack(request, stream, lab.around()));
    }
    bytes = good.substr(0, good.size() - 1);
    CHECK(error_of([&] { lab.pack(lab.one()); }));
    bytes = good + "x";
    CHECK(error_of([&] { lab.pack(lab.one()); }));
    CHECK(lab.files().empty());
    bytes = good;
  }
  CHECK_FALSE(error_of([&] { lab.pack(lab.one()); }));
}

TEST_CASE("a request that fails stops the run and leaves no file, whichever it is") {
  Near lab(0);
  lab.push_signed();
  lab.near->clear_log();
  lab.pack(lab.one());
  lab.fs.remove(lab.bundle);
  const auto calls = lab.near->calls();
  REQUIRE(calls > 4);
  for (std::uint64_t i = 1; i <= calls; ++i) {
    lab.near->clear_log();
    lab.near->faults.fail_call = i;
    const auto code = error_of([&] { lab.pack(lab.one()); });
    INFO("request " << i);
    if (code) CHECK(*code == ErrorCode::network);
    if (code) CHECK(lab.files().empty());
  }
}

TEST_CASE("one image twice is said to be so") {
  Near lab;
  lab.push_signed();
  auto request = lab.one();
  request.images.push_back(request.images[0]);
  REQUIRE_ERROR(usage, lab.pack(request));
}

}  // namespace gapstow::test
