#include "review_parts.h"

#include <algorithm>

#include "gapstow/base/checked.h"
#include "gapstow/base/text.h"
#include "gapstow/json/parse.h"
#include "gapstow/json/write.h"

namespace gapstow::enforce {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t kShownReasons = 8;
constexpr std::size_t kReasonBytes = 512;
constexpr std::size_t kAuditedImages = 32;
constexpr std::size_t kAuditedBytes = 1024;
constexpr std::size_t kWarningBytes = 240;  ///< API servers drop warnings that exceed 256 bytes
constexpr std::size_t kShownReference = 128;

/// YAML's blocks of text end in a line feed, and a list may have a space behind each comma.
std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

/// The different rules that decided, in the order in which they did.
std::string rules_of(const std::vector<Ruling>& rulings, bool allowed) {
  std::vector<std::string> rules;
  for (const auto& ruling : rulings) {
    if (ruling.allowed() != allowed || ruling.rule.empty()) continue;
    if (std::ranges::find(rules, ruling.rule) == rules.end()) rules.push_back(ruling.rule);
  }
  return shown(base::join(rules, ","), kAuditedBytes);
}

/// Both names of an image and what it is: "mirror.local/redis:7 = docker.io/library/redis:7@sha256:…".
std::string audited(const Ruling& ruling) {
  std::string text = ruling.local;
  const std::string digest = ruling.digest ? "@" + ruling.digest->text() : "";
  if (!ruling.origin.empty()) {
    const bool pinned = ruling.origin.find('@') != std::string::npos;
    text += " = " + ruling.origin + (pinned ? "" : digest);
  }
  return shown(text, kAuditedBytes);
}

}  // namespace

json::Value parse_review(base::ByteView body, std::string_view api_version, std::string_view kind) {
  json::Value value = json::parse(
      body, {.bytes = kMaxReviewBytes, .depth = kMaxReviewDepth, .reals = true, .values = kMaxReviewValues});
  const json::Cursor review(value);
  if (review.at("apiVersion").string() != api_version || review.at("kind").string() != kind) {
    throw Error(ErrorCode::malformed, "the body is no " + std::string(kind) + " of " + std::string(api_version));
  }
  return value;
}

std::vector<std::string> tokens_of(const std::string& annotation) {
  std::vector<std::string> tokens;
  if (trimmed(annotation).empty()) return tokens;
  for (const auto item : base::split(annotation, ',')) {
    const std::string_view part = trimmed(item);
    base::check_limit(tokens.size() + 1, kMaxReviewTokens, "break-glass tokens of a request");
    base::check_limit(part.size(), kMaxTokenBytes, "length of a break-glass token");
    tokens.emplace_back(part);
  }
  return tokens;
}

Ruling Bench::judge(const std::string& reference) {
  const auto known = known_.find(reference);
  if (known != known_.end()) return known->second;
  return known_.emplace(reference, rule(reference)).first->second;
}

Ruling Bench::rule(const std::string& reference) {
  if (std::chrono::steady_clock::now() >= deadline_) {
    Ruling ruling = refusal_of(ErrorCode::limit_exceeded, "deadline",
                               "the time for an answer was over before all images were judged");
    ruling.local = shown(reference, kShownReference);
    return ruling;
  }
  question_.reference = reference;
  return judge_.judge(question_, now_, &tried_);
}

Ruling refusal_of(ErrorCode code, std::string_view rule, std::string reason) {
  Ruling ruling;
  ruling.code = code;
  ruling.rule = rule;
  ruling.reason = std::move(reason);
  return ruling;
}

bool all_allowed(const std::vector<Ruling>& rulings) { return std::ranges::all_of(rulings, &Ruling::allowed); }

std::string denial_reason(const std::vector<Ruling>& rulings) {
  std::vector<std::string> reasons;
  std::size_t more = 0;
  for (const auto& ruling : rulings) {
    if (ruling.allowed()) continue;
    std::string reason = shown(ruling.reason, kReasonBytes);
    if (std::ranges::find(reasons, reason) != reasons.end()) continue;
    if (reasons.size() == kShownReasons) {
      ++more;
    } else {
      reasons.push_back(std::move(reason));
    }
  }
  if (more > 0) reasons.push_back("and " + std::to_string(more) + " more");
  return base::join(reasons, "; ");
}

std::string note_of(const std::vector<Ruling>& rulings, bool allowed) {
  if (!allowed) return "deny: " + denial_reason(rulings);
  return "allow " + std::to_string(rulings.size()) + (rulings.size() == 1 ? " image" : " images");
}

json::Object audit_annotations(const std::vector<Ruling>& rulings, bool allowed, const Snapshot& snapshot,
                               std::string_view prefix) {
  const std::string before(prefix);
  json::Object notes;
  notes.set(before + "decision", allowed ? "allow" : "deny");
  notes.set(before + "snapshot", "v" + std::to_string(snapshot.version()));
  if (const std::string rules = rules_of(rulings, allowed); !rules.empty()) notes.set(before + "rule", rules);
  std::size_t count = 0;
  for (const auto& ruling : rulings) {
    if (ruling.local.empty()) continue;
    if (count == kAuditedImages) break;
    const std::string number = std::to_string(count++);
    notes.set(before + "image-" + number, audited(ruling));
    if (ruling.broke_glass) notes.set(before + "override-" + number, shown(ruling.token, kAuditedBytes));
  }
  return notes;
}

std::vector<std::string> override_warnings(const std::vector<Ruling>& rulings) {
  std::vector<std::string> warnings;
  for (const auto& ruling : rulings) {
    if (!ruling.broke_glass || warnings.size() == kShownReasons) continue;
    warnings.push_back(shown("gapstow: " + ruling.local + " runs unproven, by " + ruling.token, kWarningBytes));
  }
  return warnings;
}

ReviewAnswer unanswerable(const Error& error) {
  ReviewAnswer answer;
  answer.status = 400;
  const std::string why = shown(error.line(), kReasonBytes);
  answer.body = json::serialize(json::Object{{"code", base::name(error.code())}, {"message", why}});
  answer.note = "no review: " + why;
  answer.rulings.push_back(refusal_of(error.code(), "malformed-request", why));
  return answer;
}

std::string shown(std::string_view text, std::size_t most) {
  const auto plain = [](char c) { return c >= 0x20 && c < 0x7F; };
  if (text.size() <= most && std::ranges::all_of(text, plain)) return std::string(text);
  // Cut first: what is refused may be megabytes long. Escapes make it at most four times as long, hence the second cut.
  std::string printable = base::printable(text.substr(0, most));
  const bool cut = text.size() > most || printable.size() > most;
  if (!cut) return printable;
  constexpr std::string_view kMark = "...";
  std::size_t length = std::min(printable.size(), most - kMark.size());
  while (length > 0 && (static_cast<unsigned char>(printable[length]) & 0xC0U) == 0x80U) --length;
  return printable.substr(0, length).append(kMark);
}

}  // namespace gapstow::enforce
