#include <algorithm>
#include <catch2/catch.hpp>

#include "gapstow/oci/reference.h"
#include "gapstow/registry/images.h"
#include "support/delivery_samples.h"
#include "support/error_of.h"
#include "support/fake_registry.h"

using namespace gapstow;
using base::ErrorCode;
using Fate = oci::Delivery::Blob::Fate;
using test::DeliverySample;
using test::FakeRegistry;

namespace {

std::unique_ptr<oci::ImageDestination> destination_of(FakeRegistry& registry,
                                                      const registry::DestinationOptions& options = {}) {
  return registry::make_destination(registry, {}, options);
}

/// An index with two children, a signature of a child, a signature of that signature, and a cosign tag.
DeliverySample full_sample() {
  DeliverySample sample;
  const auto first = test::make_image("one", 2, oci::kOciManifest);
  auto& image = sample.add_index("registry.test/team/app:1.0", {first, test::make_image("two", 2, oci::kOciManifest)});
  const auto signature = sample.add_referrer(image, first.root, "signature");
  sample.add_referrer(image, signature, "signature of the signature");
  sample.add_referrer(image, image.root, "sbom");
  sample.add_cosign(image, "cosign");
  return sample;
}

std::vector<Fate> fates(const oci::Delivery& delivery) {
  std::vector<Fate> fates;
  for (const auto& blob : delivery.blobs) fates.push_back(blob.fate);
  return fates;
}

bool all_are(const std::vector<Fate>& fates, Fate fate) {
  return std::ranges::all_of(fates, [&](Fate one) { return one == fate; });
}

/// Whether everything of the sample is in the registry, byte for byte.
void require_stored(FakeRegistry& registry, const DeliverySample& sample) {
  for (const auto& image : sample.images) {
    const auto reference = oci::parse_reference(image.reference, false);
    auto& repository = registry.at(reference.path);
    for (const auto& blob : image.blobs) {
      const bool manifest = oci::is_index(blob.media_type) || oci::is_image_manifest(blob.media_type);
      if (manifest) {
        REQUIRE(repository.manifests.at(blob.digest.text()).bytes == sample.bytes_of(blob.digest));
        REQUIRE(repository.manifests.at(blob.digest.text()).media_type == blob.media_type);
      } else {
        REQUIRE(repository.blobs.at(blob.digest.text()) == sample.bytes_of(blob.digest));
      }
    }
  }
}

/// And shown.
void require_delivered(FakeRegistry& registry, const DeliverySample& sample) {
  require_stored(registry, sample);
  for (const auto& image : sample.images) {
    const auto reference = oci::parse_reference(image.reference, false);
    REQUIRE(registry.at(reference.path).tags.at(reference.tag) == image.root.digest.text());
  }
}

}  // namespace

TEST_CASE("An image with attachments is delivered byte for byte, tags last", "[destination]") {
  FakeRegistry registry;
  const auto sample = full_sample();
  const auto destination = destination_of(registry);
  deliver(*destination, sample);
  require_delivered(registry, sample);

  const auto log = registry.log();
  REQUIRE(log.back() == "PUT /v2/team/app/manifests/1.0");
  const auto is_tag = [](const std::string& line) {
    return line.starts_with("PUT /v2/team/app/manifests/") && line.find(':') == std::string::npos;
  };
  const auto first_tag = std::ranges::find_if(log, is_tag);
  REQUIRE(
      std::all_of(first_tag, log.end(), [&](const auto& line) { return is_tag(line) || line.starts_with("GET "); }));

  const auto deliveries = destination->deliveries();
  REQUIRE(deliveries.size() == 1);
  REQUIRE(deliveries[0].name == "registry.test/team/app:1.0");
  REQUIRE(!deliveries[0].failure);
  REQUIRE(std::ranges::count(fates(deliveries[0]), Fate::mounted) == 0);
}

TEST_CASE("Each manifest is stored once, and an index is tagged after its parts", "[destination]") {
  FakeRegistry registry;
  DeliverySample sample;
  std::vector<test::MadeImage> parts;
  for (const auto* name : {"one", "two", "three"}) parts.push_back(test::make_image(name, 1, oci::kOciManifest));
  sample.add_index("registry.test/team/app:all", parts);
  sample.add_index("registry.test/team/app:also", {parts[0], parts[2]});
  for (std::size_t i = 0; i < parts.size(); ++i) {
    sample.add_image("registry.test/team/app:part-" + std::to_string(i), parts[i]);
  }
  deliver(*destination_of(registry), sample);
  require_delivered(registry, sample);

  const auto log = registry.log();
  const auto place_of = [&](const std::string& reference) {
    const std::string line = "PUT /v2/team/app/manifests/" + reference;
    REQUIRE(std::ranges::count(log, line) == 1);
    return std::ranges::find(log, line);
  };
  for (std::size_t i = 0; i < parts.size(); ++i) {
    CHECK(place_of(parts[i].root.digest.text()) < place_of(sample.images[0].root.digest.text()));
    CHECK(place_of("part-" + std::to_string(i)) < place_of("all"));
    CHECK(place_of("part-" + std::to_string(i)) < place_of("also"));
  }
}

TEST_CASE("Attachments are found again by the API and by the tag", "[destination]") {
  FakeRegistry registry;
  const auto sample = full_sample();
  deliver(*destination_of(registry), sample);
  const auto& image = sample.images[0];
  for (const bool api : {true, false}) {
    registry.faults.no_referrers_api = !api;
    const registry::Repository repository(registry, "team/app");
    for (const auto& attachment : image.attachments) {
      if (attachment.kind == oci::Attachment::Kind::cosign) {
        REQUIRE(repository.head_manifest(attachment.tag)->digest == attachment.root.digest);
        continue;
      }
      const auto found = test::referrers_of(repository, attachment.subject);
      REQUIRE(found.size() == 1);
      REQUIRE(found[0].descriptor.digest == attachment.root.digest);
      REQUIRE(found[0].artifact_type == "application/vnd.test.signature");
      if (!api) REQUIRE(found[0].descriptor.annotations.at("made") == "here");
    }
  }
}

TEST_CASE("A second delivery sends nothing", "[destination]") {
  FakeRegistry registry;
  const auto sample = full_sample();
  deliver(*destination_of(registry), sample);
  registry.clear_log();
  const auto destination = destination_of(registry);
  deliver(*destination, sample);
  REQUIRE(registry.count("PUT") == 0);
  REQUIRE(registry.count("POST") == 0);
  REQUIRE(registry.count("PATCH") == 0);
  REQUIRE(all_are(fates(destination->deliveries()[0]), Fate::present));
}

TEST_CASE("begin() changes nothing and tells what would be done", "[destination]") {
  FakeRegistry registry;
  DeliverySample sample;
  const auto image = test::make_image("one", 2, oci::kOciManifest);
  sample.add_image("registry.test/team/app:1.0", image);
  sample.add_image("registry.test/team/other:1.0", image);
  sample.add_image("registry.test/team/app:2.0", image);
  const auto destination = destination_of(registry);
  destination->begin(sample.images, sample.plan());
  REQUIRE(registry.count("PUT") + registry.count("POST") + registry.count("PATCH") == 0);
  const auto deliveries = destination->deliveries();
  REQUIRE(all_are(fates(deliveries[0]), Fate::written));
  REQUIRE(fates(deliveries[1]) == std::vector{Fate::written, Fate::mounted, Fate::mounted, Fate::mounted});
  REQUIRE(all_are(fates(deliveries[2]), Fate::present));
}

TEST_CASE("A blob goes to the first repository and is mounted into the others", "[destination]") {
  FakeRegistry registry;
  DeliverySample sample;
  const auto image = test::make_image("one", 2, oci::kOciManifest);
  for (const auto* name : {"a", "b", "c"}) sample.add_image("registry.test/team/" + std::string(name) + ":1", image);
  const bool refused = GENERATE(false, true);
  registry.faults.no_mounts = refused;
  const auto destination = destination_of(registry);
  deliver(*destination, sample);
  require_delivered(registry, sample);
  REQUIRE(fates(destination->deliveries()[2])[1] == (refused ? Fate::written : Fate::mounted));
  REQUIRE(registry.open_uploads() == 0);
}

TEST_CASE("A blob that one repository has is mounted and need not be put", "[destination]") {
  FakeRegistry registry;
  DeliverySample before;
  const auto image = test::make_image("one", 2, oci::kOciManifest);
  before.add_image("registry.test/team/a:1", image);
  deliver(*destination_of(registry), before);
  DeliverySample sample;
  sample.add_image("registry.test/team/b:1", image);
  sample.add_image("registry.test/team/a:1", image);
  const auto destination = destination_of(registry);
  destination->begin(sample.images, sample.plan());
  REQUIRE(destination->holds(test::digest_of(image.packed[0])));
  REQUIRE_FALSE(destination->holds(image.root.digest));
  REQUIRE_NOTHROW(destination->put(test::digest_of(image.packed[0]))->finish());
  put_all(*destination, sample);
  destination->commit();
  require_delivered(registry, sample);
}

TEST_CASE("Blobs are mounted from a repository that lends them, and sent when it does not have them", "[destination]") {
  FakeRegistry registry;
  DeliverySample before;
  const auto image = test::make_image("one", 2, oci::kOciManifest);
  before.add_image("registry.test/team/a:1", image);
  const bool lends = GENERATE(true, false);
  if (lends) deliver(*destination_of(registry), before);
  DeliverySample sample;
  sample.add_image("registry.test/team/b:1", image);
  registry::DestinationOptions options;
  options.lenders = {"team/a", "team/absent"};
  const auto destination = destination_of(registry, options);
  deliver(*destination, sample);
  require_delivered(registry, sample);
  REQUIRE(fates(destination->deliveries()[0])[1] == (lends ? Fate::mounted : Fate::written));
  REQUIRE(destination->deliveries().size() == 1);
}

TEST_CASE("Where any call gets no answer nothing is tagged, and a second run finishes", "[destination]") {
  const auto sample = full_sample();
  FakeRegistry whole;
  deliver(*destination_of(whole), sample);
  const auto calls = whole.calls();
  for (std::uint64_t call = 1; call <= calls; ++call) {
    FakeRegistry registry;
    registry.faults.fail_call = call;
    bool failed = false;
    try {
      registry::DestinationOptions options;
      options.restarts = 0;
      deliver(*destination_of(registry, options), sample);
    } catch (const base::Error& error) {
      failed = true;
      REQUIRE(error.code() == ErrorCode::network);
    }
    // Tags of attachments come when all manifests are there, the image's own tag after those.
    if (failed) REQUIRE_FALSE(registry.at("team/app").tags.contains("1.0"));
    if (!registry.tags().empty()) require_stored(registry, sample);
    registry.faults.fail_call = 0;
    deliver(*destination_of(registry), sample);
    require_delivered(registry, sample);
  }
}

TEST_CASE("With keep_going other images arrive", "[destination]") {
  FakeRegistry registry;
  DeliverySample sample;
  sample.add_image("registry.test/team/bad:1", test::make_image("bad", 1, oci::kOciManifest));
  sample.add_image("registry.test/team/good:1", test::make_image("good", 1, oci::kOciManifest));
  const auto method = GENERATE(as<std::string>{}, "HEAD", "POST", "PUT");
  registry.faults.instead = [&](const registry::Call& call) -> std::optional<registry::Reply> {
    if (call.method != method || call.target.find("team/bad") == std::string::npos) return std::nullopt;
    registry::Reply reply;
    reply.status = method == "HEAD" ? 503 : 403;
    return reply;
  };
  registry::DestinationOptions options;
  options.keep_going = true;
  const auto destination = destination_of(registry, options);
  deliver(*destination, sample);
  const auto deliveries = destination->deliveries();
  REQUIRE(deliveries[0].failure);
  REQUIRE(!deliveries[1].failure);
  REQUIRE(registry.tags() == std::vector<std::string>{"team/good:1"});

  options.keep_going = false;
  FakeRegistry strict;
  strict.faults.instead = registry.faults.instead;
  REQUIRE(test::error_of([&] { deliver(*destination_of(strict, options), sample); }));
  REQUIRE(strict.tags().empty());
}

TEST_CASE("With keep_going a repository that refuses does not keep shared layers from the others", "[destination]") {
  FakeRegistry registry;
  DeliverySample sample;
  const auto image = test::make_image("shared", 2, oci::kOciManifest);
  sample.add_image("registry.test/team/bad:1", image);
  sample.add_image("registry.test/team/good:1", image);
  registry.faults.instead = [](const registry::Call& call) -> std::optional<registry::Reply> {
    if (call.method != "POST" || call.target.find("team/bad") == std::string::npos) return std::nullopt;
    registry::Reply reply;
    reply.status = 403;
    return reply;
  };
  registry::DestinationOptions options;
  options.keep_going = true;
  const auto destination = destination_of(registry, options);
  deliver(*destination, sample);
  REQUIRE(destination->deliveries()[0].failure->code() == ErrorCode::unauthorized);
  REQUIRE(!destination->deliveries()[1].failure);
  REQUIRE(registry.tags() == std::vector<std::string>{"team/good:1"});
}

TEST_CASE("What cannot be held is refused before anything is sent", "[destination]") {
  FakeRegistry registry;
  DeliverySample sample;
  const auto destination = destination_of(registry);
  sample.add_image("registry.test/team/app:1", test::make_image("one", 1, oci::kOciManifest));
  SECTION("two images under one tag") {
    sample.add_image("registry.test/team/app:1", test::make_image("two", 1, oci::kOciManifest));
    REQUIRE_ERROR(conflict, destination->begin(sample.images, sample.plan()));
  }
  SECTION("layers that are not compressed") {
    sample.images[0].binding = oci::Binding::diff_ids;
    REQUIRE_ERROR(digest_unavailable, destination->begin(sample.images, sample.plan()));
  }
  SECTION("another registry") {
    sample.images[0].reference = "elsewhere.test/team/app:1";
    REQUIRE_ERROR(internal, destination->begin(sample.images, sample.plan()));
  }
  SECTION("an unannounced blob") {
    destination->begin(sample.images, sample.plan());
    REQUIRE_ERROR(internal, destination->put(test::digest_of("?")));
  }
  REQUIRE(registry.count("PUT") + registry.count("POST") == 0);
}

TEST_CASE("Other signatures under a cosign tag are not replaced", "[destination]") {
  FakeRegistry registry;
  const auto sample = full_sample();
  const auto tag = oci::referrers_tag(sample.images[0].root.digest) + ".sig";
  registry.add_manifest("team/app", tag, test::index_of({}), oci::kOciIndex);
  const auto destination = destination_of(registry);
  REQUIRE_ERROR(conflict, destination->begin(sample.images, sample.plan()));
}

TEST_CASE("A list of referrers keeps what it held", "[destination]") {
  FakeRegistry registry;
  registry.faults.no_referrers_api = true;
  const auto sample = full_sample();
  const auto& root = sample.images[0].root;
  const auto other = test::descriptor_of("other", oci::kOciManifest);
  registry.faults.lacks_child_check = true;
  registry.add_manifest("team/app", oci::referrers_tag(root.digest), test::index_of({other}), oci::kOciIndex);
  deliver(*destination_of(registry), sample);
  const auto found = test::referrers_of(registry::Repository(registry, "team/app"), root.digest);
  REQUIRE(found.size() == 2);
  REQUIRE(found[0].descriptor.digest == other.digest);
}

TEST_CASE("A fallback tag that holds something else stops the run", "[destination]") {
  FakeRegistry registry;
  const auto sample = full_sample();
  const auto image = test::make_image("x", 1, oci::kOciManifest);
  registry.add_manifest("team/app", oci::referrers_tag(sample.images[0].root.digest), image.manifest,
                        oci::kOciManifest);
  const auto destination = destination_of(registry);
  REQUIRE_ERROR(malformed, deliver(*destination, sample));
  REQUIRE(registry.at("team/app").tags.count("1.0") == 0);
}

TEST_CASE("An index whose children were left out is told as such", "[destination]") {
  FakeRegistry registry;
  DeliverySample sample;
  const auto left_out = test::make_image("two", 1, oci::kOciManifest);
  auto& image = sample.add_index("registry.test/team/app:1", {test::make_image("one", 1, oci::kOciManifest), left_out});
  std::erase_if(image.blobs, [&](const auto& blob) { return left_out.blobs().contains(blob.digest); });
  const auto destination = destination_of(registry);
  try {
    deliver(*destination, sample);
    FAIL("it was taken");
  } catch (const base::Error& error) {
    REQUIRE(error.code() == ErrorCode::network);
    REQUIRE(error.hint().find("--platform") != std::string::npos);
  }
  REQUIRE(registry.tags().empty());
  registry.faults.lacks_child_check = true;
  deliver(*destination_of(registry), sample);
  REQUIRE(registry.tags().size() == 1);
}

TEST_CASE("A damaged copy in the registry is no copy", "[destination]") {
  FakeRegistry registry;
  DeliverySample sample;
  sample.add_image("registry.test/team/app:1", test::make_image("one", 1, oci::kOciManifest));
  const auto& layer = sample.images[0].blobs.back();
  registry.at("team/app").blobs[layer.digest.text()] = "short";
  REQUIRE_ERROR(digest_mismatch, destination_of(registry)->begin(sample.images, sample.plan()));
}

TEST_CASE("A part of an image that refers to it as well is stored before it", "[destination]") {
  FakeRegistry registry;
  DeliverySample sample;
  const auto child = test::make_image("one", 1, oci::kOciManifest);
  DeliverySample side;
  auto& holder = side.add_image("registry.test/team/app:1", child);
  const auto attestation = side.add_referrer(holder, child.root, "attestation");
  const std::string index = test::index_of({child.root, attestation});
  oci::NamedImage image;
  image.reference = "registry.test/team/app:1";
  image.root = test::descriptor_of(index, oci::kOciIndex);
  image.blobs = {{image.root.digest, index.size(), image.root.media_type}};
  image.blobs.insert(image.blobs.end(), holder.blobs.begin(), holder.blobs.end());
  image.attachments = holder.attachments;
  sample.bytes = side.bytes;
  sample.bytes[image.root.digest] = index;
  sample.images = {image};
  deliver(*destination_of(registry), sample);
  require_delivered(registry, sample);
}

TEST_CASE("Whatever stood under a tag before is replaced", "[destination]") {
  FakeRegistry registry;
  DeliverySample sample;
  sample.add_image("registry.test/team/app:1", test::make_image("one", 1, oci::kOciManifest));
  for (const auto& [bytes, type] : std::vector<std::pair<std::string, std::string>>{
           {R"({"schemaVersion":1,"fsLayers":[]})", "application/vnd.docker.distribution.manifest.v1+prettyjws"},
           {"junk", "text/html"},
           {"{}", std::string(oci::kOciManifest)},
           {test::make_image("other", 1).manifest, std::string(oci::kDockerManifest)}}) {
    registry.add_manifest("team/app", "1", bytes, type);
    const auto destination = destination_of(registry);
    deliver(*destination, sample);
    require_delivered(registry, sample);
  }
}

TEST_CASE("A registry with small requests is known by its name", "[destination]") {
  FakeRegistry registry("ghcr.io");
  registry.faults.largest_request = 4 << 20;
  registry.faults.too_large = 416;
  DeliverySample sample;
  sample.add_layer_image("ghcr.io/team/app:1", test::noise(9 << 20));
  registry::DestinationOptions options;
  options.restarts = 0;
  deliver(*destination_of(registry, options), sample);
  require_delivered(registry, sample);
  REQUIRE(registry.count("PATCH") == 3);
}
