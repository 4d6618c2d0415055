#include "findings.h"

#include <algorithm>
#include <array>
#include <mutex>

#include "gapstow/base/error.h"
#include "gapstow/base/workers.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;

/// One question to one repository, and for which images it matters.
struct Question {
  enum class Kind { blob, manifest, tag, cosign_tag };
  Kind kind = Kind::blob;
  std::size_t home = 0;
  digest::Digest digest;
  std::string tag;
  std::vector<std::size_t> images;
};

std::vector<Question> questions_of(const DeliveryPlan& plan) {
  std::vector<Question> questions;
  for (std::size_t i = 0; i < plan.homes.size(); ++i) {
    const Home& home = plan.homes[i];
    for (const auto& [digest, images] : home.needed) {
      const auto kind = plan.blobs.contains(digest) ? Question::Kind::blob : Question::Kind::manifest;
      questions.push_back({kind, i, digest, {}, images});
    }
    for (const auto& [tag, digest] : home.tags) {
      questions.push_back({Question::Kind::tag, i, digest, tag, home.needed.at(digest)});
    }
    for (const auto& [tag, digest] : home.cosign_tags) {
      questions.push_back({Question::Kind::cosign_tag, i, digest, tag, home.needed.at(digest)});
    }
  }
  return questions;
}

bool has_blob(const Repository& repository, const oci::PlannedBlob& blob) {
  const auto size = repository.head_blob(blob.digest);
  if (size && *size != blob.size) {
    throw Error(ErrorCode::digest_mismatch,
                "blob " + blob.digest.short_text() + " in " + repository.name() + " has " + std::to_string(*size) +
                    " bytes, not " + std::to_string(blob.size),
                "the registry's copy is damaged; remove it there");
  }
  return size.has_value();
}

/// Whatever a registry holds that is no manifest to us is not the one that is wanted.
std::optional<digest::Digest> digest_under(const Repository& repository, const std::string& reference) {
  try {
    const auto found = repository.head_manifest(reference);
    if (found) return found->digest;
    return std::nullopt;
  } catch (const Error& error) {
    constexpr std::array kOtherContent{ErrorCode::unsupported, ErrorCode::malformed, ErrorCode::limit_exceeded,
                                       ErrorCode::digest_mismatch};
    if (std::ranges::find(kOtherContent, error.code()) == kOtherContent.end()) throw;
    return digest::Digest();
  }
}

bool shows(const Repository& repository, const Question& question) {
  const auto found = digest_under(repository, question.tag);
  if (!found) return false;
  if (*found == question.digest) return true;
  if (question.kind == Question::Kind::tag) return false;
  throw Error(
      ErrorCode::conflict,
      repository.name() + ":" + question.tag + " holds other signatures or attestations than come with the image",
      "remove the tag in the registry if those that come are to replace them");
}

class Inquiry {
 public:
  Inquiry(const DeliveryPlan& plan, std::vector<Holdings>& holdings) : plan_(plan), holdings_(holdings) {}

  void ask(const Question& question) {
    const Repository& repository = plan_.homes[question.home].repository;
    Holdings& holdings = holdings_[question.home];
    switch (question.kind) {
      case Question::Kind::blob:
        return note(has_blob(repository, plan_.blobs.at(question.digest)), holdings.blobs, question.digest);
      case Question::Kind::manifest:
        return note(digest_under(repository, question.digest.text()) == question.digest, holdings.manifests,
                    question.digest);
      case Question::Kind::tag:
      case Question::Kind::cosign_tag:
        return note(shows(repository, question), holdings.tags, question.tag);
    }
  }

 private:
  template <typename Item>
  void note(bool there, std::set<Item>& items, const Item& item) {
    if (!there) return;
    const std::lock_guard lock(mutex_);
    items.insert(item);
  }

  const DeliveryPlan& plan_;
  std::vector<Holdings>& holdings_;
  std::mutex mutex_;
};

}  // namespace

std::vector<Holdings> inquire(const DeliveryPlan& plan, ImageFailures& failures) {
  std::vector<Holdings> holdings(plan.homes.size());
  Inquiry inquiry(plan, holdings);
  const auto questions = questions_of(plan);
  base::run_parallel(questions.size(), kParallelCalls, [&](std::size_t i) {
    try {
      inquiry.ask(questions[i]);
    } catch (const Error& failure) {
      const bool matters = !questions[i].images.empty() || failure.code() == ErrorCode::interrupted;
      if (matters) failures.record(questions[i].images, failure);
    }
  });
  return holdings;
}

}  // namespace gapstow::registry
