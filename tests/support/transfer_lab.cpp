#include "support/transfer_lab.h"

#include <algorithm>

#include "gapstow/base/atomic_file.h"
#include "gapstow/base/error.h"
#include "gapstow/bundle/layout.h"
#include "gapstow/bundle/writer.h"

namespace gapstow::test {

namespace {

FakeReply cut_off() {
  FakeReply cut;
  cut.cut_after = 0;
  return cut;
}

}  // namespace

LabRegistry::LabRegistry()
    : cut_(cut_off()),
      server_(
          [this](const FakeRequest& request) {
            try {
              return answer(request);
            } catch (const base::Error&) {
              return failure_status == 0 ? cut_off() : FakeReply{.status = failure_status};
            }
          },
          [this](const FakeRequest& head) -> std::optional<FakeReply> {
            const auto length = head.header("Content-Length");
            if (cuts_ == 0 || length.empty() || std::stoull(length) <= cut_.body_taken) return std::nullopt;
            --cuts_;
            return cut_;
          }) {}

/// As FakeRegistry::handle(), without its limit.
FakeReply LabRegistry::answer(const FakeRequest& request) {
  registry::Call call;
  call.method = request.method;
  call.target = request.target;
  call.headers = request.headers;
  call.body = base::to_bytes(request.body);
  call.limit = 1 << 30;
  const auto reply = registry_.send(call);
  FakeReply out;
  out.status = reply.status;
  out.headers = reply.headers.fields();
  out.body = base::as_text(reply.body);
  return out;
}

oci::ImageLocation LabRegistry::location(const std::string& name) const {
  return oci::parse_location("docker://" + host() + "/" + name);
}

void LabRegistry::cut_uploads(unsigned count, std::uint64_t after) {
  cut_.body_taken = after;
  cuts_ = count;
}

std::size_t LabRegistry::changes() const {
  const auto log = registry_.log();
  return static_cast<std::size_t>(std::ranges::count_if(
      log, [](const std::string& line) { return !line.starts_with("GET ") && !line.starts_with("HEAD "); }));
}

std::size_t LabRegistry::count(const std::string& line) const {
  const auto log = registry_.log();
  return static_cast<std::size_t>(std::ranges::count(log, line));
}

void LabRegistry::push(const std::string& path, const std::string& tag, const MadeImage& image) {
  for (const auto& [digest, bytes] : image.blobs()) {
    if (digest != image.root.digest) registry_.add_blob(path, bytes);
  }
  registry_.add_manifest(path, tag, image.manifest, image.root.media_type);
}

std::string LabRegistry::tag(const std::string& path, const std::string& name) {
  const auto& tags = registry_.at(path).tags;
  const auto found = tags.find(name);
  return found == tags.end() ? std::string() : found->second;
}

SignedRepository::SignedRepository(std::string gun) : gun_(std::move(gun)) {
  keys_.emplace("root", make_root_key(gun_));
  for (const auto* role : {"timestamp", "snapshot", "targets"}) keys_.emplace(role, make_ed25519_key());
}

SignedRepository& SignedRepository::sign(const std::string& tag, const std::string& manifest) {
  targets_[tag] = manifest;
  return *this;
}

tuf::ChainFiles SignedRepository::files(std::uint64_t version, const std::string& timestamp_expires) const {
  NotaryRepository made(gun_);
  std::map<std::string, TestRole> roles;
  for (const auto& [role, key] : keys_) roles[role] = {{key}, 1};
  made.add_root(1, roles);
  made.add_targets("targets", version, {keys_.at("targets")});
  for (const auto& [tag, manifest] : targets_) made.put("targets", tag, manifest);
  made.finish(version, {keys_.at("snapshot")}, {keys_.at("timestamp")});
  if (!timestamp_expires.empty()) set(made.timestamp.body, {"expires"}, json::Value(timestamp_expires));
  return made.build();
}

MadeImage make_large_image(const std::string& seed, std::size_t bytes) {
  MadeImage image;
  image.packed.push_back(seed);
  std::uint32_t state = 1;
  while (image.packed[0].size() < bytes) {
    state = state * 1664525 + 1013904223;
    image.packed[0].push_back(static_cast<char>(state >> 24));
  }
  image.config = R"({"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[")" +
                 digest_of(image.packed[0]).text() + R"("]}})";
  image.manifest = R"({"schemaVersion":2,"mediaType":")" + std::string(oci::kOciManifest) + R"(","config":)" +
                   descriptor_json(descriptor_of(image.config, "application/vnd.oci.image.config.v1+json")) +
                   R"(,"layers":[)" +
                   descriptor_json(descriptor_of(image.packed[0], "application/vnd.oci.image.layer.v1.tar")) + "]}";
  image.root = descriptor_of(image.manifest, oci::kOciManifest);
  return image;
}

std::optional<transfer::FoundChain> GivenChains::load(const std::string& gun, const Pins&) {
  ++asked[gun];
  if (before) before(gun);
  const auto found = chains.find(gun);
  if (found == chains.end()) return std::nullopt;
  return transfer::FoundChain{found->second, &tuf::notary_v1(), "given", nullptr};
}

registry::Settings lab_settings(unsigned retries) {
  registry::Settings settings;
  settings.plain_http = true;
  settings.timeout = std::chrono::seconds(5);
  settings.first_pause = std::chrono::milliseconds(1);
  settings.auth_file = "/dev/null";
  settings.retries = retries;
  return settings;
}

void Lab::pin(const SignedRepository& repository) {
  store.roots.push_back(
      {trust::Pattern::parse(repository.gun()), trust::RootEntry::Kind::key_id, repository.root_key()});
}

void Lab::serve(const SignedRepository& repository, std::uint64_t version, const std::string& timestamp_expires) {
  const bool pinned = !store.pins_for(repository.gun()).empty();
  if (!pinned) pin(repository);
  chains->chains[repository.gun()] = repository.files(version, timestamp_expires);
}

transfer::PackRequest Lab::request() {
  transfer::PackRequest request;
  request.store = &store;
  request.network = &network;
  request.sealed_at = clock.now();
  request.tool = "gapstow test";
  request.signers.push_back(&signer);
  return request;
}

transfer::PackRequest Lab::request(const oci::ImageLocation& location, const std::string& name) {
  auto made = request();
  made.images.push_back({location, name, false});
  made.chains.push_back(chains);
  return made;
}

transfer::PackRequest Lab::unproven(const oci::ImageLocation& location, const std::string& name) {
  auto made = request();
  made.images.push_back({location, name, false});
  made.without_chain = true;
  if (store.rules.empty()) {
    trust::Rule rule;
    rule.pattern = trust::Pattern::parse("*");
    rule.chain_required = false;
    store.rules.push_back(rule);
  }
  return made;
}

transfer::Outcome Lab::verify(trust::State* state, trust::RunPolicy policy) {
  base::MemorySource nothing({});
  const auto input = transfer::open_bundle(fs, {bundle}, nothing);
  return transfer::verify(*input, {store, policy, std::nullopt, ""}, state, around());
}

transfer::Outcome Lab::import(oci::ImageDestination& destination, const transfer::ImportOptions& options,
                              const std::string& reason) {
  base::MemorySource nothing({});
  const auto input = transfer::open_bundle(fs, {bundle}, nothing);
  return transfer::import(*input, {store, {}, std::nullopt, reason}, destination, options, state_path, around());
}

transfer::Outcome Lab::import(LabRegistry& to, const transfer::ImportOptions& options) {
  return import(*destination(to, options.keep_going), options);
}

transfer::ImportOptions Lab::into(const LabRegistry& to, const std::string& prefix,
                                  std::vector<transfer::RenameRule> rules) const {
  transfer::ImportOptions options;
  options.names = transfer::Renaming(to.host(), prefix, std::move(rules));
  return options;
}

std::unique_ptr<oci::ImageDestination> Lab::destination(LabRegistry& to, bool keep_going, unsigned restarts) {
  registry::DestinationOptions options;
  options.keep_going = keep_going;
  options.restarts = restarts;
  return registry::make_destination(network, to.host(), options);
}

transfer::Outcome Lab::copy(const transfer::PackRequest& request, LabRegistry& to,
                            const transfer::ImportOptions& options, const std::string& reason) {
  return transfer::copy(request, *destination(to, options.keep_going), options, reason, state_path, around());
}

void Lab::forge(const std::function<void(bundle::Statement&)>& change) {
  const auto bytes = base::read_file(fs, bundle, 1 << 28);
  base::MemorySource front(bytes);
  auto statement = bundle::read_seal(front).claimed();
  std::map<std::string, base::Bytes> contents;
  const auto layout = bundle::lay_out(statement);
  for (std::size_t i = 0; i < statement.entries.size(); ++i) {
    const auto from = base::ByteView(bytes).subspan(layout.entries[i].content, statement.entries[i].size);
    contents[statement.entries[i].name] = base::to_bytes(from);
  }
  change(statement);
  const auto seal = bundle::Seal::make(statement, {&signer});
  base::MemorySink out;
  bundle::write_stream(
      seal,
      [&](std::size_t i) { return std::make_unique<base::MemorySource>(contents.at(seal.claimed().entries[i].name)); },
      out, {});
  base::write_file(fs, bundle, out.bytes());
}

std::vector<trust::HistoryRecord> Lab::history() {
  const auto state = trust::State::open_existing(state_path);
  return state ? state->history(100) : std::vector<trust::HistoryRecord>{};
}

}  // namespace gapstow::test
