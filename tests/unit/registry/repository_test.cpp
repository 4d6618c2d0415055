#include "gapstow/registry/repository.h"

#include <catch2/catch.hpp>

#include "gapstow/oci/attachment.h"
#include "support/delivery_samples.h"
#include "support/error_of.h"
#include "support/fake_registry.h"

using namespace gapstow;
using base::ErrorCode;
using registry::Call;
using registry::Reply;
using registry::Repository;
using test::FakeRegistry;

namespace {

const std::string kPath = "team/app";

std::optional<Reply> no_reply() { return std::nullopt; }

Reply reply_of(int status, std::vector<std::pair<std::string, std::string>> headers, const std::string& body) {
  Reply reply;
  reply.status = status;
  for (auto& [name, value] : headers) reply.headers.add(name, value);
  reply.body = base::to_bytes(body);
  return reply;
}

/// A registry that answers every call like this.
void always(FakeRegistry& registry, const Reply& reply) {
  registry.faults.instead = [reply](const Call&) { return reply; };
}

}  // namespace

TEST_CASE("Manifests come byte for byte, by tag and by digest", "[repository]") {
  FakeRegistry registry;
  registry.faults.no_head = GENERATE(false, true);
  registry.faults.no_digest_header = GENERATE(false, true);
  const Repository repository(registry, kPath);
  for (const auto type : {oci::kOciManifest, oci::kDockerManifest}) {
    const auto image = test::make_image("one", 1, type);
    registry.add_manifest(kPath, "1.0", image.manifest, type);
    for (const auto& reference : {std::string("1.0"), image.root.digest.text()}) {
      const auto found = repository.get_manifest(reference);
      REQUIRE(found->bytes == base::to_bytes(image.manifest));
      REQUIRE(found->descriptor == image.root);
      REQUIRE(repository.head_manifest(reference) == image.root);
    }
  }
  REQUIRE(!repository.get_manifest("2.0"));
  REQUIRE(!repository.head_manifest("2.0"));
}

TEST_CASE("What is asked for says what is understood and what it needs", "[repository]") {
  FakeRegistry registry;
  std::string accept;
  std::string scope;
  registry.faults.instead = [&](const Call& call) {
    accept = call.headers.find("Accept").value_or("");
    scope = call.scope;
    REQUIRE(call.limit == oci::kMaxManifestBytes);
    return no_reply();
  };
  REQUIRE(!Repository(registry, kPath).get_manifest("1.0"));
  for (const auto type : {oci::kOciManifest, oci::kOciIndex, oci::kDockerManifest, oci::kDockerList}) {
    REQUIRE(accept.find(type) != std::string::npos);
  }
  REQUIRE(scope == "repository:team/app:pull");
  REQUIRE(!Repository(registry, kPath, registry::Access::push).head_manifest("1.0"));
  REQUIRE(scope == "repository:team/app:pull,push");
}

TEST_CASE("A manifest that is not the promised one is refused", "[repository]") {
  FakeRegistry registry;
  const Repository repository(registry, kPath);
  const auto image = test::make_image("one", 1, oci::kOciManifest);
  const auto other = test::make_image("two", 1, oci::kOciManifest);
  const std::string digest = image.root.digest.text();
  const std::string type(oci::kOciManifest);
  SECTION("other bytes under a digest") {
    always(registry, reply_of(200, {{"Content-Type", type}}, other.manifest));
    REQUIRE_ERROR(digest_mismatch, repository.get_manifest(digest));
    REQUIRE_ERROR(digest_mismatch, repository.head_manifest(digest));
  }
  SECTION("another digest in the header") {
    for (const auto& said : {digest, std::string("sha256:12"), std::string("none"), std::string()}) {
      always(registry, reply_of(200, {{"Content-Type", type}, {"Docker-Content-Digest", said}}, other.manifest));
      REQUIRE_ERROR(digest_mismatch, repository.get_manifest("1.0"));
    }
  }
  SECTION("another digest in answer to a HEAD") {
    always(registry,
           reply_of(200, {{"Content-Type", type}, {"Content-Length", "2"}, {"Docker-Content-Digest", digest}}, ""));
    REQUIRE_ERROR(digest_mismatch, repository.head_manifest(other.root.digest.text()));
    REQUIRE(repository.head_manifest("1.0")->digest == image.root.digest);
  }
  SECTION("another type in the header than in the document") {
    always(registry, reply_of(200, {{"Content-Type", std::string(oci::kDockerManifest)}}, image.manifest));
    REQUIRE_ERROR(malformed, repository.get_manifest("1.0"));
    always(registry, reply_of(200, {{"Content-Type", "text/html"}}, image.manifest));
    REQUIRE_ERROR(malformed, repository.get_manifest("1.0"));
  }
  SECTION("no manifest at all") {
    always(registry, reply_of(200, {{"Content-Type", "text/html"}}, "<html>"));
    REQUIRE_ERROR(malformed, repository.get_manifest("1.0"));
  }
  SECTION("schema 1") {
    always(registry, reply_of(200, {{"Content-Type", "application/vnd.docker.distribution.manifest.v1+prettyjws"}},
                              R"({"schemaVersion":1,"fsLayers":[]})"));
    REQUIRE_ERROR(unsupported, repository.get_manifest("1.0"));
    REQUIRE_ERROR(unsupported, repository.head_manifest("1.0"));
  }
  SECTION("too long") {
    always(registry, reply_of(200, {}, std::string(oci::kMaxManifestBytes + 1, ' ')));
    REQUIRE_ERROR(limit_exceeded, repository.get_manifest("1.0"));
  }
  SECTION("refused") {
    always(registry, reply_of(403, {}, ""));
    REQUIRE_ERROR(unauthorized, repository.get_manifest("1.0"));
    always(registry, reply_of(502, {}, ""));
    REQUIRE_ERROR(network, repository.head_manifest("1.0"));
  }
}

TEST_CASE("Servers that do not know types are helped by the document", "[repository]") {
  FakeRegistry registry;
  const auto image = test::make_image("one", 1, oci::kOciManifest);
  for (const auto* type : {"", "application/json", "text/plain; charset=utf-8", "application/octet-stream",
                           "Application/vnd.oci.image.manifest.v1+JSON; charset=utf-8"}) {
    always(registry, reply_of(200, {{"Content-Type", type}}, image.manifest));
    REQUIRE(Repository(registry, kPath).get_manifest("1.0")->descriptor == image.root);
  }
}

TEST_CASE("Manifests are stored as they are", "[repository]") {
  FakeRegistry registry;
  const Repository repository(registry, kPath, registry::Access::push);
  const std::string index = test::index_of({});
  const auto put = [&] { return repository.put_manifest("1.0", std::string(oci::kOciIndex), base::as_bytes(index)); };
  SECTION("and shown") {
    REQUIRE_FALSE(put().subject_indexed);
    REQUIRE(registry.at(kPath).manifests.at(test::digest_of(index).text()).bytes == index);
    REQUIRE(registry.tags().size() == 1);
  }
  SECTION("by a registry that keeps referrers") {
    always(registry, reply_of(201, {{"OCI-Subject", "sha256:…"}}, ""));
    REQUIRE(put().subject_indexed);
  }
  SECTION("by a registry that stores something else") {
    always(registry, reply_of(201, {{"Docker-Content-Digest", test::digest_of("other").text()}}, ""));
    REQUIRE_ERROR(digest_mismatch, put());
  }
  SECTION("not at all") {
    always(registry, reply_of(404, {}, ""));
    REQUIRE_ERROR(not_found, put());
    always(registry, reply_of(413, {}, ""));
    REQUIRE_ERROR(network, put());
  }
}

TEST_CASE("Blobs that are there have a size", "[repository]") {
  FakeRegistry registry;
  const Repository repository(registry, kPath);
  const auto blob = registry.add_blob(kPath, "content");
  REQUIRE(repository.head_blob(blob.digest) == 7);
  REQUIRE(!repository.head_blob(test::digest_of("other")));
  always(registry, reply_of(200, {{"Content-Length", "7, 7"}}, ""));
  REQUIRE(!repository.head_blob(blob.digest));
  always(registry, reply_of(403, {}, ""));
  REQUIRE_ERROR(unauthorized, repository.head_blob(blob.digest));
}

TEST_CASE("Mounting leaves no upload behind", "[repository]") {
  FakeRegistry registry;
  const auto blob = registry.add_blob("team/base", "content");
  const Repository repository(registry, kPath, registry::Access::push);
  REQUIRE(repository.mount_blob(blob.digest, "team/base"));
  REQUIRE(registry.has_blob(kPath, blob.digest));
  REQUIRE_FALSE(repository.mount_blob(test::digest_of("other"), "team/base"));
  registry.faults.no_mounts = true;
  REQUIRE_FALSE(repository.mount_blob(blob.digest, "team/base"));
  REQUIRE(registry.open_uploads() == 0);
  registry.faults.instead = [](const Call& call) -> std::optional<Reply> {
    REQUIRE(call.scope == "repository:team/app:pull,push repository:team/base:pull");
    throw base::Error(ErrorCode::unauthorized, "no");
  };
  REQUIRE_FALSE(repository.mount_blob(blob.digest, "team/base"));
}

TEST_CASE("Tags come from all pages", "[repository]") {
  FakeRegistry registry;
  const Repository repository(registry, kPath);
  REQUIRE_ERROR(not_found, repository.tags());
  std::vector<std::string> expected;
  for (int i = 100; i < 125; ++i) {
    registry.add_manifest(kPath, "v" + std::to_string(i), "{}", oci::kOciIndex);
    expected.push_back("v" + std::to_string(i));
  }
  registry.faults.page = GENERATE(as<std::size_t>{}, 1, 7, 25, 1000);
  REQUIRE(repository.tags() == expected);
}

TEST_CASE("Lists of tags that mislead are refused", "[repository]") {
  FakeRegistry registry;
  const Repository repository(registry, kPath);
  const std::string list = R"({"name":"team/app","tags":["a"]})";
  const auto link = [&](const std::string& value) { always(registry, reply_of(200, {{"Link", value}}, list)); };
  SECTION("to another host") {
    for (const auto* value : {"<http://elsewhere.test/v2/>; rel=\"next\"", "<//elsewhere.test/v2/>; rel=next",
                              "<http://registry.test:81/v2/>; rel=next"}) {
      link(value);
      REQUIRE_ERROR(network, repository.tags());
    }
  }
  SECTION("in a circle") {
    link("</v2/team/app/tags/list?n=1000>; rel=\"next\"");
    REQUIRE_ERROR(malformed, repository.tags());
    link("</v2/team/app/tags/list?n=1000&last=a>; rel=\"next\"");
    REQUIRE_ERROR(malformed, repository.tags());
  }
  SECTION("without an end") {
    unsigned page = 0;
    registry.faults.instead = [&](const Call&) -> std::optional<Reply> {
      return reply_of(200, {{"Link", "</v2/" + std::to_string(++page) + ">; rel=next"}}, list);
    };
    REQUIRE_ERROR(limit_exceeded, repository.tags());
  }
  SECTION("without an end, and long") {
    unsigned page = 0;
    const std::string padded = list + std::string(3 << 20, ' ');
    registry.faults.instead = [&](const Call&) -> std::optional<Reply> {
      return reply_of(200, {{"Link", "</v2/" + std::to_string(++page) + ">; rel=next"}}, padded);
    };
    REQUIRE_ERROR(limit_exceeded, repository.tags());
    REQUIRE(page < 30);
  }
  SECTION("to no URL") {
    link("<file:///etc/passwd>; rel=next");
    REQUIRE_ERROR(malformed, repository.tags());
  }
  SECTION("to no tags") {
    for (const auto* body : {"", "[]", "{}", R"({"tags":[1]})", R"({"tags":["../../x"]})", R"({"tags":[""]})",
                             R"({"tags":["a:b"]})", R"({"tags":["-a"]})", "<html>"}) {
      always(registry, reply_of(200, {}, body));
      REQUIRE_ERROR(malformed, repository.tags());
    }
  }
}

TEST_CASE("Other links are no pages", "[repository]") {
  FakeRegistry registry;
  for (const auto* value : {"</v2/x>; rel=\"prev\"", "</v2/x>; title=\"rel=next\"", "</v2/x>", "junk", "<", "", "<>",
                            "</v2/x>; rel=\"nexus\""}) {
    always(registry, reply_of(200, {{"Link", value}}, R"({"tags":null})"));
    REQUIRE(Repository(registry, kPath).tags().empty());
  }
  unsigned page = 0;
  registry.faults.instead = [&](const Call& call) -> std::optional<Reply> {
    if (++page > 1) REQUIRE(call.target == "http://registry.test/v2/team/app/tags/list?last=x,y");
    const auto* links =
        R"(</v2/a>; rel="prev"; title="a,b", <http://REGISTRY.test/v2/team/app/tags/list?last=x,y>; REL="last Next")";
    return reply_of(200, {{"Link", page == 1 ? links : ""}}, R"({"tags":["t"]})");
  };
  REQUIRE(Repository(registry, kPath).tags().size() == 2);
}

TEST_CASE("Referrers come from the API and from the tag, each once", "[repository]") {
  FakeRegistry registry;
  test::DeliverySample sample;
  const auto image = test::make_image("one", 1, oci::kOciManifest);
  auto& named = sample.add_image("registry.test/team/app:1", image);
  std::vector<oci::Descriptor> made;
  for (int i = 0; i < 5; ++i) made.push_back(sample.add_referrer(named, image.root, std::to_string(i)));
  for (const auto& descriptor : made) {
    registry.add_manifest(kPath, "", sample.bytes_of(descriptor.digest), descriptor.media_type);
  }
  const auto before = test::descriptor_of("from before", oci::kOciManifest);
  const std::string tag = oci::referrers_tag(image.root.digest);
  registry.add_manifest(kPath, tag, test::index_of({made[0], before}), oci::kOciIndex);
  const Repository repository(registry, kPath);
  registry.faults.page = GENERATE(as<std::size_t>{}, 1, 3, 1000);
  REQUIRE(test::referrers_of(repository, image.root.digest).size() == 6);
  registry.faults.no_referrers_api = true;
  REQUIRE(test::referrers_of(repository, image.root.digest).size() == 2);
  for (const int status : {400, 404, 405}) {
    registry.faults.instead = [&](const Call& call) {
      return call.target.find("/referrers/") == std::string::npos ? no_reply() : reply_of(status, {}, "");
    };
    REQUIRE(test::referrers_of(repository, image.root.digest).size() == 2);
  }
}

TEST_CASE("Lists of referrers that are none are refused", "[repository]") {
  FakeRegistry registry;
  const Repository repository(registry, kPath);
  const auto image = test::make_image("one", 1, oci::kOciManifest);
  const auto& subject = image.root.digest;
  const std::string tag = oci::referrers_tag(subject);
  SECTION("from the API") {
    for (const auto& body :
         {std::string("<html>"), std::string("{}"), image.manifest,
          std::string(R"({"schemaVersion":2,"manifests":[{}]})"), std::string(R"({"schemaVersion":2,"manifests":{}})"),
          std::string(R"({"schemaVersion":1,"manifests":[]})")}) {
      always(registry, reply_of(200, {}, body));
      REQUIRE_ERROR(malformed, test::referrers_of(repository, subject));
    }
    always(registry, reply_of(500, {}, ""));
    REQUIRE_ERROR(network, test::referrers_of(repository, subject));
    always(registry, reply_of(403, {}, ""));
    REQUIRE_ERROR(unauthorized, test::referrers_of(repository, subject));
  }
  SECTION("another manifest under the tag") {
    const auto other = test::make_image("two", 1, oci::kOciManifest);
    registry.add_manifest(kPath, tag, other.manifest, oci::kOciManifest);
    REQUIRE_ERROR(malformed, test::referrers_of(repository, subject));
  }
  SECTION("a list of Docker under the tag") {
    std::string list = test::index_of({});
    list.replace(list.find(oci::kOciIndex), oci::kOciIndex.size(), oci::kDockerList);
    registry.add_manifest(kPath, tag, list, oci::kDockerList);
    REQUIRE_ERROR(malformed, test::referrers_of(repository, subject));
  }
  SECTION("the subject itself under the tag is none") {
    registry.add_manifest(kPath, tag, image.manifest, oci::kOciManifest);
    REQUIRE(test::referrers_of(repository, subject).empty());
  }
}
