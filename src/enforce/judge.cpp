#include "gapstow/enforce/judge.h"

#include <algorithm>
#include <array>

#include "gapstow/base/text.h"
#include "gapstow/trust/state.h"
#include "ruling_words.h"

namespace gapstow::enforce {
namespace {

using base::Error;
using base::ErrorCode;
using digest::Digest;
using Verdict = Ruling::Verdict;

/// Each costs the check of a signature; a request is not to cost any number of them.
constexpr std::size_t kMaxTokensTried = 8;
constexpr std::size_t kShownReference = 128;

bool has_lapsed(const ImageView& image, base::Time now) { return image.good_until && now >= *image.good_until; }
bool may_run(const ImageView& image, base::Time now) { return !image.refused && !has_lapsed(image, now); }

/// Takes over what is known about an image that decides, whatever the verdict becomes.
void name_image(Ruling& ruling, const ImageView& image) {
  ruling.rule = image.rule;
  ruling.role = image.role;
  ruling.key_ids.assign(image.key_ids.begin(), image.key_ids.end());
}

void deny(Ruling& ruling, ErrorCode code, std::string reason) {
  ruling.verdict = Verdict::deny;
  ruling.code = code;
  ruling.reason = std::move(reason);
}

/// An image that was proven and still must not run.
void deny_image(Ruling& ruling, const ImageView& image) {
  name_image(ruling, image);
  ruling.digest = image.digest;
  if (image.refused) return deny(ruling, *image.refused, words::refused(ruling, image));
  deny(ruling, ErrorCode::expired, words::lapsed(ruling, image));
}

void allow(Ruling& ruling, const ImageView& image, const Digest& digest) {
  name_image(ruling, image);
  ruling.verdict = Verdict::allow;
  ruling.digest = digest;
  ruling.reason = words::proven(ruling, image, digest);
}

/// A tag alone: what it leads to is known, and what becomes of that is for the policy.
void judge_tag(Ruling& ruling, const ImageView& image, const Question& question, const oci::Reference& local) {
  if (question.resolved && *question.resolved != image.digest) {
    name_image(ruling, image);
    ruling.digest = image.digest;
    return deny(ruling, ErrorCode::target_mismatch, words::other_digest(ruling, image, *question.resolved));
  }
  allow(ruling, image, image.digest);
  if (question.resolved || question.tags == TagPolicy::accept) return;
  if (question.tags == TagPolicy::pin) {
    oci::Reference pinned = local;
    pinned.digest = image.digest;
    ruling.verdict = Verdict::mutate;
    ruling.pinned = pinned.text();
    return;
  }
  ruling.rule = "require-digest";
  deny(ruling, ErrorCode::denied, words::digest_wanted(ruling, image));
}

/// Tag and digest: the tag must lead to the digest, or to its parent.
void judge_both(Ruling& ruling, const ImageView& tagged, const std::vector<ImageView>& holders, const Digest& digest) {
  const bool holds =
      std::ranges::any_of(holders, [&](const ImageView& holder) { return holder.origin == tagged.origin; });
  if (holds) return allow(ruling, tagged, digest);
  name_image(ruling, tagged);
  ruling.digest = tagged.digest;
  deny(ruling, ErrorCode::target_mismatch, words::other_digest(ruling, tagged, digest));
}

/// A digest alone: any image of the repository that is it or has it below.
void judge_digest(Ruling& ruling, const std::vector<ImageView>& holders, const Digest& digest, base::Time now) {
  const auto good = std::ranges::find_if(holders, [&](const ImageView& holder) { return may_run(holder, now); });
  if (good != holders.end()) return allow(ruling, *good, digest);
  deny_image(ruling, holders.front());
}

/// What the tokens that came along say about a digest that nothing else lets pass.
class TokenTrial {
 public:
  TokenTrial(const Question& question, const std::vector<trust::Operator>& operators, base::Time now,
             std::vector<TriedToken>& tried)
      : question_(question), operators_(operators), now_(now), tried_(tried) {}

  void run(Ruling& ruling, const std::optional<Digest>& digest) {
    if (question_.tokens.empty()) return;
    if (!digest) return add(ruling, "a token needs a reference with a digest");
    if (question_.place.empty()) return add(ruling, "it is not known for which namespace");
    if (question_.tokens.size() > kMaxTokensTried) {
      return add(ruling, "more than " + std::to_string(kMaxTokensTried) + " tokens");
    }
    if (tried_.empty()) tried_ = try_tokens(question_.tokens, operators_);
    for (const auto& token : tried_) {
      const std::string why_not = token.proven ? try_one(ruling, *token.proven, *digest) : token.why_not;
      if (why_not.empty()) return;
      add(ruling, why_not);
    }
  }

 private:
  static void add(Ruling& ruling, const std::string& why_not) { ruling.reason += "; break-glass: " + why_not; }

  /// Why it does not count; empty when it does.
  std::string try_one(Ruling& ruling, const ProvenToken& token, const Digest& digest) const {
    const BreakGlass& content = token.content;
    if (content.place != question_.place) return "the token is for namespace " + content.place;
    if (now_ < content.not_before) return "the token begins at " + base::format_time(content.not_before);
    if (now_ >= content.not_after) return "the token ended at " + base::format_time(content.not_after);
    if (!std::ranges::binary_search(content.digests, digest)) return "the token is not for " + digest.short_text();
    ruling.verdict = Verdict::allow;
    ruling.code.reset();
    ruling.digest = digest;
    ruling.rule = "break-glass";
    ruling.role.clear();
    ruling.key_ids.clear();
    ruling.broke_glass = true;
    ruling.token = token.signer + ": " + content.reason;
    ruling.reason = words::broke_glass(ruling, token, digest);
    return {};
  }

  const Question& question_;
  const std::vector<trust::Operator>& operators_;
  base::Time now_;
  std::vector<TriedToken>& tried_;
};

}  // namespace

std::string_view name(Ruling::Verdict verdict) {
  constexpr std::array<std::string_view, 3> kNames{"allow", "mutate", "deny"};
  return kNames.at(static_cast<std::size_t>(verdict));
}

Ruling Judge::judge_known(const oci::Reference& local, const Origin& origin, const Question& question, base::Time now,
                          std::vector<TriedToken>& tried) const {
  const oci::Reference& reference = origin.reference;
  Ruling ruling;
  ruling.local = local.text();
  ruling.origin = reference.text();
  ruling.rule = "unknown-image";
  if (reference.digest && question.resolved && *reference.digest != *question.resolved) {
    ruling.digest = reference.digest;
    deny(ruling, ErrorCode::digest_mismatch, words::resolved_otherwise(ruling, *question.resolved));
    return ruling;  // what would run is not what was asked for; no token is for that
  }
  std::vector<ImageView> holders;
  if (reference.digest) holders = snapshot_->find(reference.repository(), *reference.digest);
  if (reference.tag.empty()) {
    if (holders.empty()) {
      deny(ruling, ErrorCode::target_missing, words::unknown(ruling, origin));
    } else {
      judge_digest(ruling, holders, *reference.digest, now);
    }
  } else {
    const auto tagged = snapshot_->find(reference.repository() + ":" + reference.tag);
    if (!tagged) {
      deny(ruling, ErrorCode::target_missing, words::unknown(ruling, origin));
    } else if (!may_run(*tagged, now)) {
      deny_image(ruling, *tagged);
    } else if (reference.digest) {
      judge_both(ruling, *tagged, holders, *reference.digest);
    } else {
      judge_tag(ruling, *tagged, question, local);
    }
  }
  if (!ruling.allowed()) {
    TokenTrial(question, operators_, now, tried).run(ruling, reference.digest ? reference.digest : question.resolved);
  }
  return ruling;
}

Ruling Judge::judge(const Question& question, base::Time now, std::vector<TriedToken>* tried) const {
  Ruling ruling;
  std::vector<TriedToken> own;
  ruling.local = base::printable(question.reference.substr(0, kShownReference));
  ruling.rule = "reference";
  try {
    const oci::Reference local = normalise(question.reference);
    ruling.local = local.text();
    const Origin origin = snapshot_->relocations().origin_of(local);
    ruling.origin = origin.reference.text();
    if (now.plus_seconds(trust::kFloorLeeway) >= snapshot_->clock_floor()) {
      return judge_known(local, origin, question, now, tried != nullptr ? *tried : own);
    }
    ruling.rule = "clock";
    deny(ruling, ErrorCode::clock_behind,
         "the clock says " + base::format_time(now) + ", the decision file has proof of " +
             base::format_time(snapshot_->clock_floor()));
  } catch (const Error& error) {
    deny(ruling, error.code(), error.line());
  } catch (const std::exception&) {
    deny(ruling, ErrorCode::internal, "the question could not be judged");
  }
  return ruling;
}

}  // namespace gapstow::enforce
