#include "gapstow/serve/registry_routes.h"

#include <algorithm>

#include "accept.h"
#include "answers.h"
#include "download.h"
#include "gapstow/base/encoding.h"
#include "gapstow/base/error.h"
#include "gapstow/json/value.h"
#include "gapstow/oci/manifest.h"
#include "registry_request.h"

namespace gapstow::serve {
namespace {

using json::Object;
using Kind = RegistryKind;
using Place = RegistryPlace;

constexpr std::string_view kPoint = "registry";
constexpr std::string_view kNoSuchManifest = "MANIFEST_UNKNOWN";

Place parse_place(std::string_view path) {
  constexpr std::string_view kRoot = "/v2/";
  if (path == kRoot || path == "/v2") return {Kind::root, {}, {}};
  if (!path.starts_with(kRoot)) return {};
  path.remove_prefix(kRoot.size());
  if (path == "_catalog") return {Kind::catalog, {}, {}};
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return {};
  const std::string_view last = path.substr(slash + 1);
  const std::string_view rest = path.substr(0, slash);
  const std::size_t before = rest.rfind('/');
  if (before == std::string_view::npos || before == 0 || last.empty()) return {};
  const std::string_view what = rest.substr(before + 1);
  const auto place = [&](Kind kind) { return Place{kind, std::string(rest.substr(0, before)), std::string(last)}; };
  if (what == "manifests") return place(Kind::manifest);
  if (what == "blobs") return place(Kind::blob);
  if (what == "referrers") return place(Kind::referrers);
  if (what == "tags" && last == "list") return place(Kind::tags);
  return {};
}

std::optional<digest::Digest> as_digest(const std::string& text) {
  if (text.find(':') == std::string::npos) return std::nullopt;
  try {
    return digest::Digest::parse(text);
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

/// The manifest that is signed under a tag "sha256-….sig".
std::optional<digest::Digest> signed_by_tag(std::string_view tag) {
  constexpr std::string_view kStem = "sha256-";
  constexpr std::string_view kSuffix = ".sig";
  constexpr std::size_t kDigits = 64;
  if (tag.size() != kStem.size() + kDigits + kSuffix.size() || !tag.starts_with(kStem) || !tag.ends_with(kSuffix)) {
    return std::nullopt;
  }
  const std::string_view hex = tag.substr(kStem.size(), kDigits);
  return base::is_hex(hex, kDigits) ? std::optional(digest::Digest::from_sha256_hex(hex)) : std::nullopt;
}

std::string quoted(const digest::Digest& digest) { return "\"" + digest.text() + "\""; }

void mark_as(Response& response, const digest::Digest& digest) {
  response.headers.emplace_back("Docker-Content-Digest", digest.text());
  response.headers.emplace_back("ETag", quoted(digest));
}

/// By the header older clients know that this is a registry.
Response root_answer() {
  Response response = json_answer(Object{});
  response.headers.emplace_back("Docker-Distribution-API-Version", "registry/2.0");
  return response;
}

}  // namespace

void RegistryRoutes::answer(const std::shared_ptr<const Request>& request, const Reply& reply) const {
  if (request->method != "GET" && request->method != "HEAD") return reply(method_not_allowed("GET, HEAD"));
  Asked asked;
  asked.holdings = parts_.holdings.get();
  asked.place = parse_place(request->path);
  switch (asked.place.kind) {
    case Kind::root:
      return reply(root_answer());
    case Kind::catalog:
      return reply(catalog(*request, *asked.holdings));
    case Kind::unknown:
      return reply(registry_error(404, "UNSUPPORTED", "there is nothing of this name in a registry that only reads"));
    default:
      break;
  }
  asked.found = find_repository(asked.holdings->catalog, asked.holdings->judge.snapshot().relocations(), *request,
                                asked.place.name);
  asked.digest = as_digest(asked.place.last);
  // Of referrers the specification wants an empty list, not 404.
  if (asked.found.repository == nullptr && asked.place.kind != Kind::referrers) {
    return reply(registry_error(404, "NAME_UNKNOWN", asked.found.why));
  }
  if (asked.place.kind == Kind::blob) return blob(request, asked, reply);
  reply(documents(*request, asked));
}

Response RegistryRoutes::documents(const Request& request, const Asked& asked) const {
  if (asked.place.kind == Kind::manifest) return manifest(request, asked);
  if (asked.place.kind == Kind::tags) return tags(request, asked);
  return referrers(request, asked);
}

/// What the judge says of the repository with ":tag" or "@digest" behind it.
enforce::Ruling RegistryRoutes::rule_on(const Asked& asked, const std::string& suffix) const {
  return asked.holdings->judge.judge({asked.found.local + suffix, enforce::TagPolicy::accept, {}, {}, {}},
                                     parts_.clock.now());
}

Response RegistryRoutes::show(const Request& request, const CatalogBlob& blob, const digest::Digest& digest) const {
  if (!accepts(request.header("accept"), blob.media_type)) {
    return registry_error(406, kNoSuchManifest,
                          "the signed manifest is " + blob.media_type +
                              ", which the client does not take; it cannot be converted without losing its proof");
  }
  Response response;
  response.headers.emplace_back("Content-Type", blob.media_type);
  mark_as(response, digest);
  response.body = blob.document;
  response.note = digest.text();
  return conditional(request, std::move(response));
}

/// 404 with the reason. Of a platform that its index lists more is known than that nothing proves it.
Response RegistryRoutes::not_proven(const Asked& asked, const enforce::Ruling& ruling) {
  const auto& left_out = asked.found.repository->left_out;
  const auto found = asked.digest ? left_out.find(*asked.digest) : left_out.end();
  if (found == left_out.end() || ruling.code != base::ErrorCode::target_missing) {
    return registry_error(404, kNoSuchManifest, ruling.reason);
  }
  return registry_error(
      404, kNoSuchManifest,
      asked.digest->text() + " is a platform of " + found->second + " that was left out when the bundle was packed");
}

Response RegistryRoutes::manifest(const Request& request, const Asked& asked) const {
  const auto started = std::chrono::steady_clock::now();
  const auto& repository = *asked.found.repository;
  std::optional<digest::Digest> wanted = asked.digest;
  if (!wanted) {
    if (const auto tag = repository.attachment_tags.find(asked.place.last); tag != repository.attachment_tags.end()) {
      wanted = tag->second;
    }
  }
  if (parts_.border != nullptr) {
    if (auto made = border_manifest(request, asked, wanted)) return std::move(*made);
  }
  const auto known = wanted ? repository.blobs.find(*wanted) : repository.blobs.end();
  const bool is_attachment = known != repository.blobs.end() && known->second.is_attachment;
  if (is_attachment && is_offered(asked, known->second)) return show(request, known->second, *wanted);
  const std::string suffix = asked.digest ? "@" + asked.digest->text() : ":" + asked.place.last;
  const auto ruling = rule_on(asked, suffix);
  parts_.metrics.decision(kPoint, enforce::name(ruling.verdict), ruling.rule);
  parts_.metrics.decision_took(
      kPoint, std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - started));
  parts_.log.decision(kPoint, {}, request.peer, ruling);
  if (!ruling.allowed() || !ruling.digest) return not_proven(asked, ruling);
  const auto blob = repository.blobs.find(*ruling.digest);
  if (blob == repository.blobs.end() || !blob->second.is_manifest) {
    return registry_error(404, kNoSuchManifest,
                          ruling.digest->text() +
                              " is accepted here, but no bundle that is served holds it in a form "
                              "that a registry can give");
  }
  return show(request, blob->second, *ruling.digest);
}

/// Whether any image that the blob is part of may be pulled now.
bool RegistryRoutes::is_offered(const Asked& asked, const CatalogBlob& blob) const {
  return std::ranges::any_of(blob.images, [&](const digest::Digest& image) {
    return asked.holdings->judge
        .judge({asked.found.repository->origin + "@" + image.text(), enforce::TagPolicy::accept, {}, {}, {}},
               parts_.clock.now())
        .allowed();
  });
}

/// The names under which a manifest may be pulled now: the tags that lead to it or to an index above it, else its
/// digest alone.
std::vector<std::string> RegistryRoutes::references_of(const Asked& asked, const digest::Digest& manifest) const {
  const auto& repository = *asked.found.repository;
  const auto known = repository.blobs.find(manifest);
  if (known == repository.blobs.end() || !known->second.is_manifest || known->second.is_attachment) return {};
  const auto leads_here = [&](const std::string& reference, const digest::Digest& root) {
    const auto ruling =
        asked.holdings->judge.judge({reference, enforce::TagPolicy::accept, {}, {}, {}}, parts_.clock.now());
    return ruling.allowed() && ruling.digest == root;
  };
  std::vector<std::string> references;
  for (const auto& [tag, root] : repository.tags) {
    if (std::ranges::find(known->second.images, root) == known->second.images.end()) continue;
    std::string reference = repository.origin + ":" + tag;
    if (leads_here(reference, root)) references.push_back(std::move(reference));
  }
  const std::string by_digest = repository.origin + "@" + manifest.text();
  if (references.empty() && leads_here(by_digest, manifest)) references.push_back(by_digest);
  return references;
}

/// Signatures of this site, under the tag that cosign has for them. Clients ask for that of the image that they run: of
/// an index that is the one for their platform.
std::optional<Response> RegistryRoutes::border_manifest(const Request& request, const Asked& asked,
                                                        const std::optional<digest::Digest>& carried) const {
  const auto answer = [&](const BorderSignatures::Document& document) {
    CatalogBlob blob;
    blob.media_type = document.media_type;
    blob.document = document.bytes;
    return show(request, blob, digest::sha256(*document.bytes));
  };
  if (asked.digest) {
    const auto made = parts_.border->manifest(*asked.digest);
    return made ? std::optional(answer(*made)) : std::nullopt;
  }
  const auto signs = signed_by_tag(asked.place.last);
  if (!signs) return std::nullopt;
  const auto references = references_of(asked, *signs);
  if (references.empty()) return std::nullopt;
  const auto& blobs = asked.found.repository->blobs;
  const auto held = carried ? blobs.find(*carried) : blobs.end();
  return answer(
      parts_.border->signature(*signs, references, held != blobs.end() ? held->second.document : SharedBody{}));
}

void RegistryRoutes::blob(const std::shared_ptr<const Request>& request, const Asked& asked, const Reply& reply) const {
  if (!asked.digest) return reply(registry_error(400, "DIGEST_INVALID", "blobs are asked for by a digest"));
  const digest::Digest& wanted = *asked.digest;
  Response response;
  response.headers.emplace_back("Content-Type", "application/octet-stream");
  mark_as(response, wanted);
  mark_immutable(response);
  response.note = wanted.text();
  if (parts_.border != nullptr) {
    if (const auto made = parts_.border->blob(wanted)) {
      response.body = made->bytes;
      return reply(conditional(*request, std::move(response)));
    }
  }
  const auto found = asked.found.repository->blobs.find(wanted);
  if (found == asked.found.repository->blobs.end()) {
    return reply(
        registry_error(404, kBlobUnknown, "no image of " + asked.found.repository->origin + " has " + wanted.text()));
  }
  const CatalogBlob& blob = found->second;
  if (!is_offered(asked, blob)) {
    const auto ruling = rule_on(asked, "@" + blob.images.front().text());
    return reply(registry_error(404, kBlobUnknown, ruling.reason));
  }
  if (blob.document) {
    response.body = blob.document;
    return reply(conditional(*request, std::move(response)));
  }
  download({request, reply, parts_.proofs, asked.holdings, blob, wanted, std::move(response)});
}

}  // namespace gapstow::serve
