#include "gapstow/serve/notary_routes.h"

#include <algorithm>
#include <optional>

#include "answers.h"
#include "gapstow/base/encoding.h"
#include "gapstow/base/error.h"
#include "gapstow/digest/digest.h"
#include "gapstow/json/value.h"

namespace gapstow::serve {
namespace {

constexpr std::string_view kHealth = "/_notary_server/health";
constexpr std::string_view kTrust = "/_trust/";
constexpr std::string_view kTuf = "tuf/";
constexpr std::string_view kJson = ".json";
constexpr std::string_view kNoMetadata = "METADATA_NOT_FOUND";
constexpr std::size_t kMaxVersionDigits = 18;

/// "targets/releases.4c1d….json" -> the role and the checksum; "3.root.json" -> "3.root".
struct FileName {
  std::string name;      ///< as a chain's file is called: "targets/releases", "3.root"
  std::string checksum;  ///< hex, or empty

  /// Under a checksum or a version the content is the same for ever.
  bool is_fixed() const { return !checksum.empty() || (name.front() >= '0' && name.front() <= '9'); }
};

bool is_checksum(std::string_view text) {
  return base::is_hex(text, 64) || base::is_hex(text, 96) || base::is_hex(text, 128);
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= kMaxVersionDigits && text.front() != '0' &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// root, snapshot, timestamp, targets and what is below targets.
bool is_role(std::string_view text) {
  if (text == "root" || text == "snapshot" || text == "timestamp" || text == "targets") return true;
  return text.starts_with("targets/") && text.back() != '/' && text.find("//") == std::string_view::npos;
}

/// A checksum is looked for first, as the server of Notary does: a delegation may have dots in its name.
std::optional<FileName> parse_name(std::string_view text) {
  if (!text.ends_with(kJson)) return std::nullopt;
  text.remove_suffix(kJson.size());
  if (const auto dot = text.rfind('.'); dot != std::string_view::npos && is_checksum(text.substr(dot + 1))) {
    if (is_role(text.substr(0, dot)))
      return FileName{std::string(text.substr(0, dot)), std::string(text.substr(dot + 1))};
  }
  if (is_role(text)) return FileName{std::string(text), {}};
  const auto dot = text.find('.');
  if (dot == std::string_view::npos || !is_number(text.substr(0, dot)) || !is_role(text.substr(dot + 1))) {
    return std::nullopt;
  }
  return FileName{std::string(text), {}};
}

/// Whether the bytes have a checksum of this length; SHA-384 is not computed here, so it never does.
bool has_checksum(base::ByteView bytes, const std::string& hex) {
  if (hex.size() == 64) return digest::sha256(bytes).hex() == hex;
  return hex.size() == 128 && digest::sha512(bytes).hex() == hex;
}

/// Of roots every version is there, of other roles one.
SharedBody find_file(const CatalogChain& chain, const FileName& wanted) {
  if (wanted.checksum.empty()) {
    const auto found = chain.files.find(wanted.name);
    return found == chain.files.end() ? nullptr : found->second;
  }
  for (const auto& [name, bytes] : chain.files) {
    const bool is_version = wanted.name == "root" && name.ends_with(".root");
    if ((name == wanted.name || is_version) && has_checksum(*bytes, wanted.checksum)) return bytes;
  }
  return nullptr;
}

const CatalogChain* find_chain(const Holdings& holdings, const std::string& gun) {
  if (const auto* chain = holdings.catalog.chain(gun)) return chain;
  try {
    const auto local = enforce::normalise(gun);
    const auto& relocations = holdings.judge.snapshot().relocations();
    return holdings.catalog.chain(relocations.origin_of(local).reference.repository());
  } catch (const base::Error&) {
    return nullptr;
  }
}

}  // namespace

bool NotaryRoutes::owns(std::string_view path) {
  return path.starts_with("/_notary_server/") ||
         (path.starts_with("/v2/") && path.find(kTrust) != std::string_view::npos);
}

void NotaryRoutes::answer(const std::shared_ptr<const Request>& request, const Reply& reply) const {
  if (request->method != "GET" && request->method != "HEAD") return reply(method_not_allowed("GET, HEAD"));
  const std::string_view path = request->path;
  if (path == kHealth) return reply(json_answer(json::Object{}));
  const std::size_t at = path.find(kTrust);
  if (at == std::string_view::npos) return reply(registry_error(404, kNoMetadata, "there is nothing here"));
  const std::string_view gun_part = path.substr(0, at);
  if (gun_part.size() <= 4) return reply(registry_error(404, kNoMetadata, "no repository is named"));
  const std::string gun(gun_part.substr(4));
  std::string_view rest = path.substr(at + kTrust.size());
  if (!rest.starts_with(kTuf)) return reply(registry_error(404, kNoMetadata, "there is nothing here"));
  rest.remove_prefix(kTuf.size());
  if (rest.ends_with(".key")) return reply(method_not_allowed(""));
  reply(file(*request, gun, rest));
}

Response NotaryRoutes::file(const Request& request, const std::string& gun, std::string_view name) const {
  const auto holdings = holdings_.get();
  const auto* chain = find_chain(*holdings, gun);
  if (chain == nullptr) {
    return registry_error(404, kNoMetadata, "no bundle here has the chain of " + gun);
  }
  const auto wanted = parse_name(name);
  const SharedBody bytes = wanted ? find_file(*chain, *wanted) : nullptr;
  if (!bytes) {
    return registry_error(404, kNoMetadata, "the chain of " + gun + " has no file " + std::string(name));
  }
  Response response;
  const auto digest = digest::sha256(*bytes);
  response.headers.emplace_back("Content-Type", "application/json");
  response.headers.emplace_back("ETag", "\"" + digest.text() + "\"");
  response.headers.emplace_back("Cache-Control", wanted->is_fixed() ? "max-age=31536000, immutable" : "no-cache");
  response.body = bytes;
  response.note = digest.text();
  return conditional(request, std::move(response));
}

}  // namespace gapstow::serve
