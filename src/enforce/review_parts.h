// What both kinds of reviews are made of.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gapstow/base/error.h"
#include "gapstow/enforce/review.h"
#include "gapstow/json/cursor.h"

namespace gapstow::enforce {

/// Reads a body strictly. Error{malformed}, Error{limit_exceeded}, also when it is no `kind` of `api_version`.
json::Value parse_review(base::ByteView body, std::string_view api_version, std::string_view kind);

/// The tokens in an annotation, split at commas, without the white space around them; Error{limit_exceeded} for more
/// than kMaxReviewTokens or longer ones than a token can be.
std::vector<std::string> tokens_of(const std::string& annotation);

/// Judges references of one request; equal ones once, and none after the deadline.
class Bench {
 public:
  Bench(const Judge& judge, Question question, const ReviewOptions& options, base::Time now)
      : judge_(judge), question_(std::move(question)), deadline_(options.deadline), now_(now) {}
  Ruling judge(const std::string& reference);

 private:
  Ruling rule(const std::string& reference);
  const Judge& judge_;
  Question question_;
  std::chrono::steady_clock::time_point deadline_;
  base::Time now_;
  std::map<std::string, Ruling, std::less<>> known_;
  std::vector<TriedToken> tried_;  ///< a request may name a thousand images: its tokens are proven once for all of them
};

/// A ruling on the request itself.
Ruling refusal_of(base::ErrorCode code, std::string_view rule, std::string reason);

bool all_allowed(const std::vector<Ruling>& rulings);
/// Why not: the reasons of the first denials and how many more there are. Bounded, printable, one line.
std::string denial_reason(const std::vector<Ruling>& rulings);
/// "allow 3 images", "deny: …".
std::string note_of(const std::vector<Ruling>& rulings, bool allowed);
/// What the audit log of the API server gets. Names are qualified names once `prefix` stands before them.
json::Object audit_annotations(const std::vector<Ruling>& rulings, bool allowed, const Snapshot& snapshot,
                               std::string_view prefix);
/// One for each image that a break-glass token alone let through.
std::vector<std::string> override_warnings(const std::vector<Ruling>& rulings);

/// 400, for a body that cannot be answered.
ReviewAnswer unanswerable(const base::Error& error);

/// Printable, and cut to `most` bytes.
std::string shown(std::string_view text, std::size_t most);

}  // namespace gapstow::enforce
