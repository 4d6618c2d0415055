#include <algorithm>
#include <set>

#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "gapstow/oci/attachment.h"
#include "gapstow/oci/manifest.h"
#include "gapstow/registry/repository.h"
#include "pages.h"
#include "referrers_index.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;

bool is_tag(std::string_view text) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && text.size() <= 128 && is_word(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return is_word(c) || c == '.' || c == '-'; });
}

void read_tags(base::ByteView body, std::vector<std::string>& tags) {
  const json::Value value = json::parse(body);
  const json::Cursor list = json::Cursor(value).at("tags");
  if (list.value().is_null()) return;
  for (const auto& item : list.array()) {
    const std::string& tag = item.string(1024);
    if (!is_tag(tag)) item.refuse("'" + base::printable(tag) + "' is no tag");
    tags.push_back(tag);
  }
  base::check_limit(tags.size(), kMaxTags, "number of tags");
}

/// Registries without the API answer 404; some know only paths of the older specification.
bool lacks_the_api(const Reply& reply) { return reply.status == 404 || reply.status == 400 || reply.status == 405; }

/// Entries in order, each digest once.
class ReferrerSet {
 public:
  void add(std::vector<Referrer> more) {
    for (auto& referrer : more) {
      if (seen_.insert(referrer.descriptor.digest).second) referrers_.push_back(std::move(referrer));
    }
    base::check_limit(referrers_.size(), kMaxReferrers, "number of referrers");
  }
  std::vector<Referrer> take() { return std::move(referrers_); }

 private:
  std::vector<Referrer> referrers_;
  std::set<digest::Digest> seen_;
};

}  // namespace

std::vector<std::string> Repository::tags() const {
  Call call;
  call.target = "/v2/" + path_ + "/tags/list?n=1000";
  call.scope = scope();
  const std::string what = "tags of " + name();
  std::vector<std::string> tags;
  Pages pages(server_, call, what);
  while (!pages.at_end()) {
    const Reply reply = pages.next();
    if (reply.status != 200) refuse(reply, what);
    base::with_context(what, [&] { read_tags(reply.body, tags); });
  }
  return tags;
}

std::optional<std::vector<std::string>> Repository::short_tag_list() const {
  Call call;
  call.target = "/v2/" + path_ + "/tags/list?n=1000";
  call.scope = scope();
  const std::string what = "tags of " + name();
  Pages pages(server_, call, what);
  const Reply reply = pages.next();
  if (reply.status != 200 || !pages.at_end()) return std::nullopt;
  std::vector<std::string> tags;
  base::with_context(what, [&] { read_tags(reply.body, tags); });
  return tags;
}

std::optional<std::vector<Referrer>> Repository::referrers_by_api(const digest::Digest& subject) const {
  Call call;
  call.target = "/v2/" + path_ + "/referrers/" + subject.text();
  call.headers.add("Accept", std::string(oci::kOciIndex));
  call.scope = scope();
  const std::string what = "referrers of " + name() + "@" + subject.short_text();
  ReferrerSet referrers;
  Pages pages(server_, call, what);
  for (bool first = true; !pages.at_end(); first = false) {
    const Reply reply = pages.next();
    if (first && lacks_the_api(reply)) return std::nullopt;
    if (reply.status != 200) refuse(reply, what);
    referrers.add(base::with_context(what, [&] { return read_referrers(reply.body); }));
  }
  return referrers.take();
}

std::vector<Referrer> Repository::referrers_by_tag(const digest::Digest& subject) const {
  const std::string tag = oci::referrers_tag(subject);
  const auto found = get_manifest(tag);
  // GitLab finds the subject itself under this name, as if the dash were the colon of a digest: that is no list.
  if (!found || found->descriptor.digest == subject) return {};
  return base::with_context("tag " + tag + " of " + name(), [&] {
    if (found->descriptor.media_type != oci::kOciIndex) {
      throw Error(ErrorCode::malformed,
                  "a list of referrers is expected, but it holds a document of type " + found->descriptor.media_type);
    }
    ReferrerSet referrers;
    referrers.add(read_referrers(found->bytes));
    return referrers.take();
  });
}

}  // namespace gapstow::registry
