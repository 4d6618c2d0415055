#include "gapstow/enforce/image_verifier.h"

#include <map>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"

namespace gapstow::enforce {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t kShown = 200;
constexpr std::size_t kMaxReason = 4096;

std::string shown(std::string_view text) { return "'" + base::printable(text.substr(0, kShown)) + "'"; }

/// The options, each with its value; those that are not known are not kept.
std::map<std::string, std::string, std::less<>> options(std::span<const std::string> words) {
  std::map<std::string, std::string, std::less<>> found;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (word.size() < 2 || word.front() != '-') throw Error(ErrorCode::usage, shown(word) + " is no option");
    word.remove_prefix(word.starts_with("--") ? 2 : 1);
    const std::size_t equals = word.find('=');
    const std::string_view option = word.substr(0, equals);
    const bool inside = equals != std::string_view::npos;
    if (!inside && ++i == words.size()) throw Error(ErrorCode::usage, "option " + shown(option) + " has no value");
    std::string value = inside ? std::string(word.substr(equals + 1)) : words[i];
    const bool known = option == "name" || option == "digest" || option == "stdin-media-type";
    if (known && !found.emplace(option, std::move(value)).second) {
      throw Error(ErrorCode::usage, "option " + shown(option) + " is there twice");
    }
  }
  return found;
}

/// Whether a refusal is about what one decides by, and not about the image: the clock, or records of the decision file.
bool says_nothing(const std::optional<ErrorCode>& code) {
  return code == ErrorCode::clock_behind || code == ErrorCode::malformed || code == ErrorCode::internal;
}

}  // namespace

Pull parse_pull(std::span<const std::string> words) {
  const auto found = options(words);
  const auto value = [&](std::string_view option) -> const std::string& {
    const auto place = found.find(option);
    if (place == found.end()) throw Error(ErrorCode::usage, "option '-" + std::string(option) + "' is missing");
    return place->second;
  };
  if (value("stdin-media-type") != kDescriptorType) {
    throw Error(ErrorCode::unsupported, "standard input of type " + shown(value("stdin-media-type")));
  }
  Pull pull{value("name"), {}};
  try {
    pull.digest = digest::Digest::parse(value("digest"));
  } catch (const Error& error) {
    throw Error(error.code(), shown(value("digest")) + " is no digest: " + error.why());
  }
  return pull;
}

void check_descriptor(const Pull& pull, base::ByteView descriptor) {
  // Go writes a line feed behind it. Annotations may be many; nothing but the digest is used.
  const json::Value value = json::parse(descriptor, {.bytes = kMaxDescriptorBytes, .depth = 8, .values = 65'536});
  const json::Cursor place(value);
  place.no_case_variants({"digest"});
  if (place.at("digest").string(256) == pull.digest.text()) return;
  throw Error(ErrorCode::digest_mismatch, "the descriptor on standard input is of " +
                                              shown(place.at("digest").string(256)) + ", not of " + pull.digest.text());
}

PullAnswer answer_pull(const Judge& judge, const Pull& pull, base::Time now) {
  Question question;
  question.reference = pull.name;
  question.resolved = pull.digest;
  const Ruling ruling = judge.judge(question, now);
  const bool allowed = ruling.verdict == Ruling::Verdict::allow;
  const bool undecided = !allowed && says_nothing(ruling.code);
  std::string reason = (allowed ? "allow: " : undecided ? "undecided, so refused: " : "deny: ") + ruling.reason;
  if (ruling.code) reason += " [" + std::string(base::name(*ruling.code)) + "]";
  return {allowed ? 0 : undecided ? 2 : 1, base::printable(reason.substr(0, kMaxReason))};
}

}  // namespace gapstow::enforce
