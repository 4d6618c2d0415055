#include "gapstow/serve/registry_routes.h"

#include <algorithm>

#include "answers.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
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
constexpr std::string_view kNoSuchBlob = "BLOB_UNKNOWN";

Place parse_place(std::string_view path) {
  path.remove_prefix(std::min<std::size_t>(path.size(), 4));  // "/v2/"
  if (path.empty()) return {Kind::root, {}, {}};
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

/// Whether a client that names types takes this one. Parameters (";q=…") do not matter here: there is one form.
bool accepts(std::string_view header, std::string_view media_type) {
  if (header.empty()) return true;
  return std::ranges::any_of(base::split(header, ','), [&](std::string_view item) {
    item = item.substr(0, item.find(';'));
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    return item == "*/*" || item == "application/*" || item == media_type;
  });
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
  if (asked.found.repository == nullptr) return reply(registry_error(404, "NAME_UNKNOWN", asked.found.why));
  asked.digest = as_digest(asked.place.last);
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
  if (!ruling.allowed() || !ruling.digest) return registry_error(404, kNoSuchManifest, ruling.reason);
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

/// Signatures of this site, under the tag that cosign has for them.
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
  const auto& repository = *asked.found.repository;
  std::vector<std::string> references;
  std::optional<digest::Digest> image;
  for (const auto& [tag, digest] : repository.tags) {
    if (oci::referrers_tag(digest) + ".sig" != asked.place.last) continue;
    const std::string reference = repository.origin + ":" + tag;
    const auto ruling =
        asked.holdings->judge.judge({reference, enforce::TagPolicy::accept, {}, {}, {}}, parts_.clock.now());
    if (!ruling.allowed() || ruling.digest != digest) continue;
    references.push_back(reference);
    image = digest;
  }
  if (!image) return std::nullopt;
  const auto held = carried ? repository.blobs.find(*carried) : repository.blobs.end();
  return answer(parts_.border->signature(*image, references,
                                         held != repository.blobs.end() ? held->second.document : SharedBody{}));
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
        registry_error(404, kNoSuchBlob, "no image of " + asked.found.repository->origin + " has " + wanted.text()));
  }
  const CatalogBlob& blob = found->second;
  if (!is_offered(asked, blob)) {
    const auto ruling = rule_on(asked, "@" + blob.images.front().text());
    return reply(registry_error(404, kNoSuchBlob, ruling.reason));
  }
  if (blob.document) {
    response.body = blob.document;
    return reply(conditional(*request, std::move(response)));
  }
  const auto& opened = blob.bundle->bundle();
  response.body = FileBody{opened.file(), opened.content(*blob.entry), blob.size, {}};
  if (request->method == "HEAD") return reply(conditional(*request, std::move(response)));
  // The first byte leaves when the last one is proven.
  parts_.proofs.when_known(
      blob.bundle, *blob.entry,
      [request, reply, wanted, holdings = asked.holdings, response = std::move(response)](const Proof& proof) mutable {
        if (!proof.holds) {
          return reply(registry_error(404, kNoSuchBlob, wanted.text() + " is damaged in the bundle: " + proof.why));
        }
        std::get<FileBody>(response.body).stamp = proof.stamp;
        reply(conditional(*request, std::move(response)));
      });
}

}  // namespace gapstow::serve
