// Lists: tags, referrers, the catalog.
#include <algorithm>
#include <charconv>

#include "answers.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "gapstow/oci/manifest.h"
#include "registry_request.h"

namespace gapstow::serve {
namespace {

using json::Array;
using json::Object;

constexpr std::size_t kMaxPage = 10'000;

/// One page of sorted names: those behind `last`, at most `n`, and a Link to the next.
struct Page {
  std::vector<std::string> names;
  std::string link;
};

Page page_of(const std::vector<std::string>& all, const Request& request, const std::string& path) {
  std::size_t count = kMaxPage;
  if (const auto n = request.parameter("n")) {
    const auto result = std::from_chars(n->data(), n->data() + n->size(), count);
    if (result.ec != std::errc{} || result.ptr != n->data() + n->size()) count = kMaxPage;
    count = std::min(count, kMaxPage);
  }
  const std::string after(request.parameter("last").value_or(""));
  Page page;
  auto at = after.empty() ? all.begin() : std::ranges::upper_bound(all, after);
  for (; at != all.end() && page.names.size() < count; ++at) page.names.push_back(*at);
  if (at == all.end() || page.names.empty()) return page;
  std::string ns;
  if (const auto given = request.parameter("ns")) ns = "&ns=" + std::string(*given);
  page.link = "<" + path + "?n=" + std::to_string(count) + "&last=" + page.names.back() + ns + ">; rel=\"next\"";
  return page;
}

/// A member of a manifest that is text.
std::string text_member(const json::Cursor& document, std::string_view name) {
  const auto member = document.maybe(name);
  const auto* text = member ? member->value().get_if<std::string>() : nullptr;
  return text != nullptr ? *text : "";
}

/// The entry of a list of referrers.
Object referrer_entry(const oci::Attachment& attachment, const SharedBody& manifest) {
  Object entry{{"mediaType", attachment.root.media_type},
               {"digest", attachment.root.digest.text()},
               {"size", attachment.root.size}};
  std::string type = attachment.artifact_type;
  if (manifest) {
    const json::Value value = json::parse(*manifest, {.bytes = oci::kMaxManifestBytes, .reals = true});
    const json::Cursor document(value);
    if (type.empty()) type = text_member(document, "artifactType");
    const auto annotations = document.maybe("annotations");
    if (annotations && annotations->value().get_if<Object>() != nullptr) {
      entry.set("annotations", annotations->value());
    }
  }
  if (!type.empty()) entry.set("artifactType", type);
  return entry;
}

}  // namespace

Response RegistryRoutes::tags(const Request& request, const Asked& asked) const {
  std::vector<std::string> names;
  for (const auto& [tag, digest] : asked.found.repository->tags) {
    if (rule_on(asked, ":" + tag).allowed()) names.push_back(tag);
  }
  const auto page = page_of(names, request, request.path);
  Response response =
      json_answer(Object{{"name", asked.place.name}, {"tags", Array(page.names.begin(), page.names.end())}});
  if (!page.link.empty()) response.headers.emplace_back("Link", page.link);
  return response;
}

Response RegistryRoutes::referrers(const Request& request, const Asked& asked) const {
  if (!asked.digest) return registry_error(400, "DIGEST_INVALID", "referrers are asked for by a digest");
  const auto filter = request.parameter("artifactType");
  const auto& repository = *asked.found.repository;
  Array entries;
  if (const auto found = repository.referrers.find(*asked.digest); found != repository.referrers.end()) {
    for (const auto& attachment : found->second) {
      const auto blob = repository.blobs.find(attachment.root.digest);
      if (blob == repository.blobs.end() || !is_offered(asked, blob->second)) continue;
      Object entry = referrer_entry(attachment, blob->second.document);
      const auto* type = entry.find("artifactType");
      const bool is_wanted = !filter || (type != nullptr && *type == json::Value(*filter));
      if (is_wanted) entries.emplace_back(std::move(entry));
    }
  }
  Response response = json_answer(
      Object{{"schemaVersion", 2}, {"mediaType", std::string(oci::kOciIndex)}, {"manifests", std::move(entries)}},
      oci::kOciIndex);
  if (filter) response.headers.emplace_back("OCI-Filters-Applied", "artifactType");
  return response;
}

Response RegistryRoutes::catalog(const Request& request, const Holdings& holdings) const {
  std::vector<std::string> names;
  for (const auto& [origin, repository] : holdings.catalog.repositories()) {
    const std::string path = origin.substr(origin.find('/') + 1);
    // A name that several hosts have is shown with its host: by it alone it is found.
    names.push_back(holdings.catalog.with_path(path).size() == 1 ? path : origin);
  }
  std::ranges::sort(names);
  const auto page = page_of(names, request, request.path);
  Response response = json_answer(Object{{"repositories", Array(page.names.begin(), page.names.end())}});
  if (!page.link.empty()) response.headers.emplace_back("Link", page.link);
  return response;
}

}  // namespace gapstow::serve
