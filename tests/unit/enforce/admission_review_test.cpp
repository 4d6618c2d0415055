#include "gapstow/enforce/admission_review.h"

#include <catch2/catch.hpp>
#include <chrono>

#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "review_world.h"
#include "support/error_of.h"
#include "support/json_patch.h"
#include "support/kubernetes_rules.h"

namespace {

using namespace gapstow;
using base::ErrorCode;
using enforce::Hook;
using enforce::ReviewAnswer;
using enforce::TagPolicy;
using test::KubernetesAnswer;
using test::value_at;

ReviewAnswer answer(const test::ReviewWorld& world, Hook hook, const std::string& body,
                    TagPolicy tags = TagPolicy::demand) {
  return enforce::answer_admission_review(world.judge(), {tags}, hook, base::as_bytes(body), test::kReviewTime);
}

KubernetesAnswer read(const ReviewAnswer& answer, Hook hook) {
  REQUIRE(answer.status == 200);
  auto read = test::read_admission_answer(answer.body, test::kReviewUid, hook == Hook::mutate);
  REQUIRE(read.allowed == answer.allowed);
  REQUIRE(read.audit.at("snapshot") == "v42");
  return read;
}

KubernetesAnswer ask(const test::ReviewWorld& world, Hook hook, const std::string& body) {
  return read(answer(world, hook, body), hook);
}

KubernetesAnswer ask_sample(const test::ReviewWorld& world, Hook hook, const std::string& name) {
  return ask(world, hook, test::review_sample("admission_review", name));
}

json::Value object_of(const std::string& sample) {
  const auto review = json::parse(base::as_bytes(test::review_sample("admission_review", sample)), {.reals = true});
  return value_at(review, "/request/object");
}

const std::string kRedisPinned = "docker.io/library/redis:7.2@" + test::redis_digest().text();
const std::string kApiPinned = "registry.airgap.local/apps/api:stable@" + test::api_digest().text();
constexpr Hook kBoth[] = {Hook::validate, Hook::mutate};

TEST_CASE("AdmissionReview: the mutating hook pins tags, and keeps what stood there") {
  const test::ReviewWorld world;
  const auto pod = object_of("create_all_places");
  const auto got = ask_sample(world, Hook::mutate, "create_all_places");
  REQUIRE(got.allowed);
  const auto pinned = test::apply_patch(pod, got.patch);
  REQUIRE(test::text_at(pinned, "/spec/containers/0/image") == kRedisPinned);
  REQUIRE(test::text_at(pinned, "/spec/containers/1/image") == kApiPinned);
  REQUIRE(test::text_at(pinned, "/spec/initContainers/0/image") == "redis@" + test::redis_digest().text());
  REQUIRE(test::text_at(pinned, "/spec/volumes/1/image/reference") == kApiPinned);
  const std::string notes = "/metadata/annotations/";
  REQUIRE(test::text_at(pinned, notes + "gapstow.dev~1original-image.web") == "redis:7.2");
  REQUIRE(test::text_at(pinned, notes + "gapstow.dev~1original-image.volume.model") ==
          "registry.airgap.local/apps/api:stable");
  REQUIRE(test::text_at(pinned, notes + "team~1owner~0a") == "shop");
  // What was pinned is what the validating hook accepts, and needs no second patch.
  REQUIRE(ask(world, Hook::validate, test::admission_review("CREATE", pinned)).allowed);
  REQUIRE(ask(world, Hook::mutate, test::admission_review("CREATE", pinned)).patch.is_null());
}

TEST_CASE("AdmissionReview: a patch fails where another image stands by now") {
  const test::ReviewWorld world;
  const auto got = ask_sample(world, Hook::mutate, "create_tag");
  REQUIRE_NOTHROW(test::apply_patch(object_of("create_tag"), got.patch));
  REQUIRE_THROWS(test::apply_patch(object_of("create_unknown"), got.patch));
}

TEST_CASE("AdmissionReview: the validating hook denies tags, unless the nodes resolve them by gapstow alone") {
  const test::ReviewWorld world;
  const std::string body = test::review_sample("admission_review", "create_tag");
  const auto denied = answer(world, Hook::validate, body);
  REQUIRE_FALSE(read(denied, Hook::validate).allowed);
  REQUIRE(denied.rulings.at(0).rule == "require-digest");
  REQUIRE(denied.place == "shop");
  REQUIRE(read(answer(world, Hook::validate, body, TagPolicy::accept), Hook::validate).allowed);
}

TEST_CASE("AdmissionReview: what is not proven is denied by both hooks, and neither patches it") {
  const test::ReviewWorld world;
  for (const Hook hook : kBoth) {
    const auto got = ask_sample(world, hook, "create_unknown");
    REQUIRE_FALSE(got.allowed);
    REQUIRE(got.message.find("ghcr.io/acme/hotfix:1") != std::string::npos);
    REQUIRE_FALSE(ask(world, hook, test::admission_review("CREATE", test::pod_of({"redis:7.2", "evil:1"}))).allowed);
  }
}

TEST_CASE("AdmissionReview: a token in the pod's annotation lets a digest through, with a warning") {
  const test::ReviewWorld world;
  const auto pod = test::apply_patch(
      test::pod_of({"ghcr.io/acme/hotfix@" + test::unknown_digest().text()}),
      json::Array{json::Value(json::Object{
          {"op", "add"},
          {"path", "/metadata/annotations"},
          {"value", json::Object{{"gapstow.dev/override", world.token("shop", test::unknown_digest())}}}})});
  for (const Hook hook : kBoth) {
    const auto got = ask(world, hook, test::admission_review("CREATE", pod));
    REQUIRE(got.allowed);
    REQUIRE(got.warnings.size() == 1);
    REQUIRE(got.audit.contains("override-0"));
  }
}

TEST_CASE("AdmissionReview: what cannot be judged in time is denied, and what need not be judged passes") {
  const test::ReviewWorld world;
  const auto late = [&](Hook hook, const std::string& body) {
    return enforce::answer_admission_review(world.judge(),
                                            {TagPolicy::demand, std::chrono::steady_clock::time_point::min()}, hook,
                                            base::as_bytes(body), test::kReviewTime);
  };
  const auto pinned = test::pod_of({kRedisPinned});
  for (const Hook hook : kBoth) {
    const auto got = late(hook, test::admission_review("CREATE", pinned));
    REQUIRE_FALSE(read(got, hook).allowed);
    REQUIRE(got.rulings.at(0).rule == "deadline");
    REQUIRE(read(late(hook, test::admission_review("UPDATE", pinned, pinned)), hook).allowed);
    REQUIRE(read(late(hook, test::review_sample("admission_review", "delete")), hook).allowed);
  }
}

TEST_CASE("AdmissionReview: updates that leave the images as they were pass untouched") {
  const test::ReviewWorld world;
  for (const Hook hook : kBoth) {
    const auto got = answer(world, hook, test::review_sample("admission_review", "update_unchanged"));
    REQUIRE(read(got, hook).allowed);
    REQUIRE(read(got, hook).patch.is_null());
    REQUIRE(got.rulings.at(0).rule == "unchanged");
  }
}

TEST_CASE("AdmissionReview: an update is judged by what it changes") {
  const test::ReviewWorld world;
  const auto old_pod = test::pod_of({"gone.example/old:1", "redis:7.2"});
  const auto review = [&](const std::vector<std::string>& images) {
    return test::admission_review("UPDATE", test::pod_of(images), old_pod);
  };
  REQUIRE(ask(world, Hook::validate, review({"gone.example/old:1", kRedisPinned})).allowed);
  REQUIRE_FALSE(ask(world, Hook::validate, review({"gone.example/old:2", "redis:7.2"})).allowed);
  // The same images in other containers are new there.
  REQUIRE_FALSE(ask(world, Hook::validate, review({"redis:7.2", "gone.example/old:1"})).allowed);
  REQUIRE_FALSE(ask(world, Hook::validate, review({"gone.example/old:1", "redis:7.2", "gone.example/old:1"})).allowed);
  REQUIRE_FALSE(ask_sample(world, Hook::validate, "update_image").allowed);
  // CREATE has no old object, whatever is sent.
  REQUIRE_FALSE(ask(world, Hook::validate, test::admission_review("CREATE", old_pod, old_pod)).allowed);
  // An old object that cannot be read excuses nothing.
  REQUIRE_FALSE(ask(world, Hook::validate,
                    test::admission_review("UPDATE", old_pod, json::Object{{"apiVersion", "v1"}, {"kind", "Pod"}}))
                    .allowed);
}

TEST_CASE("AdmissionReview: what is being deleted can be updated, and deleting and connecting pass") {
  const test::ReviewWorld world;
  for (const Hook hook : kBoth) {
    for (const auto* sample : {"update_deleting", "delete", "connect_exec", "binding"}) {
      INFO(sample);
      const auto got = answer(world, hook, test::review_sample("admission_review", sample));
      REQUIRE(read(got, hook).allowed);
      REQUIRE(got.rulings.empty());
    }
  }
}

TEST_CASE("AdmissionReview: a new object that claims to be deleted already is judged") {
  const test::ReviewWorld world;
  const auto dying = object_of("update_deleting");
  REQUIRE_FALSE(ask(world, Hook::validate, test::admission_review("UPDATE", dying, object_of("create_tag"))).allowed);
  REQUIRE_FALSE(ask(world, Hook::validate, test::admission_review("CREATE", dying)).allowed);
}

TEST_CASE("AdmissionReview: ephemeral containers are judged and pinned") {
  const test::ReviewWorld world;
  const auto got = ask_sample(world, Hook::mutate, "ephemeral");
  REQUIRE(got.allowed);
  REQUIRE(got.patch.get_if<json::Array>()->size() == 2);  // the subresource would drop annotations
  const auto pinned = test::apply_patch(object_of("ephemeral"), got.patch);
  REQUIRE(test::text_at(pinned, "/spec/ephemeralContainers/0/image") == kRedisPinned);
  REQUIRE_FALSE(ask_sample(world, Hook::validate, "ephemeral").allowed);
}

TEST_CASE("AdmissionReview: templates of workloads are judged and pinned where they are") {
  const test::ReviewWorld world;
  const auto deployment = ask_sample(world, Hook::mutate, "deployment");
  REQUIRE(deployment.allowed);
  const auto pinned = test::apply_patch(object_of("deployment"), deployment.patch);
  REQUIRE(test::text_at(pinned, "/spec/template/spec/containers/0/image") == kRedisPinned);
  REQUIRE(test::text_at(pinned, "/spec/template/metadata/annotations/gapstow.dev~1original-image.web") == "redis:7.2");
  const auto job = test::apply_patch(object_of("cron_job"), ask_sample(world, Hook::mutate, "cron_job").patch);
  const std::string in_job = "/spec/jobTemplate/spec/template";
  REQUIRE(test::text_at(job, in_job + "/spec/containers/0/image") == kApiPinned);
  REQUIRE(test::text_at(job, in_job + "/metadata/annotations/gapstow.dev~1original-image.run") ==
          "registry.airgap.local/apps/api:stable");
}

TEST_CASE("AdmissionReview: every kind of workload is looked into") {
  const test::ReviewWorld world;
  const json::Value pod = test::pod_of({"busybox:1"});
  const json::Object in_template{{"metadata", json::Object{}}, {"spec", value_at(pod, "/spec")}};
  const json::Object in_spec{{"template", in_template}};
  const auto review = [&](const std::string& version, const std::string& kind, const char* name, json::Value value) {
    return test::admission_review(
        "CREATE", json::Object{{"apiVersion", version}, {"kind", kind}, {"metadata", json::Object{}}, {name, value}});
  };
  for (const auto& [version, kind] : std::vector<std::pair<std::string, std::string>>{{"v1", "ReplicationController"},
                                                                                      {"apps/v1", "ReplicaSet"},
                                                                                      {"apps/v1", "Deployment"},
                                                                                      {"apps/v1", "StatefulSet"},
                                                                                      {"apps/v1", "DaemonSet"},
                                                                                      {"batch/v1", "Job"}}) {
    const auto got = ask(world, Hook::validate, review(version, kind, "spec", in_spec));
    REQUIRE_FALSE(got.allowed);
    REQUIRE(got.message.find("busybox:1") != std::string::npos);
  }
  REQUIRE_FALSE(ask(world, Hook::validate, review("v1", "PodTemplate", "template", in_template)).allowed);
  REQUIRE(ask(world, Hook::validate, review("v1", "ReplicationController", "spec", json::Object{})).allowed);
  for (const auto* version : {"batch/v1", "batch/v1beta1"}) {
    REQUIRE_FALSE(
        ask(world, Hook::validate,
            review(version, "CronJob", "spec", json::Object{{"jobTemplate", json::Object{{"spec", in_spec}}}}))
            .allowed);
  }
}

TEST_CASE("AdmissionReview: kinds, operations and shapes that are not known are denied") {
  const test::ReviewWorld world;
  for (const Hook hook : kBoth) {
    for (const auto* sample : {"unknown_kind", "kind_differs", "containers_no_list"}) {
      INFO(sample);
      const auto got = answer(world, hook, test::review_sample("admission_review", sample));
      REQUIRE_FALSE(read(got, hook).allowed);
      REQUIRE(got.rulings.size() == 1);
      REQUIRE(got.rulings[0].code.has_value());
    }
    REQUIRE_FALSE(ask(world, hook, test::admission_review("BURN", test::pod_of({kRedisPinned}))).allowed);
    REQUIRE_FALSE(ask(world, hook, test::admission_review("CREATE", test::pod_of({}))).allowed);
    REQUIRE_FALSE(ask(world, hook, test::admission_review("CREATE", test::pod_of({""}))).allowed);
    REQUIRE_FALSE(ask(world, hook, test::admission_review("CREATE", {}, test::pod_of({kRedisPinned}))).allowed);
  }
}

TEST_CASE("AdmissionReview: what is no review is not answered as one") {
  const test::ReviewWorld world;
  for (const std::string& body :
       {std::string(), std::string("{}"), test::review_sample("admission_review", "v1beta1"),
        test::review_sample("admission_review", "no_uid"), test::review_sample("image_review", "tag"),
        std::string(R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":null})"),
        std::string(R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"a"}})")}) {
    const auto got = answer(world, Hook::validate, body);
    REQUIRE(got.status == 400);
    REQUIRE_FALSE(got.allowed);
    REQUIRE(got.rulings.size() == 1);
  }
}

TEST_CASE("AdmissionReview: names of annotations are valid for every name of a container") {
  const std::string longest(48, 'a');
  REQUIRE(enforce::original_image_annotation("web") == "gapstow.dev/original-image.web");
  REQUIRE(enforce::original_image_annotation(longest) == "gapstow.dev/original-image." + longest);
  std::vector<std::string> seen;
  for (const std::string& name :
       {longest + "a", longest + "b", std::string(63, 'a'), std::string(), std::string("a/b"), std::string("a~b"),
        std::string("a-"), std::string("a_"), std::string("\xC3\xA9"), std::string(5000, '/')}) {
    const std::string annotation = enforce::original_image_annotation(name);
    INFO(annotation);
    REQUIRE(test::is_qualified_name(annotation));
    REQUIRE(std::ranges::find(seen, annotation) == seen.end());
    seen.push_back(annotation);
  }
}

TEST_CASE("AdmissionReview: an annotation that explains an image which is gone goes too") {
  const test::ReviewWorld world;
  const auto annotated = [](const std::string& image, const std::string& original) {
    const json::Object notes{{"gapstow.dev/original-image.c0", original}};
    return test::apply_patch(
        test::pod_of({image}),
        json::Array{json::Value(json::Object{{"op", "add"}, {"path", "/metadata/annotations"}, {"value", notes}})});
  };
  const auto fresh = [&](const json::Value& pod) {
    return ask(world, Hook::mutate, test::admission_review("CREATE", pod)).patch;
  };
  REQUIRE(fresh(annotated(kRedisPinned, "redis:7.2")).is_null());
  const auto other = annotated(kApiPinned, "redis:7.2");
  const auto cleaned = test::apply_patch(other, fresh(other));
  REQUIRE(value_at(cleaned, "/metadata/annotations").get_if<json::Object>()->empty());
  const auto replaced = annotated("redis:7.2", "redis:7.0");
  REQUIRE(test::text_at(test::apply_patch(replaced, fresh(replaced)),
                        "/metadata/annotations/gapstow.dev~1original-image.c0") == "redis:7.2");
}

/// An object of 3 MiB, as large as an API server takes, twice: with many small values and with a few large ones.
TEST_CASE("AdmissionReview: large objects are judged in bounded time") {
  const test::ReviewWorld world;
  json::Array environment;
  for (int i = 0; i < 60'000; ++i) {
    environment.emplace_back(json::Object{{"name", "NAME_" + std::to_string(i)}, {"value", std::string(12, 'v')}});
  }
  const auto large = [&](const std::string& image) {
    auto pod = test::pod_of({image});
    return test::apply_patch(
        std::move(pod), json::Array{json::Value(
                            json::Object{{"op", "add"}, {"path", "/spec/containers/0/env"}, {"value", environment}})});
  };
  const auto body = test::admission_review("UPDATE", large(kRedisPinned), large("redis:7.0"));
  REQUIRE(body.size() > 5 << 20);
  REQUIRE(body.size() < enforce::kMaxReviewBytes);
  REQUIRE(ask(world, Hook::validate, body).allowed);
  REQUIRE_FALSE(ask(world, Hook::validate, test::admission_review("UPDATE", large("redis:7.0"), large("a:1"))).allowed);
}

TEST_CASE("AdmissionReview: objects of 3 MiB that are nothing but small values are judged") {
  const test::ReviewWorld world;
  json::Array variables;
  for (int i = 0; i < 160'000; ++i) variables.emplace_back(json::Object{{"name", "N" + std::to_string(i)}});
  const auto pod =
      test::apply_patch(test::pod_of({kRedisPinned}),
                        json::Array{json::Value(json::Object{
                            {"op", "add"}, {"path", "/spec/containers/0/env"}, {"value", std::move(variables)}})});
  const auto body = test::admission_review("UPDATE", pod, pod);
  REQUIRE(body.size() > 5 << 20);
  REQUIRE(ask(world, Hook::validate, body).allowed);
}

/// `test_enforce "[.speed]"` prints it.
TEST_CASE("AdmissionReview: speed of a decision", "[.speed]") {
  const test::ReviewWorld world;
  const std::string body = test::review_sample("admission_review", "create_all_places");
  constexpr int kRounds = 10'000;
  const auto begin = std::chrono::steady_clock::now();
  int allowed = 0;
  for (int i = 0; i < kRounds; ++i) allowed += answer(world, Hook::mutate, body).allowed ? 1 : 0;
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
  WARN("one pod with five images pinned: " << took.count() / kRounds << " us");
  REQUIRE(allowed == kRounds);
}

}  // namespace
