// What a real API server has asked (tests/data/kubernetes), and what it must be told.
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <set>

#include "gapstow/base/fs.h"
#include "gapstow/enforce/admission_review.h"
#include "gapstow/enforce/image_review.h"
#include "gapstow/json/parse.h"
#include "review_world.h"
#include "support/json_patch.h"
#include "support/known_images.h"
#include "support/kubernetes_rules.h"

namespace {

using namespace gapstow;
using enforce::Hook;
using enforce::TagPolicy;

const std::string kFolder = std::string(GAPSTOW_SOURCE_DIR) + "/tests/data/kubernetes/";
const std::string kImage = "localhost:5000/lab/app";
const auto kDigest = digest::Digest::parse("sha256:26d9806711662d30c46e68b055e80b61c06743a9cac4d514e4d4353ab153beab");

enum class Answer { deny, allow, pin };

struct Told {
  Answer mutate;
  Answer validate;
};

const std::map<std::string, Told> kAdmission{
    // Nobody has said where its images are: our own rules do not ask about it.
    {"configmap", {Answer::deny, Answer::deny}},
    {"create-all-places", {Answer::pin, Answer::deny}},
    {"create-bad-volume", {Answer::deny, Answer::deny}},
    {"create-digest", {Answer::allow, Answer::allow}},
    {"create-dry-run", {Answer::deny, Answer::deny}},
    {"create-tag", {Answer::pin, Answer::deny}},
    {"create-unknown", {Answer::deny, Answer::deny}},
    {"cronjob-unknown", {Answer::deny, Answer::deny}},
    {"daemonset-unknown", {Answer::deny, Answer::deny}},
    {"delete", {Answer::allow, Answer::allow}},
    {"delete-now", {Answer::allow, Answer::allow}},
    {"deployment-digest", {Answer::allow, Answer::allow}},
    {"deployment-scale-update", {Answer::allow, Answer::allow}},
    {"deployment-unknown", {Answer::deny, Answer::deny}},
    {"ephemeral-digest", {Answer::allow, Answer::allow}},
    {"ephemeral-unknown", {Answer::deny, Answer::deny}},
    {"exec", {Answer::allow, Answer::allow}},
    {"job-digest", {Answer::allow, Answer::allow}},
    {"podtemplate-unknown", {Answer::deny, Answer::deny}},
    {"statefulset-digest", {Answer::allow, Answer::allow}},
    {"update-image-digest", {Answer::allow, Answer::allow}},
    {"update-image-unknown", {Answer::deny, Answer::deny}},
    {"update-label", {Answer::allow, Answer::allow}},
    {"update-leaving", {Answer::allow, Answer::allow}},
};

const std::map<std::string, bool> kImageReviews{{"annotations", true}, {"digest", true}, {"ephemeral", false},
                                                {"several", false},    {"tag", false},   {"unknown", false}};

enforce::Judge judge() {
  auto image = test::known_image(kImage + ":1.1", 1);
  image.digest = kDigest;
  enforce::SnapshotContent content;
  content.version = 42;
  content.made_at = content.clock_floor = test::kDay;
  content.images = {image};
  return enforce::Judge(enforce::Snapshot::own(enforce::write_snapshot(content)), {});
}

std::string recording(const std::string& kind, const std::string& name) {
  base::SystemFs fs;
  return std::string(base::as_text(base::read_file(fs, kFolder + kind + "/" + name + ".json", 1 << 20)));
}

template <typename Table>
void require_all_known(const std::string& kind, const Table& table) {
  std::set<std::string> known;
  std::set<std::string> there;
  for (const auto& [name, told] : table) known.insert(name);
  for (const auto& entry : std::filesystem::directory_iterator(kFolder + kind)) there.insert(entry.path().stem());
  REQUIRE(known == there);
}

test::KubernetesAnswer ask(Hook hook, const std::string& body) {
  const auto review = json::parse(base::as_bytes(body), {.reals = true});
  const auto answer =
      enforce::answer_admission_review(judge(), {TagPolicy::demand}, hook, base::as_bytes(body), test::kDay);
  REQUIRE(answer.status == 200);
  return test::read_admission_answer(answer.body, test::text_at(review, "/request/uid"), hook == Hook::mutate);
}

TEST_CASE("Recorded AdmissionReviews are answered as they must be") {
  require_all_known("admission-review", kAdmission);
  for (const auto& [name, told] : kAdmission) {
    INFO(name);
    const std::string body = recording("admission-review", name);
    const auto validated = ask(Hook::validate, body);
    REQUIRE(validated.allowed == (told.validate == Answer::allow));
    const auto mutated = ask(Hook::mutate, body);
    REQUIRE(mutated.allowed == (told.mutate != Answer::deny));
    REQUIRE(mutated.patch.is_null() == (told.mutate != Answer::pin));
    if (told.mutate != Answer::pin) continue;
    const auto review = json::parse(base::as_bytes(body), {.reals = true});
    const auto pinned = test::apply_patch(test::value_at(review, "/request/object"), mutated.patch);
    REQUIRE(ask(Hook::validate, test::admission_review("CREATE", pinned)).allowed);
  }
}

TEST_CASE("Recorded ImageReviews are answered as they must be") {
  require_all_known("image-review", kImageReviews);
  for (const auto& [name, allowed] : kImageReviews) {
    INFO(name);
    const std::string body = recording("image-review", name);
    const auto answer = enforce::answer_image_review(judge(), {TagPolicy::demand}, base::as_bytes(body), test::kDay);
    REQUIRE(answer.status == 200);
    REQUIRE(test::read_image_review_answer(answer.body).allowed == allowed);
  }
}

}  // namespace
