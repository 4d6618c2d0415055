#include "review_world.h"

#include <algorithm>
#include <stdexcept>

#include "gapstow/base/fs.h"
#include "gapstow/json/write.h"

namespace gapstow::test {
namespace {

constexpr std::int64_t kHour = 3600;

enforce::KnownImage known(const std::string& origin, const digest::Digest& digest) {
  enforce::KnownImage image;
  image.origin = origin;
  image.media_type = "application/vnd.oci.image.index.v1+json";
  image.digest = digest;
  image.size = 1638;
  image.rule = "default";
  image.role = "targets/releases";
  image.key_ids = {std::string(64, 'a')};
  image.signers = {"export-desk"};
  image.bundle_id = std::string(64, 'b');
  return image;
}

enforce::SnapshotContent content() {
  enforce::SnapshotContent content;
  content.version = 42;
  content.made_at = kReviewTime.plus_seconds(-kHour);
  content.clock_floor = kReviewTime.plus_seconds(-kHour);
  auto redis = known("docker.io/library/redis:7.2", redis_digest());
  redis.children = {redis_child()};
  auto evil = known("docker.io/library/evil:1", digest::sha256(base::as_bytes("evil")));
  evil.refused = base::ErrorCode::denied;
  evil.refusal = "the rule docker.io/library/evil denies it";
  content.images = {redis, known("quay.io/acme/api:1.4.2", api_digest()), evil};
  content.relocations = {{"quay.io/acme/api", "registry.airgap.local/apps/api", {{"1.4.2", "stable"}}}};
  return content;
}

void replace_all(std::string& text, const std::string& what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

}  // namespace

const base::Time kReviewTime = base::parse_time("2026-11-23T02:00:00Z");
const std::string kReviewUid = "9a7e1f60-3b1c-4a57-8f7f-6a0b1f1b2c3d";

ReviewWorld::ReviewWorld() : emergency_(sign::SecretKey::generate(sign::KeyType::ed25519)) {
  trust::Operator emergency{"emergency", emergency_.public_key(), false, true};
  judge_ = std::make_unique<enforce::Judge>(enforce::Snapshot::own(enforce::write_snapshot(content())),
                                            std::vector{std::move(emergency)});
}

std::string ReviewWorld::token(const std::string& place, const digest::Digest& digest) const {
  return enforce::issue_token(
      {place, {digest}, kReviewTime.plus_seconds(-kHour), kReviewTime.plus_seconds(kHour), "outage 4711"}, emergency_);
}

digest::Digest redis_digest() { return digest::sha256(base::as_bytes("redis")); }
digest::Digest redis_child() { return digest::sha256(base::as_bytes("redis-amd64")); }
digest::Digest api_digest() { return digest::sha256(base::as_bytes("api")); }
digest::Digest unknown_digest() { return digest::sha256(base::as_bytes("unknown")); }

std::string review_sample(const std::string& kind, const std::string& name) {
  base::SystemFs fs;
  const std::string path = std::string(GAPSTOW_SOURCE_DIR) + "/tests/fuzz/corpus/" + kind + "/" + name + ".json";
  return std::string(base::as_text(base::read_file(fs, path, 1 << 20)));
}

std::string image_review(const std::vector<std::string>& images, const std::string& place,
                         const std::string& override_token) {
  json::Array containers;
  for (const auto& image : images) containers.emplace_back(json::Object{{"image", image}});
  json::Object spec{{"containers", containers}, {"namespace", place}};
  if (!override_token.empty()) {
    spec.set("annotations", json::Object{{"gapstow.image-policy.k8s.io/override", override_token}});
  }
  return json::serialize(json::Object{{"kind", "ImageReview"},
                                      {"apiVersion", "imagepolicy.k8s.io/v1alpha1"},
                                      {"metadata", json::Object{{"creationTimestamp", json::Value()}}},
                                      {"spec", spec},
                                      {"status", json::Object{{"allowed", false}}}});
}

json::Value pod_of(const std::vector<std::string>& images) {
  json::Array containers;
  for (const auto& image : images) {
    containers.emplace_back(json::Object{{"name", "c" + std::to_string(containers.size())}, {"image", image}});
  }
  return json::Object{{"apiVersion", "v1"},
                      {"kind", "Pod"},
                      {"metadata", json::Object{{"name", "web"}, {"namespace", "shop"}}},
                      {"spec", json::Object{{"containers", containers}}}};
}

std::string admission_review(const std::string& operation, const json::Value& object, const json::Value& old_object,
                             const std::string& subresource) {
  const json::Value& named = object.is_null() ? old_object : object;
  const std::string version = text_at(named, "/apiVersion");
  const std::size_t slash = version.find('/');
  json::Object request{
      {"uid", kReviewUid},
      {"operation", operation},
      {"kind", json::Object{{"group", slash == std::string::npos ? "" : version.substr(0, slash)},
                            {"version", slash == std::string::npos ? version : version.substr(slash + 1)},
                            {"kind", text_at(named, "/kind")}}},
      {"resource", json::Object{{"group", ""}, {"version", "v1"}, {"resource", "pods"}}},
      {"namespace", "shop"},
      {"object", object},
      {"oldObject", old_object},
      {"dryRun", false}};
  if (!subresource.empty()) request.set("subResource", subresource);
  return json::serialize(
      json::Object{{"kind", "AdmissionReview"}, {"apiVersion", "admission.k8s.io/v1"}, {"request", request}});
}

const json::Value& value_at(const json::Value& document, const std::string& pointer) {
  const json::Value* at = &document;
  std::size_t begin = 1;
  while (begin <= pointer.size() && !pointer.empty()) {
    const std::size_t end = std::min(pointer.find('/', begin), pointer.size());
    std::string part = pointer.substr(begin, end - begin);
    replace_all(part, "~1", "/");
    replace_all(part, "~0", "~");
    if (const auto* object = at->get_if<json::Object>()) {
      at = object->find(part);
    } else if (const auto* array = at->get_if<json::Array>()) {
      const std::size_t index = std::stoul(part);
      at = index < array->size() ? &(*array)[index] : nullptr;
    } else {
      at = nullptr;
    }
    if (at == nullptr) throw std::runtime_error("there is nothing at " + pointer);
    begin = end + 1;
  }
  return *at;
}

std::string text_at(const json::Value& document, const std::string& pointer) {
  const auto* text = value_at(document, pointer).get_if<std::string>();
  if (text == nullptr) throw std::runtime_error("there is no text at " + pointer);
  return *text;
}

}  // namespace gapstow::test
