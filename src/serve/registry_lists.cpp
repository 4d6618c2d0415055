// Lists: tags, referrers, the catalog.
#include <algorithm>
#include <charconv>
#include <set>

#include "answers.h"
#include "gapstow/base/encoding.h"
#include "gapstow/enforce/relocations.h"
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

/// As a value in a query.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          std::string_view("-._~:/").find(c) != std::string_view::npos;
    out += is_plain ? std::string(1, c) : "%" + base::hex(base::as_bytes(std::string_view(&c, 1)));
  }
  return out;
}

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
  if (const auto given = request.parameter("ns")) ns = "&ns=" + escaped(*given);
  page.link =
      "<" + path + "?n=" + std::to_string(count) + "&last=" + escaped(page.names.back()) + ns + ">; rel=\"next\"";
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

Response referrers_answer(Array entries, bool is_filtered) {
  Response response = json_answer(
      Object{{"schemaVersion", 2}, {"mediaType", std::string(oci::kOciIndex)}, {"manifests", std::move(entries)}},
      oci::kOciIndex);
  if (is_filtered) response.headers.emplace_back("OCI-Filters-Applied", "artifactType");
  return response;
}

/// By which tags that of the origin is asked for here: relocations may rename it.
std::vector<std::string> local_tags(const enforce::Relocations& relocations, const FoundRepository& found,
                                    const std::string& tag) {
  if (relocations.rules().empty()) return {tag};
  std::vector<std::string> tags;
  for (const auto& name : relocations.local_names(enforce::normalise(found.repository->origin + ":" + tag))) {
    if (name.repository() == found.local) tags.push_back(name.tag);
  }
  return tags;
}

}  // namespace

Response RegistryRoutes::tags(const Request& request, const Asked& asked) const {
  const auto& repository = *asked.found.repository;
  const auto can_be_pulled = [&](const std::string& tag) {
    const auto ruling = rule_on(asked, ":" + tag);
    return ruling.allowed() && ruling.digest && repository.blobs.contains(*ruling.digest);
  };
  const auto& relocations = asked.holdings->judge.snapshot().relocations();
  std::set<std::string> offered;
  for (const auto& [tag, digest] : repository.tags) {
    for (const auto& name : local_tags(relocations, asked.found, tag)) {
      if (can_be_pulled(name)) offered.insert(name);
    }
  }
  const std::vector<std::string> names(offered.begin(), offered.end());
  const auto page = page_of(names, request, request.path);
  Response response =
      json_answer(Object{{"name", asked.place.name}, {"tags", Array(page.names.begin(), page.names.end())}});
  if (!page.link.empty()) response.headers.emplace_back("Link", page.link);
  return response;
}

Response RegistryRoutes::referrers(const Request& request, const Asked& asked) const {
  if (!asked.digest) return registry_error(400, "DIGEST_INVALID", "referrers are asked for by a digest");
  std::optional<std::string> filter;
  if (const auto given = request.parameter("artifactType")) filter = *given;
  // No media type holds a blank: it was a '+' that was not escaped.
  if (filter) std::ranges::replace(*filter, ' ', '+');
  Array entries;
  if (asked.found.repository == nullptr) return referrers_answer(std::move(entries), filter.has_value());
  const auto& repository = *asked.found.repository;
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
  return referrers_answer(std::move(entries), filter.has_value());
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
