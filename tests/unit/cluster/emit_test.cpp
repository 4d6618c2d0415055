#include "gapstow/cluster/emit.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "gapstow/base/encoding.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "support/error_of.h"

namespace {

using namespace gapstow;
using cluster::EmitSite;
using cluster::EmittedFile;
using cluster::ProvenImage;

const base::Time kNow = base::parse_time("2026-11-23T02:00:00Z");

digest::Digest digest_of(const std::string& text) { return digest::sha256(base::as_bytes(text)); }

enforce::KnownImage known(const std::string& origin) {
  enforce::KnownImage image;
  image.origin = origin;
  image.media_type = "application/vnd.oci.image.index.v1+json";
  image.digest = digest_of(origin);
  image.rule = "default";
  return image;
}

enforce::SnapshotContent content() {
  enforce::SnapshotContent content;
  content.made_at = content.clock_floor = kNow;
  auto redis = known("docker.io/library/redis:7.2");
  redis.children = {digest_of("redis-amd64"), digest_of("redis-arm64")};
  auto refused = known("docker.io/library/evil:1");
  refused.refused = base::ErrorCode::denied;
  refused.refusal = "a rule denies it";
  auto lapsed = known("quay.io/acme/old:1");
  lapsed.good_until = kNow;
  lapsed.lapse = "timestamp";
  auto api = known("quay.io/acme/api:1.4.2");
  api.good_until = kNow.plus_seconds(1);
  api.lapse = "seal";
  content.images = {redis, refused, lapsed, api, known("localhost:5000/lab/app:1.1")};
  content.relocations = {{"quay.io/acme/api", "registry.airgap.local/apps/api", {{"1.4.2", "stable"}}},
                         {"docker.io/library", "mirror.local:5000/hub", {}}};
  return content;
}

std::vector<ProvenImage> images() {
  return cluster::proven_images(*enforce::Snapshot::own(enforce::write_snapshot(content())), kNow);
}

EmitSite site() {
  EmitSite site;
  site.server = "https://gapstow.example:5443/";
  site.ca = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n";
  return site;
}

std::vector<EmittedFile> emit(const std::string& kind, const EmitSite& place = site()) {
  return cluster::emit_kind(kind).emit(place, images());
}

const std::string& file(const std::vector<EmittedFile>& files, const std::string& path) {
  const auto found = std::ranges::find(files, path, &EmittedFile::path);
  REQUIRE(found != files.end());
  return found->content;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Requirements of one scope of policy.json; nothing where the default holds.
std::optional<json::Value> scope_of(const EmitSite& place, const std::string& scope) {
  const auto policy = json::parse(base::as_bytes(file(emit("policy.json", place), "policy.json")));
  REQUIRE(json::Cursor(policy).at("default").array().at(0).at("type").string() == "reject");
  const auto found = json::Cursor(policy).at("transports").at("docker").maybe(scope);
  if (!found) return std::nullopt;
  REQUIRE(found->array().size() == 1);
  return found->array()[0].value();
}

TEST_CASE("emit: what is refused or has lapsed is left out") {
  const auto all = images();
  std::vector<std::string> origins;
  for (const auto& image : all) origins.push_back(image.origin.text());
  REQUIRE(origins == std::vector<std::string>{"docker.io/library/redis:7.2", "localhost:5000/lab/app:1.1",
                                              "quay.io/acme/api:1.4.2"});
  REQUIRE(all[0].manifests.size() == 3);
  REQUIRE(all[0].manifests[0] == digest_of("docker.io/library/redis:7.2"));
  for (const auto* child : {"redis-amd64", "redis-arm64"}) {
    REQUIRE(std::ranges::count(all[0].manifests, digest_of(child)) == 1);
  }
  REQUIRE(all[2].names.front() == all[2].origin);
  REQUIRE(std::ranges::count(all[2].names, oci::parse_reference("registry.airgap.local/apps/api:stable")) == 1);
}

TEST_CASE("emit: a clock that is behind judges nothing") {
  const auto decisions = enforce::Snapshot::own(enforce::write_snapshot(content()));
  REQUIRE_ERROR(clock_behind, cluster::proven_images(*decisions, kNow.plus_seconds(-1)));
}

TEST_CASE("emit: every kind has a name of its own, and another name is none") {
  for (const auto& kind : cluster::emit_kinds()) REQUIRE(&cluster::emit_kind(kind.name) == &kind);
  REQUIRE_ERROR(usage, cluster::emit_kind("Hosts.toml"));
}

TEST_CASE("emit hosts.toml: a folder for each host, and nothing behind gapstow") {
  const auto files = emit("hosts.toml");
  for (const std::string host :
       {"docker.io", "quay.io", "localhost:5000", "registry.airgap.local", "mirror.local:5000"}) {
    const auto& text = file(files, host + "/hosts.toml");
    REQUIRE(contains(text, "\nserver = \"https://gapstow.example:5443\"\n"));
    REQUIRE(contains(text, "\n[host.\"https://gapstow.example:5443\"]\n"));
    REQUIRE(file(files, host + "/ca.crt") == site().ca);
  }
  REQUIRE(files.size() == 10);
  auto every = site();
  every.every_registry = true;
  REQUIRE(contains(file(emit("hosts.toml", every), "_default/hosts.toml"), "server = "));
}

TEST_CASE("emit: addresses of servers") {
  auto place = site();
  for (const auto* good :
       {"https://gapstow:5443", "gapstow.example:5443", "https://[::1]:5443/", "http://localhost:5000"}) {
    place.server = good;
    REQUIRE_NOTHROW(emit("hosts.toml", place));
  }
  for (const auto* bad :
       {"", "https://", "https://a/b", "ftp://gapstow", "https://a b", "https://a\"b", "https://a?b"}) {
    place.server = bad;
    REQUIRE_ERROR(usage, emit("hosts.toml", place));
  }
  for (const auto* kind : {"image-policy", "webhooks", "static-manifests"}) {
    place.server = "http://localhost:5000";
    REQUIRE_ERROR(usage, emit(kind, place));
  }
}

TEST_CASE("emit registries.conf: locations take the place of registries") {
  const auto files = emit("registries.conf");
  const auto& text = file(files, "gapstow.conf");
  const auto table = [&](const std::string& prefix, const std::string& location) {
    return contains(text, "\n[[registry]]\nprefix = \"" + prefix + "\"\nlocation = \"" + location + "\"\n");
  };
  REQUIRE(table("docker.io", "gapstow.example:5443/docker.io"));
  REQUIRE(table("registry.airgap.local", "gapstow.example:5443/registry.airgap.local"));
  REQUIRE(table("localhost:5000/lab/app", "gapstow.example:5443/lab/app"));
  REQUIRE(table("mirror.local:5000/hub/redis", "gapstow.example:5443/docker.io/library/redis"));
  for (const auto* host : {"localhost:5000", "mirror.local:5000"}) {
    REQUIRE(table(host, host));
    REQUIRE(contains(text, "\nlocation = \"" + std::string(host) + "\"\nblocked = true\n"));
  }
  auto itself = site();
  itself.server = "https://mirror.local:5000";
  REQUIRE_FALSE(contains(file(emit("registries.conf", itself), "gapstow.conf"), "\"mirror.local:5000\"\nblocked"));
  REQUIRE_FALSE(contains(text, "[[registry.mirror]]"));  // a mirror would leave the registry behind it
  REQUIRE_FALSE(contains(text, "insecure"));
  REQUIRE(file(files, "certs.d/gapstow.example:5443/ca.crt") == site().ca);
}

TEST_CASE("emit registries.conf: repositories that only their ports tell apart are refused") {
  auto both = content();
  both.images.push_back(known("quay.io/lab/app:1"));
  const auto list = cluster::proven_images(*enforce::Snapshot::own(enforce::write_snapshot(both)), kNow);
  REQUIRE_ERROR(conflict, cluster::emit_kind("registries.conf").emit(site(), list));
}

TEST_CASE("emit policy.json: without a border key digests are accepted one by one") {
  const std::string redis = "docker.io/library/redis";
  const auto manifests = images().at(0).manifests;
  for (const auto& manifest : manifests) {
    REQUIRE(scope_of(site(), redis + "@" + manifest.text()).has_value());
    REQUIRE(scope_of(site(), "mirror.local:5000/hub/redis@" + manifest.text()).has_value());
    REQUIRE_FALSE(scope_of(site(), "quay.io/acme/api@" + manifest.text()).has_value());
  }
  REQUIRE_FALSE(scope_of(site(), redis).has_value());
  REQUIRE_FALSE(scope_of(site(), redis + ":7.2").has_value());
  REQUIRE_FALSE(scope_of(site(), "quay.io/acme/old@" + digest_of("quay.io/acme/old:1").text()).has_value());
  auto tags = site();
  tags.tags = enforce::TagPolicy::accept;
  REQUIRE(scope_of(tags, redis + ":7.2").has_value());
  REQUIRE(scope_of(tags, "registry.airgap.local/apps/api:stable").has_value());
  REQUIRE_FALSE(scope_of(tags, "registry.airgap.local/apps/api:1.5").has_value());
}

TEST_CASE("emit policy.json: an image that was packed by its digest has no tag to accept") {
  auto place = site();
  place.tags = enforce::TagPolicy::accept;
  ProvenImage image;
  image.origin = oci::parse_reference("reg.test/only@" + digest_of("only").text(), false);
  image.names = {image.origin};
  image.manifests = {digest_of("only")};
  const auto policy =
      json::parse(base::as_bytes(file(cluster::emit_kind("policy.json").emit(place, {image}), "policy.json")));
  REQUIRE(json::Cursor(policy).at("transports").at("docker").value().get_if<json::Object>()->size() == 1);
}

TEST_CASE("emit policy.json: with a border key its signatures decide") {
  auto place = site();
  place.border_key = "-----BEGIN PUBLIC KEY-----\nMA==\n-----END PUBLIC KEY-----\n";
  const auto plain = scope_of(place, "docker.io/library/redis");
  REQUIRE(plain.has_value());
  const json::Cursor requirement(*plain);
  REQUIRE(requirement.at("type").string() == "sigstoreSigned");
  REQUIRE(base::as_text(base::from_base64(requirement.at("keyData").string())) == place.border_key);
  REQUIRE(requirement.at("signedIdentity").at("type").string() == "matchRepoDigestOrExact");
  const auto moved = scope_of(place, "registry.airgap.local/apps/api");
  REQUIRE(moved.has_value());
  const auto identity = json::Cursor(*moved).at("signedIdentity");
  REQUIRE(identity.at("type").string() == "remapIdentity");
  REQUIRE(identity.at("prefix").string() == "registry.airgap.local/apps/api");
  REQUIRE(identity.at("signedPrefix").string() == "quay.io/acme/api");
  const std::string attachments = file(emit("policy.json", place), "registries.d/gapstow.yaml");
  REQUIRE(contains(attachments, "gapstow.example:5443\":\n    use-sigstore-attachments: true\n"));
}

TEST_CASE("emit image-policy: no answer is no permission, and times are ones that the API server takes") {
  const auto files = emit("image-policy");
  const auto& configuration = file(files, "image-policy-configuration.yaml");
  REQUIRE(contains(configuration, "defaultAllow: false\n"));
  REQUIRE(contains(configuration, "kubeConfigFile: \"/etc/kubernetes/gapstow/image-policy-kubeconfig.yaml\"\n"));
  REQUIRE(contains(file(files, "image-policy-kubeconfig.yaml"), "\"https://gapstow.example:5443/k8s/image-review\"\n"));
  auto place = site();
  place.ca.clear();
  REQUIRE_ERROR(usage, emit("image-policy", place));
}

TEST_CASE("emit webhooks: the own namespace is left out where gapstow runs in it") {
  auto place = site();
  REQUIRE_FALSE(contains(file(emit("webhooks", place), "webhooks.yaml"), "kubernetes.io/metadata.name"));
  place.server.clear();
  place.excluded = {"kube-system"};
  const auto files = emit("webhooks", place);
  const auto& text = file(files, "webhooks.yaml");
  REQUIRE(contains(text, "values:\n            - gapstow-system\n            - kube-system\n"));
  REQUIRE(contains(text, "failurePolicy: Fail\n"));
  REQUIRE_FALSE(contains(text, "Ignore"));
  REQUIRE(contains(text, "- pods/ephemeralcontainers\n"));
  REQUIRE_FALSE(contains(text, "- deployments\n"));
  REQUIRE(contains(file(files, "webhook-kubeconfig.yaml"), "name: gapstow.gapstow-system.svc\n"));
  place.excluded = {"gapstow-system"};
  REQUIRE(count_of(file(emit("webhooks", place), "webhooks.yaml"), "            - gapstow-system\n") == 2);
  place.workloads = true;
  REQUIRE(contains(file(emit("webhooks", place), "webhooks.yaml"), "- deployments\n"));
}

/// So many images that their digests do not fit one ConfigMap.
std::vector<ProvenImage> many_images(std::size_t count) {
  std::vector<ProvenImage> list;
  for (std::size_t i = 0; i < count; ++i) {
    ProvenImage image;
    image.origin = oci::parse_reference("example.test/app:" + std::to_string(i));
    image.names = {image.origin};
    image.manifests = {digest_of(std::to_string(i))};
    list.push_back(std::move(image));
  }
  return list;
}

TEST_CASE("emit vap: every digest stands in one list, and every list is demanded") {
  for (const std::size_t count : {std::size_t{1}, std::size_t{3000}, std::size_t{20'000}}) {
    const auto files = cluster::emit_kind("vap").emit(site(), many_images(count));
    const auto& text = file(files, "policy.yaml");
    REQUIRE(count_of(text, "\n  sha256.") == count);
    const std::size_t lists = count_of(text, "\nkind: ConfigMap\n");
    REQUIRE(lists == (count < 10'000 ? 1 : 16));
    REQUIRE(count_of(text, "\nkind: ValidatingAdmissionPolicy\n") == lists);
    REQUIRE(count_of(text, "parameterNotFoundAction: Deny\n") == lists);
    // By which those of another number of lists are found, once they only deny.
    REQUIRE(count_of(text, "    gapstow.dev/lists: \"" + std::to_string(lists) + "\"\n") == 3 * lists);
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find("\n---\n", begin + 1), text.size());
      REQUIRE(end - begin < 1 << 20);
      begin = end;
    }
  }
}

TEST_CASE("emit static-manifests: names, addresses and no parameters") {
  const auto files = cluster::emit_kind("static-manifests").emit(site(), many_images(2500));
  const auto& policy = file(files, "validating-policies/gapstow.yaml");
  REQUIRE_FALSE(contains(policy, "paramKind"));
  REQUIRE_FALSE(contains(policy, "paramRef"));
  // What the API server reads from disk is cut at "---", and every piece must be an object.
  REQUIRE(count_of(policy, "\n---\n") == 1);
  REQUIRE(count_of(policy, "\nkind: ") == 2);
  REQUIRE(count_of(policy, "': true,\n") == 2500);
  REQUIRE(contains(policy, "r.substring(r.size() - 64) in variables.digests2"));
  for (const auto* folder : {"mutating-webhooks", "validating-webhooks"}) {
    const auto& hooks = file(files, std::string(folder) + "/gapstow.yaml");
    REQUIRE(contains(hooks, "name: gapstow.static.k8s.io\n"));
    REQUIRE_FALSE(contains(hooks, "service:"));
    REQUIRE(contains(file(files, "admission-configuration.yaml"), folder));
  }
  auto place = site();
  place.server.clear();
  REQUIRE_ERROR(usage, emit("static-manifests", place));
  REQUIRE_ERROR(limit_exceeded, cluster::emit_kind("static-manifests").emit(site(), many_images(40'000)));
}

}  // namespace
