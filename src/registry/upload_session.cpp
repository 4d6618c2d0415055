#include "upload_session.h"

#include <charconv>

#include "gapstow/base/error.h"
#include "location.h"
#include "transfer_headers.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;

std::uint64_t shortest_part_of(const Reply& reply) {
  const auto field = reply.headers.find("OCI-Chunk-Min-Length");
  std::uint64_t length = 0;
  if (field) std::from_chars(field->data(), field->data() + field->size(), length);
  return length;
}

}  // namespace

UploadSession::UploadSession(const Repository& repository, const digest::Digest& digest)
    : repository_(repository), digest_(digest), what_("blob " + digest.short_text() + " for " + repository.name()) {}

Call UploadSession::call(std::string method) const {
  Call call;
  call.method = std::move(method);
  call.target = location_;
  call.scope = "repository:" + repository_.path() + ":pull,push";
  return call;
}

void UploadSession::begin() {
  Call post = call("POST");
  post.target = "/v2/" + repository_.path() + "/blobs/uploads/";
  const Reply reply = repository_.server().send(post);
  if (reply.status != 202) refuse(reply, what_);
  const auto location = base::with_context(what_, [&] { return location_of(reply); });
  if (!location) throw Error(ErrorCode::network, what_ + ": the server begins an upload, but does not say where");
  location_ = *location;
  shortest_part_ = shortest_part_of(reply);
}

std::optional<std::uint64_t> UploadSession::take_up(const std::string& location) {
  location_ = location;
  try {
    const auto there = ask();
    if (!there) cancel();
    return there;
  } catch (const Error& error) {
    // A place of long ago: on a server that is gone, or one that knows us no more.
    if (error.code() == ErrorCode::interrupted) throw;
    return std::nullopt;
  }
}

std::optional<std::uint64_t> UploadSession::ask() {
  const Reply reply = repository_.server().send(call("GET"));
  if (reply.status != 204) return std::nullopt;
  follow(reply);
  return uploaded_bytes(reply.headers);
}

std::unique_ptr<Upload> UploadSession::send_part(std::uint64_t first, std::uint64_t length) {
  Call patch = call("PATCH");
  patch.headers.add("Content-Type", "application/octet-stream");
  patch.headers.add("Content-Range", std::to_string(first) + "-" + std::to_string(first + length - 1));
  return repository_.server().upload(patch, length);
}

bool UploadSession::follow(const Reply& reply) {
  auto location = base::with_context(what_, [&] { return location_of(reply); });
  if (!location || *location == location_) return false;
  location_ = std::move(*location);
  return true;
}

Reply UploadSession::close(base::Bytes rest) {
  Call put = call("PUT");
  put.target = with_parameter(location_, "digest", digest_.text());
  put.headers.add("Content-Type", "application/octet-stream");
  put.body = std::move(rest);
  return repository_.server().send(put);
}

void UploadSession::cancel() noexcept {
  try {
    repository_.server().send(call("DELETE"));
  } catch (const std::exception&) {
    // Registries clean up by themselves, later.
  }
}

}  // namespace gapstow::registry
