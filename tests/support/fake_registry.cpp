#include "support/fake_registry.h"

#include <algorithm>
#include <set>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "gapstow/json/write.h"
#include "gapstow/oci/manifest.h"
#include "support/oci_maker.h"

namespace gapstow::test {

using base::Error;
using base::ErrorCode;
using registry::Call;
using registry::Reply;

namespace {

Reply reply(int status, std::vector<std::pair<std::string, std::string>> headers = {}, const std::string& body = {}) {
  Reply reply;
  reply.status = status;
  for (auto& [name, value] : headers) reply.headers.add(std::move(name), std::move(value));
  reply.body = base::to_bytes(body);
  return reply;
}

Reply refusal(int status, const std::string& code) {
  return reply(status, {{"Content-Type", "application/json"}},
               R"({"errors":[{"code":")" + code + R"(","message":"no"}]})");
}

[[noreturn]] void cut() { throw Error(ErrorCode::network, "the connection was cut"); }

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

/// "/v2/team/app/blobs/uploads/7?digest=…" in parts.
struct FakeRegistry::Target {
  std::string path;  ///< of the repository
  std::string kind;  ///< "manifests", "blobs", "uploads", "tags", "referrers"
  std::string name;  ///< the rest
  std::map<std::string, std::string> query;

  explicit Target(std::string_view text) {
    if (const auto scheme = text.find("://"); scheme != std::string_view::npos) {
      text.remove_prefix(text.find('/', scheme + 3));
    }
    const auto mark = text.find('?');
    if (mark != std::string_view::npos) {
      for (const auto part : base::split(text.substr(mark + 1), '&')) {
        const auto equals = part.find('=');
        query[std::string(part.substr(0, equals))] = decoded(part.substr(equals + 1));
      }
      text = text.substr(0, mark);
    }
    for (const std::string_view word : {"/blobs/uploads/", "/manifests/", "/blobs/", "/tags/", "/referrers/"}) {
      const auto at = text.find(word);
      if (at == std::string_view::npos || !text.starts_with("/v2/")) continue;
      path = text.substr(4, at - 4);
      kind = word == "/blobs/uploads/" ? "uploads" : word.substr(1, word.size() - 2);
      name = text.substr(at + word.size());
      return;
    }
  }
};

class FakeRegistry::FakeDownload final : public registry::Download {
 public:
  FakeDownload(Reply reply, std::optional<std::uint64_t> cut_after)
      : reply_(std::move(reply)), body_(std::move(reply_.body)), cut_after_(cut_after) {
    reply_.body.clear();
  }
  const Reply& reply() const override { return reply_; }
  std::size_t read(std::span<std::byte> out) override {
    if (cut_after_ && at_ >= *cut_after_) cut();
    std::size_t count = std::min(out.size(), body_.size() - at_);
    if (cut_after_) count = std::min<std::uint64_t>(count, *cut_after_ - at_);
    std::copy_n(body_.begin() + static_cast<std::ptrdiff_t>(at_), count, out.begin());
    at_ += count;
    return count;
  }

 private:
  Reply reply_;
  base::Bytes body_;
  std::optional<std::uint64_t> cut_after_;
  std::size_t at_ = 0;
};

class FakeRegistry::FakeUpload final : public registry::Upload {
 public:
  FakeUpload(FakeRegistry& registry, Call call, std::uint64_t length)
      : registry_(registry), call_(std::move(call)), length_(length) {}

  bool write(base::ByteView bytes) override {
    if (length_ > registry_.faults.largest_request) return false;
    const auto limit = registry_.faults.upload_cut;
    const auto room = limit ? *limit - std::min<std::uint64_t>(*limit, body_.size()) : bytes.size();
    body_ += base::as_text(bytes.first(std::min<std::uint64_t>(room, bytes.size())));
    if (!limit || body_.size() < *limit || body_.size() == length_) return true;
    lose();
  }

  Reply take_reply() override {
    if (length_ <= registry_.faults.largest_request && body_.size() != length_) {
      throw Error(ErrorCode::internal, "a body of another length than announced");
    }
    const std::lock_guard lock(registry_.mutex_);
    if (length_ > registry_.faults.largest_request) return refusal(registry_.faults.too_large, "SIZE_INVALID");
    return registry_.answer(call_, body_);
  }

 private:
  [[noreturn]] void lose() {
    const std::lock_guard lock(registry_.mutex_);
    const auto found = registry_.uploads_.find(Target(call_.target).name);
    if (found == registry_.uploads_.end()) cut();
    if (registry_.faults.forgets_uploads) found->second.lost = true;
    found->second.bytes +=
        body_.substr(0, body_.size() - std::min<std::size_t>(body_.size(), registry_.faults.upload_lost));
    cut();
  }

  FakeRegistry& registry_;
  Call call_;
  std::uint64_t length_;
  std::string body_;
};

void FakeRegistry::begin_call(const Call& call) {
  const std::string_view target = call.target;
  std::string path(target.substr(0, target.find('?')));
  if (const auto scheme = path.find("://"); scheme != std::string::npos) path = path.substr(path.find('/', scheme + 3));
  log_.push_back(call.method + " " + path);
  if (++calls_ == faults.fail_call) cut();
}

Reply FakeRegistry::send(const Call& call) {
  const std::lock_guard lock(mutex_);
  begin_call(call);
  Reply result;
  if (call.body.size() > faults.largest_request) {
    result = refusal(faults.too_large, "SIZE_INVALID");
  } else {
    result = answer(call, std::string(base::as_text(call.body)));
  }
  if (result.body.size() > call.limit) throw Error(ErrorCode::limit_exceeded, "the reply is too long");
  return result;
}

std::unique_ptr<registry::Download> FakeRegistry::download(const Call& call) {
  const std::lock_guard lock(mutex_);
  begin_call(call);
  return std::make_unique<FakeDownload>(answer(call, {}), faults.download_cut);
}

std::unique_ptr<registry::Upload> FakeRegistry::upload(const Call& call, std::uint64_t length) {
  const std::lock_guard lock(mutex_);
  begin_call(call);
  return std::make_unique<FakeUpload>(*this, call, length);
}

FakeReply FakeRegistry::handle(const FakeRequest& request) {
  Call call;
  call.method = request.method;
  call.target = request.target;
  call.headers = request.headers;
  call.body = base::to_bytes(request.body);
  const Reply result = send(call);
  FakeReply out;
  out.status = result.status;
  out.headers = result.headers.fields();
  out.body = base::as_text(result.body);
  return out;
}

Reply FakeRegistry::answer(const Call& call, const std::string& body) {
  std::optional<Reply> result;
  if (faults.instead) result = faults.instead(call);
  if (!result) {
    const Target target(call.target);
    if (target.kind == "manifests") {
      result = answer_manifest(call, target, body);
    } else if (target.kind == "blobs") {
      result = answer_blob(call, target);
    } else if (target.kind == "uploads") {
      result = answer_upload(call, target, body);
    } else if (target.kind == "tags") {
      result = answer_tags(target);
    } else if (target.kind == "referrers" && !faults.no_referrers_api) {
      result = answer_referrers(target);
    } else {
      result = refusal(404, "NOT_FOUND");
    }
  }
  if (result->url.empty()) {
    result->url = call.target.starts_with('/') ? "http://" + host_ + call.target : call.target;
  }
  if (call.method == "HEAD") {
    if (faults.no_head)
      return [&] {
        Reply none = reply(405);
        none.url = result->url;
        return none;
      }();
    result->body.clear();
  }
  return std::move(*result);
}

Reply FakeRegistry::answer_manifest(const Call& call, const Target& target, const std::string& body) {
  if (call.method == "PUT") return put_manifest(target, call.headers.find("Content-Type").value_or(""), body);
  const auto& repository = repositories_[target.path];
  const auto tag = repository.tags.find(target.name);
  const auto found = repository.manifests.find(tag == repository.tags.end() ? target.name : tag->second);
  if (found == repository.manifests.end()) return refusal(404, "MANIFEST_UNKNOWN");
  std::vector<std::pair<std::string, std::string>> headers{
      {"Content-Type", found->second.media_type}, {"Content-Length", std::to_string(found->second.bytes.size())}};
  if (!faults.no_digest_header) headers.emplace_back("Docker-Content-Digest", found->first);
  return reply(200, headers, found->second.bytes);
}

bool FakeRegistry::knows_children(const Repository& repository, const std::string& bytes,
                                  const std::string& media_type) const {
  const auto document = oci::parse_manifest(base::as_bytes(bytes), media_type);
  if (const auto* index = std::get_if<oci::Index>(&document)) {
    return faults.lacks_child_check || std::ranges::all_of(index->manifests, [&](const auto& child) {
             return repository.manifests.contains(child.digest.text());
           });
  }
  const auto& manifest = std::get<oci::Manifest>(document);
  return repository.blobs.contains(manifest.config.digest.text()) &&
         std::ranges::all_of(manifest.layers,
                             [&](const auto& layer) { return repository.blobs.contains(layer.digest.text()); });
}

Reply FakeRegistry::put_manifest(const Target& target, const std::string& media_type, const std::string& body) {
  auto& repository = repositories_[target.path];
  if (!knows_children(repository, body, media_type)) return refusal(400, "MANIFEST_BLOB_UNKNOWN");
  const std::string digest = digest_of(body).text();
  if (target.name.find(':') != std::string::npos && target.name != digest) return refusal(400, "DIGEST_INVALID");
  repository.manifests[digest] = {media_type, body};
  if (target.name != digest) repository.tags[target.name] = digest;
  return reply(201, {{"Docker-Content-Digest", digest}});
}

Reply FakeRegistry::answer_blob(const Call& call, const Target& target) {
  const auto& blobs = repositories_[target.path].blobs;
  const auto found = blobs.find(target.name);
  if (found == blobs.end()) return refusal(404, "BLOB_UNKNOWN");
  const std::string& bytes = found->second;
  const auto range = call.headers.find("Range");
  if (!range || faults.no_ranges) return reply(200, {{"Content-Length", std::to_string(bytes.size())}}, bytes);
  const std::size_t first = std::stoull(range->substr(range->find('=') + 1));
  if (first >= bytes.size()) return refusal(416, "RANGE_INVALID");
  return reply(206,
               {{"Content-Range", "bytes " + std::to_string(first) + "-" + std::to_string(bytes.size() - 1) + "/" +
                                      std::to_string(bytes.size())}},
               bytes.substr(first));
}

/// Every step of an upload is at another place, as in docker-registry, whose locations hold its state.
std::string FakeRegistry::location(const std::string& id) const {
  const Session& session = uploads_.at(id);
  return "/v2/" + session.path + "/blobs/uploads/" + id + "?_state=" + std::to_string(session.step);
}

Reply FakeRegistry::begin_upload(const Target& target) {
  const auto mount = target.query.find("mount");
  if (mount != target.query.end() && !faults.no_mounts) {
    const auto& blobs = repositories_[target.query.at("from")].blobs;
    if (const auto blob = blobs.find(mount->second); blob != blobs.end()) {
      repositories_[target.path].blobs.insert(*blob);
      return reply(201, {{"Location", "/v2/" + target.path + "/blobs/" + mount->second}});
    }
  }
  const std::string id = std::to_string(++next_upload_);
  uploads_[id].path = target.path;
  auto begun = reply(202, {{"Location", location(id)}});
  if (faults.shortest_part > 0) begun.headers.add("OCI-Chunk-Min-Length", std::to_string(faults.shortest_part));
  return begun;
}

Reply FakeRegistry::answer_upload(const Call& call, const Target& target, const std::string& body) {
  if (call.method == "POST") return begin_upload(target);
  const auto found = uploads_.find(target.name);
  if (found == uploads_.end() || found->second.path != target.path) return refusal(404, "BLOB_UPLOAD_UNKNOWN");
  Session& session = found->second;
  if (session.lost || target.query.at("_state") != std::to_string(session.step)) {
    uploads_.erase(found);
    return refusal(416, "BLOB_UPLOAD_INVALID");
  }
  if (call.method == "DELETE") {
    uploads_.erase(found);
    return reply(204);
  }
  if (call.method == "PATCH") {
    const auto range = call.headers.find("Content-Range").value_or("0-");
    if (range.substr(0, range.find('-')) != std::to_string(session.bytes.size())) return refusal(416, "RANGE_INVALID");
  }
  session.bytes += body;
  if (call.method == "PUT") return end_upload(target, session);
  if (!body.empty()) ++session.step;
  auto state = reply(call.method == "GET" ? 204 : 202, {{"Location", location(target.name)}});
  if (!session.bytes.empty()) state.headers.add("Range", "0-" + std::to_string(session.bytes.size() - 1));
  return state;
}

Reply FakeRegistry::end_upload(const Target& target, Session& session) {
  const std::string bytes = std::move(session.bytes);
  uploads_.erase(target.name);
  const auto digest = digest::Digest::parse(target.query.at("digest"));
  try {
    digest::check_bytes(base::as_bytes(bytes), bytes.size(), digest);
  } catch (const Error&) {
    return refusal(400, "DIGEST_INVALID");
  }
  repositories_[target.path].blobs[digest.text()] = bytes;
  return reply(201, {{"Docker-Content-Digest", digest.text()}});
}

Reply FakeRegistry::answer_tags(const Target& target) {
  const auto& repository = repositories_[target.path];
  if (repository.manifests.empty()) return refusal(404, "NAME_UNKNOWN");
  const auto last = target.query.find("last");
  auto at = last == target.query.end() ? repository.tags.begin() : repository.tags.upper_bound(last->second);
  json::Array tags;
  for (; at != repository.tags.end() && tags.size() < faults.page; ++at) tags.emplace_back(at->first);
  auto list = reply(200);
  if (at != repository.tags.end()) {
    list.headers.add(
        "Link", "</v2/" + target.path + "/tags/list?last=" + *tags.back().get_if<std::string>() + ">; rel=\"next\"");
  }
  list.body = base::to_bytes(json::serialize(json::Object{{"name", target.path}, {"tags", tags}}));
  return list;
}

Reply FakeRegistry::answer_referrers(const Target& target) {
  std::vector<json::Value> entries;
  for (const auto& [digest, manifest] : repositories_[target.path].manifests) {
    const json::Value value = json::parse(base::as_bytes(manifest.bytes));
    const json::Cursor at(value);
    const auto subject = at.maybe("subject");
    if (!subject || subject->at("digest").string() != target.name) continue;
    json::Object entry = oci::write_descriptor(descriptor_of(manifest.bytes, manifest.media_type));
    if (const auto type = at.maybe("artifactType")) entry.set("artifactType", type->value());
    entries.emplace_back(entry);
  }
  const std::size_t from = target.query.contains("from") ? std::stoull(target.query.at("from")) : 0;
  const std::size_t to = std::min(entries.size(), from + faults.page);
  json::Array page(entries.begin() + static_cast<std::ptrdiff_t>(std::min(from, to)),
                   entries.begin() + static_cast<std::ptrdiff_t>(to));
  auto list = reply(200, {{"Content-Type", std::string(oci::kOciIndex)}});
  if (to < entries.size()) {
    list.headers.add(
        "Link", "</v2/" + target.path + "/referrers/" + target.name + "?from=" + std::to_string(to) + ">; rel=next");
  }
  list.body = base::to_bytes(
      json::serialize(json::Object{{"schemaVersion", 2}, {"mediaType", oci::kOciIndex}, {"manifests", page}}));
  return list;
}

bool FakeRegistry::has_blob(const std::string& path, const digest::Digest& digest) {
  return repositories_[path].blobs.contains(digest.text());
}

oci::Descriptor FakeRegistry::add_manifest(const std::string& path, const std::string& tag, const std::string& bytes,
                                           std::string_view media_type) {
  auto descriptor = descriptor_of(bytes, media_type);
  repositories_[path].manifests[descriptor.digest.text()] = {std::string(media_type), bytes};
  if (!tag.empty()) repositories_[path].tags[tag] = descriptor.digest.text();
  return descriptor;
}

oci::Descriptor FakeRegistry::add_blob(const std::string& path, const std::string& bytes) {
  auto descriptor = descriptor_of(bytes, "application/octet-stream");
  repositories_[path].blobs[descriptor.digest.text()] = bytes;
  return descriptor;
}

std::vector<std::string> FakeRegistry::tags() const {
  std::vector<std::string> all;
  for (const auto& [path, repository] : repositories_) {
    for (const auto& [tag, digest] : repository.tags) all.push_back(path + ":" + tag);
  }
  return all;
}

std::vector<std::string> FakeRegistry::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

void FakeRegistry::clear_log() {
  const std::lock_guard lock(mutex_);
  log_.clear();
  calls_ = 0;
}

std::size_t FakeRegistry::count(const std::string& method) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(log_, [&](const std::string& line) { return line.starts_with(method + " "); }));
}

}  // namespace gapstow::test
