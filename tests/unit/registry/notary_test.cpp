// A chain is read from a Notary server whole, byte for byte, and of one publication.
#include "gapstow/registry/notary.h"

#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <mutex>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/digest/digest.h"
#include "gapstow/tuf/dialect.h"
#include "support/error_of.h"
#include "support/tuf_samples.h"

namespace gapstow::registry {
namespace {

constexpr std::string_view kUnknown =
    R"({"errors":[{"code":"METADATA_NOT_FOUND","message":"You have requested metadata that does not exist.","detail":{}}]})";

Reply reply_of(int status, std::string_view body) {
  Reply reply;
  reply.status = status;
  reply.body = base::to_bytes(body);
  return reply;
}

/// A Notary server in memory: files by name below one repository.
class ServedChain final : public Server {
 public:
  ServedChain() = default;
  explicit ServedChain(const tuf::ChainFiles& files) { publish(files); }

  /// Everything under the names that a Notary server knows; files published before stay under their checksums.
  void publish(const tuf::ChainFiles& files) {
    for (const auto& [version, root] : files.roots) put(std::to_string(version) + ".root.json", root);
    put_role("root", files.roots.rbegin()->second);
    put_role("snapshot", files.snapshot);
    for (const auto& [role, bytes] : files.targets) put_role(role, bytes);
    put("timestamp.json", files.timestamp);
  }
  void put(const std::string& file, base::Bytes bytes) { files_[file] = std::move(bytes); }
  void drop(const std::string& file) { files_.erase(file); }
  void drop_checksums() {
    std::erase_if(files_, [](const auto& each) { return each.first.size() > 64; });
  }

  Reply send(const Call& call) override {
    const std::lock_guard lock(mutex_);
    calls.push_back(call);
    if (!call.target.starts_with(folder)) return reply_of(404, kUnknown);
    const auto file = call.target.substr(folder.size());
    if (before) before(file);
    if (const auto other = others.find(file); other != others.end()) return other->second;
    const auto found = files_.find(file);
    if (found == files_.end()) return reply_of(404, kUnknown);
    if (found->second.size() > call.limit) throw base::Error(base::ErrorCode::limit_exceeded, "too long");
    return reply_of(200, base::as_text(found->second));
  }
  std::unique_ptr<Download> download(const Call&) override {
    throw base::Error(base::ErrorCode::internal, "no streams");
  }
  std::unique_ptr<Upload> upload(const Call&, std::uint64_t) override {
    throw base::Error(base::ErrorCode::internal, "no uploads");
  }
  const std::string& host() const override { return host_; }

  bool was_asked(const std::string& file) const {
    return std::ranges::any_of(calls, [&](const auto& call) { return call.target == folder + file; });
  }

  std::string folder = "/v2/localhost:5000/lab/app/_trust/tuf/";
  std::vector<Call> calls;
  std::map<std::string, Reply> others;                  ///< answered instead of what is there
  std::function<void(const std::string& file)> before;  ///< called with each file that is asked for

 private:
  void put_role(const std::string& role, const base::Bytes& bytes) {
    put(role + ".json", bytes);
    put(role + "." + digest::sha256(bytes).hex() + ".json", bytes);
  }

  std::string host_ = "notary.test";
  std::mutex mutex_;
  std::map<std::string, base::Bytes> files_;
};

std::string checksum_name(const std::string& role, const base::Bytes& bytes) {
  return role + "." + digest::sha256(bytes).hex() + ".json";
}

bool same(const tuf::ChainFiles& a, const tuf::ChainFiles& b) {
  return a.roots == b.roots && a.timestamp == b.timestamp && a.snapshot == b.snapshot && a.targets == b.targets;
}

tuf::ChainFiles fetched(ServedChain& server) {
  auto files = fetch_notary_chain(server, test::kSampleGun);
  REQUIRE(files);
  return *std::move(files);
}

#define REQUIRE_FETCH_ERROR(expected, server) REQUIRE_ERROR(expected, fetch_notary_chain(server, test::kSampleGun))

}  // namespace

TEST_CASE("A chain is read whole: every role and every root version, byte for byte") {
  for (const auto* name : {"dct-delegated", "dct-rotated"}) {
    const auto files = test::sample_files(name);
    ServedChain server(files);
    CHECK(same(fetched(server), files));
  }
}

TEST_CASE("Roles are asked for by their checksums, within limits, with the scope of the whole name") {
  const auto files = test::sample_files("dct-rotated");
  ServedChain server(files);
  fetched(server);
  CHECK(server.was_asked(checksum_name("snapshot", files.snapshot)));
  CHECK(server.was_asked(checksum_name("root", files.roots.rbegin()->second)));
  CHECK(server.was_asked(checksum_name("targets/releases", files.targets.at("targets/releases"))));
  CHECK_FALSE(server.was_asked("snapshot.json"));
  for (const auto& call : server.calls) {
    CHECK(call.method == "GET");
    CHECK(call.scope == "repository:localhost:5000/lab/app:pull");
    CHECK(call.limit <= tuf::kMaxTargetsBytes);
  }
  CHECK(server.calls.front().limit == tuf::kMaxTimestampBytes);
}

TEST_CASE("A repository that the server does not know has no chain") {
  ServedChain server;
  CHECK_FALSE(fetch_notary_chain(server, test::kSampleGun));
  CHECK(server.calls.size() == 1);
}

TEST_CASE("A server that is none of Notary's is not taken for one that has no chain") {
  ServedChain server;
  for (const auto* page :
       {"", "<html>404</html>", R"({"errors":[{"code":"NAME_UNKNOWN"}]})", R"({"errors":{}})", "[]"}) {
    server.others["timestamp.json"] = reply_of(404, page);
    CHECK(test::error_of([&] { fetch_notary_chain(server, test::kSampleGun); }) == base::ErrorCode::not_found);
  }
  server.others["timestamp.json"] = reply_of(200, "<html>welcome</html>");
  REQUIRE_FETCH_ERROR(malformed, server);
}

TEST_CASE("A server that fails or refuses is not a server without the file") {
  const auto files = test::sample_files("dct-rotated");
  const auto snapshot = checksum_name("snapshot", files.snapshot);
  for (const auto& file : {std::string("timestamp.json"), snapshot, std::string("2.root.json")}) {
    ServedChain server(files);
    server.others[file] = reply_of(500, "");
    REQUIRE_FETCH_ERROR(network, server);
    server.others[file] = reply_of(403, "");
    REQUIRE_FETCH_ERROR(unauthorized, server);
  }
}

TEST_CASE("Plain names serve where a server knows no checksums") {
  const auto files = test::sample_files("dct-rotated");
  ServedChain server(files);
  server.drop_checksums();
  CHECK(same(fetched(server), files));
}

TEST_CASE("What is not what was promised is refused, under whichever name") {
  const auto files = test::sample_files("dct-delegated");
  const auto& releases = files.targets.at("targets/releases");
  auto changed = releases;
  changed[100] ^= std::byte{1};
  auto longer = releases;
  longer.push_back(std::byte{' '});
  for (const auto& wrong : {changed, longer, base::Bytes{}}) {
    ServedChain by_checksum(files);
    by_checksum.put(checksum_name("targets/releases", releases), wrong);
    REQUIRE_FETCH_ERROR(digest_mismatch, by_checksum);
    ServedChain by_name(files);
    by_name.drop_checksums();
    by_name.put("targets/releases.json", wrong);
    REQUIRE_FETCH_ERROR(digest_mismatch, by_name);
  }
}

TEST_CASE("Each file that others name must be there") {
  const auto files = test::sample_files("dct-delegated");
  for (const auto* role : {"snapshot", "root", "targets", "targets/alice", "targets/releases"}) {
    ServedChain server(files);
    server.drop_checksums();
    server.drop(std::string(role) + ".json");
    CHECK(test::error_of([&] { fetch_notary_chain(server, test::kSampleGun); }) == base::ErrorCode::chain_incomplete);
  }
}

TEST_CASE("The oldest roots may be gone, one in between may not") {
  const auto files = test::sample_files("dct-rotated");
  ServedChain server(files);
  server.drop("1.root.json");
  server.drop("2.root.json");
  auto expected = files;
  expected.roots.erase(1);
  expected.roots.erase(2);
  CHECK(same(fetched(server), expected));
  server.drop("4.root.json");
  REQUIRE_FETCH_ERROR(chain_incomplete, server);

  ServedChain latest_only(files);
  for (int version = 1; version <= 6; ++version) latest_only.drop(std::to_string(version) + ".root.json");
  CHECK(fetched(latest_only).roots.size() == 1);
}

TEST_CASE("Files beyond the limits of their kind are refused") {
  const auto files = test::sample_files("dct-delegated");
  ServedChain server(files);
  server.put("timestamp.json", base::Bytes(tuf::kMaxTimestampBytes + 1, std::byte{' '}));
  REQUIRE_FETCH_ERROR(limit_exceeded, server);
  ServedChain root(files);
  root.put(checksum_name("root", files.roots.at(1)), base::Bytes(tuf::kMaxRootBytes + 1, std::byte{' '}));
  REQUIRE_FETCH_ERROR(limit_exceeded, root);
}

TEST_CASE("A repository that is published anew while it is read is read from the start") {
  const auto old = test::sample_files("dct-delegated");
  const auto now = test::sample_files("dct-rotated");
  ServedChain server(old);
  bool published = false;
  const auto publish_once = [&](const std::string& file) {
    if (published || file == "timestamp.json") return;
    published = true;
    server.publish(now);
  };
  SECTION("and the old files are gone") {
    server.drop_checksums();
    server.before = publish_once;
    CHECK(same(fetched(server), now));
  }
  SECTION("and the old files are still there by their checksums") {
    server.before = publish_once;
    CHECK(same(fetched(server), old));
  }
}

TEST_CASE("A repository that never comes to rest is given up") {
  const auto old = test::sample_files("dct-delegated");
  const auto now = test::sample_files("dct-rotated");
  ServedChain server(old);
  server.drop_checksums();
  std::size_t round = 0;
  server.before = [&](const std::string& file) {
    if (file == "timestamp.json") ++round;
    server.put("timestamp.json", round % 2 == 0 ? old.timestamp : now.timestamp);
    server.put("snapshot.json", round % 2 == 0 ? now.snapshot : old.snapshot);
  };
  server.drop_checksums();
  REQUIRE_FETCH_ERROR(digest_mismatch, server);
  CHECK(server.calls.size() < 30);
}

TEST_CASE("Names of repositories are encoded, and never lead elsewhere") {
  for (const auto* gun : {"", "/", "a//b", "a/", "/a", "a/../b", "..", "a/./b", "a b", "a\nb", "a\x7f"}) {
    ServedChain server;
    CHECK(test::error_of([&] { fetch_notary_chain(server, gun); }) == base::ErrorCode::invalid_reference);
    CHECK(server.calls.empty());
  }
  ServedChain long_name;
  REQUIRE_ERROR(invalid_reference, fetch_notary_chain(long_name, std::string(kMaxGunBytes + 1, 'a')));

  ServedChain server;
  CHECK_FALSE(fetch_notary_chain(server, "host:5000/a?b#c%2f/Ä&d"));
  CHECK(server.calls.at(0).target == "/v2/host:5000/a%3Fb%23c%252f/%C3%84%26d/_trust/tuf/timestamp.json");
}

}  // namespace gapstow::registry
