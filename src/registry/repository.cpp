#include "gapstow/registry/repository.h"

#include <algorithm>
#include <array>

#include "blob_download.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/oci/manifest.h"
#include "location.h"
#include "transfer_headers.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::array kManifestTypes{oci::kOciManifest, oci::kOciIndex, oci::kDockerManifest, oci::kDockerList};
/// What servers say that do not know better: the document itself tells then.
constexpr std::array<std::string_view, 4> kGenericTypes{"", "application/json", "application/octet-stream",
                                                        "text/plain"};

bool is_good(const Reply& reply) { return reply.status >= 200 && reply.status < 300; }

Call manifest_call(const Repository& repository, std::string method, const std::string& reference) {
  Call call;
  call.method = std::move(method);
  call.target = "/v2/" + repository.path() + "/manifests/" + reference;
  std::string accept;
  for (const auto type : kManifestTypes) accept.append(type).append(", ");
  call.headers.add("Accept", accept + "*/*");
  call.scope = repository.scope();
  call.limit = oci::kMaxManifestBytes;
  return call;
}

/// Content-Type without parameters, in lower case.
std::string media_type_of(const Reply& reply) {
  const std::string value = reply.headers.find("Content-Type").value_or("");
  std::string type(value.substr(0, value.find(';')));
  std::erase_if(type, [](char c) { return c == ' ' || c == '\t'; });
  std::ranges::transform(type, type.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return type;
}

std::optional<digest::Digest> promised_digest(const Reply& reply) {
  const auto text = reply.headers.find("Docker-Content-Digest");
  if (!text) return std::nullopt;
  try {
    return digest::Digest::parse(*text);
  } catch (const Error&) {
    throw Error(ErrorCode::digest_mismatch,
                "the server names the digest '" + base::printable(text->substr(0, 100)) + "', which is none");
  }
}

/// What the reference promises, or else the server.
std::optional<digest::Digest> wanted_digest(const std::string& reference) {
  if (reference.find(':') == std::string::npos) return std::nullopt;
  return digest::Digest::parse(reference);
}

FoundManifest read_manifest(Reply reply, const std::string& reference) {
  FoundManifest found;
  found.bytes = std::move(reply.body);
  const auto promised = promised_digest(reply);
  if (promised) digest::check_bytes(found.bytes, found.bytes.size(), *promised);
  const auto wanted = wanted_digest(reference);
  if (wanted) digest::check_bytes(found.bytes, found.bytes.size(), *wanted);
  found.descriptor.digest = wanted ? *wanted : digest::sha256(found.bytes);
  found.descriptor.size = found.bytes.size();
  std::string type = media_type_of(reply);
  if (std::ranges::find(kGenericTypes, type) != kGenericTypes.end()) type.clear();
  const auto parsed = oci::parse_manifest(found.bytes, type);
  found.descriptor.media_type = std::visit([](const auto& document) { return document.media_type; }, parsed);
  return found;
}

/// What a HEAD tells, when it tells all.
std::optional<oci::Descriptor> read_head(const Reply& reply, const std::string& reference) {
  const auto promised = promised_digest(reply);
  const auto size = content_length(reply.headers);
  std::string type = media_type_of(reply);
  if (!promised || !size || std::ranges::find(kManifestTypes, type) == kManifestTypes.end()) return std::nullopt;
  const auto wanted = wanted_digest(reference);
  if (wanted && wanted->algorithm() == promised->algorithm() && *wanted != *promised) {
    throw Error(ErrorCode::digest_mismatch, "the server has " + promised->text() + " under " + wanted->text());
  }
  if (!wanted && promised->algorithm() != digest::Algorithm::sha256) return std::nullopt;
  return oci::Descriptor{std::move(type), wanted ? *wanted : *promised, *size, {}, {}};
}

}  // namespace

std::string Repository::scope() const {
  return "repository:" + path_ + (access_ == Access::push ? ":pull,push" : ":pull");
}

std::optional<FoundManifest> Repository::get_manifest(const std::string& reference) const {
  const std::string what = "manifest " + reference + " of " + name();
  Reply reply = server_.send(manifest_call(*this, "GET", reference));
  if (reply.status == 404) return std::nullopt;
  if (reply.status != 200) refuse(reply, what);
  return base::with_context(what, [&] { return read_manifest(std::move(reply), reference); });
}

std::optional<oci::Descriptor> Repository::head_manifest(const std::string& reference) const {
  const Reply reply = server_.send(manifest_call(*this, "HEAD", reference));
  if (reply.status == 404) return std::nullopt;
  if (reply.status == 200) {
    const std::string what = "manifest " + reference + " of " + name();
    if (auto head = base::with_context(what, [&] { return read_head(reply, reference); })) return head;
  }
  // Not all of what is needed is said, or not why it is refused.
  auto found = get_manifest(reference);
  if (!found) return std::nullopt;
  return std::move(found->descriptor);
}

Repository::StoredManifest Repository::put_manifest(const std::string& reference, const std::string& media_type,
                                                    base::ByteView bytes) const {
  const std::string what = "manifest " + reference + " for " + name();
  Call call = manifest_call(*this, "PUT", reference);
  call.headers = {};
  call.headers.add("Content-Type", media_type);
  call.body = base::to_bytes(bytes);
  call.scope = "repository:" + path_ + ":pull,push";
  call.limit = kMaxReplyBytes;
  const Reply reply = server_.send(call);
  if (!is_good(reply)) refuse(reply, what);
  const auto promised = base::with_context(what, [&] { return promised_digest(reply); });
  if (promised) base::with_context(what, [&] { digest::check_bytes(bytes, bytes.size(), *promised); });
  return {reply.headers.find("OCI-Subject").has_value()};
}

std::optional<std::uint64_t> Repository::head_blob(const digest::Digest& digest) const {
  Call call;
  call.method = "HEAD";
  call.target = "/v2/" + path_ + "/blobs/" + digest.text();
  call.scope = scope();
  const Reply reply = server_.send(call);
  if (reply.status == 404) return std::nullopt;
  if (reply.status != 200) refuse(reply, "blob " + digest.short_text() + " of " + name());
  return content_length(reply.headers);
}

std::unique_ptr<base::Source> Repository::open_blob(const oci::Descriptor& descriptor) const {
  return std::make_unique<BlobDownload>(*this, descriptor);
}

bool Repository::mount_blob(const digest::Digest& digest, const std::string& from) const {
  Call call;
  call.method = "POST";
  call.target = with_parameter("/v2/" + path_ + "/blobs/uploads/", "mount", digest.text());
  call.target = with_parameter(call.target, "from", from);
  call.scope = "repository:" + path_ + ":pull,push repository:" + from + ":pull";
  try {
    const Reply reply = server_.send(call);
    if (reply.status == 201) return true;
    // An upload was begun instead, which nobody will go on with.
    if (const auto location = location_of(reply); location && reply.status == 202) {
      Call cancel;
      cancel.method = "DELETE";
      cancel.target = *location;
      cancel.scope = scope();
      server_.send(cancel);
    }
    return false;
  } catch (const Error& error) {
    // The other repository may be one that we may not read; what is really wrong shows when the blob is sent.
    if (error.code() == ErrorCode::unauthorized || error.code() == ErrorCode::network) return false;
    throw;
  }
}

}  // namespace gapstow::registry
