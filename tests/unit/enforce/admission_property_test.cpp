// Whatever pods are made of: what is allowed is proven or was there before, what was pinned stays allowed.
#include <rapidcheck/catch.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <optional>

#include "gapstow/enforce/admission_review.h"
#include "gapstow/enforce/image_review.h"
#include "gapstow/json/parse.h"
#include "gapstow/json/write.h"
#include "review_world.h"
#include "support/gen_json.h"
#include "support/json_patch.h"
#include "support/kubernetes_rules.h"

namespace {

using namespace gapstow;
using enforce::Hook;
using test::KubernetesAnswer;

/// References, and what is right for them.
struct Sample {
  std::string reference;
  bool proven = false;  ///< as it stands
  bool pins = false;    ///< once a digest is added
};

const std::vector<Sample>& samples() {
  static const std::vector<Sample> all{
      {"redis:7.2", false, true},
      {"registry.airgap.local/apps/api:stable", false, true},
      {"quay.io/acme/api:1.4.2", false, true},
      {"docker.io/library/redis@" + test::redis_digest().text(), true, true},
      {"redis:7.2@" + test::redis_digest().text(), true, true},
      {"index.docker.io/library/redis@" + test::redis_child().text(), true, true},
      {"registry.airgap.local/apps/api@" + test::api_digest().text(), true, true},
      {"redis:7.3"},
      {"redis@" + test::api_digest().text()},
      {"redis@" + test::unknown_digest().text()},
      {"evil:1"},
      {"registry.airgap.local/apps/other:stable"},
      {""},
      {"not a reference"},
      {"redis:7.2@sha256:abc"},
  };
  return all;
}

struct Place {
  std::string list;
  std::size_t sample = 0;
};

rc::Gen<std::vector<Place>> any_places() {
  return rc::gen::nonEmpty(rc::gen::container<std::vector<Place>>(
      rc::gen::map(rc::gen::pair(rc::gen::elementOf(std::vector<std::string>{"containers", "initContainers",
                                                                             "ephemeralContainers", "volumes"}),
                                 rc::gen::inRange<std::size_t>(0, samples().size())),
                   [](const auto& pair) { return Place{pair.first, pair.second}; })));
}

json::Value pod_spec(const std::vector<Place>& places) {
  std::map<std::string, json::Array> lists;
  for (const auto& place : places) {
    auto& list = lists[place.list];
    const std::string& reference = samples()[place.sample].reference;
    const std::string name = place.list.substr(0, 1) + std::to_string(list.size());
    if (place.list == "volumes") {
      list.emplace_back(json::Object{{"name", name}, {"image", json::Object{{"reference", reference}}}});
      list.emplace_back(json::Object{{"name", name + "-plain"}, {"emptyDir", json::Object{}}});
    } else {
      list.emplace_back(json::Object{{"name", name}, {"image", reference}});
    }
  }
  json::Object spec;
  for (auto& [name, list] : lists) spec.set(name, std::move(list));
  return spec;
}

json::Value pod_of_places(const std::vector<Place>& places, const std::optional<json::Value>& annotations) {
  json::Object metadata{{"name", "web"}, {"namespace", "shop"}};
  if (annotations) metadata.set("annotations", *annotations);
  return json::Object{{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", metadata}, {"spec", pod_spec(places)}};
}

/// The same pod as the template of a Deployment.
json::Value deployment_of(const json::Value& pod) {
  const json::Object pod_template{{"metadata", test::value_at(pod, "/metadata")},
                                  {"spec", test::value_at(pod, "/spec")}};
  return json::Object{{"apiVersion", "apps/v1"},
                      {"kind", "Deployment"},
                      {"metadata", json::Object{{"name", "web"}}},
                      {"spec", json::Object{{"replicas", 3}, {"template", pod_template}}}};
}

KubernetesAnswer ask(const test::ReviewWorld& world, Hook hook, const std::string& body) {
  const auto answer =
      enforce::answer_admission_review(world.judge(), {}, hook, base::as_bytes(body), test::kReviewTime);
  RC_ASSERT(answer.status == 200U);
  return test::read_admission_answer(answer.body, test::kReviewUid, hook == Hook::mutate);
}

bool all_of(const std::vector<Place>& places, bool Sample::* property) {
  return std::ranges::all_of(places, [&](const Place& place) { return samples()[place.sample].*property; });
}

TEST_CASE("AdmissionReview: any pod is allowed exactly when all of its images are proven") {
  const test::ReviewWorld world;
  rc::prop("validate and mutate", [&] {
    const auto places = *any_places();
    const auto annotations = *rc::gen::element<std::optional<json::Value>>(
        std::nullopt, json::Value(), json::Value(json::Object{}), json::Value(json::Object{{"a/b~c", "d"}}));
    const auto pod = pod_of_places(places, annotations);
    const auto object = *rc::gen::arbitrary<bool>() ? deployment_of(pod) : pod;
    const auto review = test::admission_review("CREATE", object);
    RC_ASSERT(ask(world, Hook::validate, review).allowed == all_of(places, &Sample::proven));
    const auto mutated = ask(world, Hook::mutate, review);
    RC_ASSERT(mutated.allowed == all_of(places, &Sample::pins));
    if (!mutated.allowed) return;
    const auto pinned = mutated.patch.is_null() ? object : test::apply_patch(object, mutated.patch);
    RC_ASSERT(mutated.patch.is_null() == all_of(places, &Sample::proven));
    const auto second = test::admission_review("CREATE", pinned);
    RC_ASSERT(ask(world, Hook::validate, second).allowed);
    RC_ASSERT(ask(world, Hook::mutate, second).patch.is_null());
  });
}

TEST_CASE("AdmissionReview: any update is allowed when what it brings is proven") {
  const test::ReviewWorld world;
  rc::prop("old and new", [&] {
    const auto before = *any_places();
    auto after = before;
    const auto at = *rc::gen::inRange<std::size_t>(0, after.size());
    after[at].sample = *rc::gen::inRange<std::size_t>(0, samples().size());
    const bool same = samples()[after[at].sample].reference == samples()[before[at].sample].reference;
    const auto review = test::admission_review("UPDATE", pod_of_places(after, {}), pod_of_places(before, {}));
    RC_ASSERT(ask(world, Hook::validate, review).allowed == (same || samples()[after[at].sample].proven));
  });
}

TEST_CASE("ImageReview: any list is allowed exactly when all of its images are proven") {
  const test::ReviewWorld world;
  rc::prop("containers", [&] {
    const auto places = *any_places();
    std::vector<std::string> images;
    for (const auto& place : places) images.push_back(samples()[place.sample].reference);
    const std::string body = test::image_review(images);
    const auto answer = enforce::answer_image_review(world.judge(), {}, base::as_bytes(body), test::kReviewTime);
    RC_ASSERT(test::read_image_review_answer(answer.body).allowed == all_of(places, &Sample::proven));
    RC_ASSERT(answer.rulings.size() == images.size());
  });
}

TEST_CASE("Reviews: JSON of any shape is answered, and allowed only where a pod is proven") {
  const test::ReviewWorld world;
  rc::prop("any value in any place", [&] {
    const auto any = *test::any_json();
    const auto pod = test::pod_of({"redis@" + test::redis_digest().text()});
    const std::string place = *rc::gen::element<std::string>("/spec", "/spec/containers", "/spec/containers/0",
                                                             "/spec/containers/0/image", "/metadata", "/kind");
    const auto spoiled = test::apply_patch(
        pod, json::Array{json::Value(json::Object{{"op", "replace"}, {"path", place}, {"value", any}})});
    // The request goes on calling it a pod, whatever the object says.
    const auto review = test::apply_patch(
        json::parse(base::as_bytes(test::admission_review("CREATE", pod))),
        json::Array{json::Value(json::Object{{"op", "replace"}, {"path", "/request/object"}, {"value", spoiled}})});
    const auto got = ask(world, Hook::validate, json::serialize(review));
    const bool harmless = place == "/metadata" && (any.is_null() || any.get_if<json::Object>() != nullptr);
    if (!harmless) RC_ASSERT_FALSE(got.allowed);
  });
}

}  // namespace
