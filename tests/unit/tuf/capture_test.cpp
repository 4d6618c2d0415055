// Capturing whole repositories of TUF 1.0.
#include "gapstow/tuf/capture.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "gapstow/json/write.h"
#include "gapstow/tuf/dialect.h"
#include "support/error_of.h"
#include "support/tuf_updates.h"
#include "support/tuf_v1_repository.h"
#include "support/tuf_verify.h"

using namespace gapstow;
using base::ErrorCode;
using test::MapFetcher;
using test::TufRepository;

namespace {

const TufRepository& good() {
  static const TufRepository repository = TufRepository::standard();
  return repository;
}

std::optional<tuf::ChainFiles> captured(const std::map<std::string, base::Bytes>& served,
                                        const std::vector<base::Bytes>& known = {}) {
  MapFetcher fetcher(served);
  return tuf::capture(fetcher, known, 3);
}

tuf::VerifiedChain proven(const tuf::ChainFiles& files, const tuf::RootPin& pin) {
  return tuf::verify_chain(files, tuf::tuf_v1(), "tuf.test", {pin}, test::kWhen);
}

/// Publishes anew while it is read.
class MovingFetcher final : public tuf::MetadataFetcher {
 public:
  MovingFetcher(std::vector<std::map<std::string, base::Bytes>> states) : states_(std::move(states)) {}
  std::optional<base::Bytes> fetch(const std::string& file, std::uint64_t) override {
    if (file == "timestamp.json" && asked_++ > 0 && at_ + 1 < states_.size()) ++at_;
    const auto& now = states_[at_ + 1 < states_.size() && file != "timestamp.json" ? at_ + 1 : at_];
    const auto found = now.find(file);
    return found == now.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  std::vector<std::map<std::string, base::Bytes>> states_;
  std::size_t at_ = 0;
  unsigned asked_ = 0;
};

}  // namespace

TEST_CASE("a captured repository is the one that was served, byte for byte") {
  const auto built = good().build();
  const auto files = captured(good().served());
  REQUIRE(files);
  CHECK(files->roots == built.roots);
  CHECK(files->timestamp == built.timestamp);
  CHECK(files->snapshot == built.snapshot);
  CHECK(files->targets == built.targets);
  CHECK(proven(*files, good().pin()).find("app/1.0").role == "releases");
}

TEST_CASE("where there is no timestamp there is no repository") { CHECK_FALSE(captured({})); }

TEST_CASE("a file that others name and that is missing is said by name; a delegated one is left out") {
  auto served = good().served();
  served.erase("5.snapshot.json");
  REQUIRE_ERROR(chain_incomplete, captured(served));
  served = good().served();
  served.erase("3.targets.json");
  REQUIRE_ERROR(chain_incomplete, captured(served));
  served = good().served();
  served.erase("4.alice.json");
  const auto files = captured(served);
  REQUIRE(files);
  const auto chain = proven(*files, good().pin());
  CHECK(chain.absent_roles() == std::vector<std::string>{"alice"});
  CHECK(chain.find("app/1.0").role == "releases");
  CHECK(test::error_of([&] { chain.find("note"); }) == ErrorCode::chain_incomplete);
}

TEST_CASE("roots that were dropped are made up for by the one that is pinned") {
  auto served = good().served();
  const base::Bytes first = served.at("1.root.json");
  const base::Bytes second = served.at("2.root.json");
  served.erase("1.root.json");
  REQUIRE_ERROR(chain_incomplete, captured(served));
  const auto with_first = captured(served, {first});
  REQUIRE(with_first);
  CHECK(with_first->roots.size() == 2);
  CHECK_NOTHROW(proven(*with_first, tuf::RootFilePin{first}));

  served.erase("2.root.json");
  const auto with_second = captured(served, {second});
  REQUIRE(with_second);
  CHECK(with_second->roots.size() == 1);
  CHECK_NOTHROW(proven(*with_second, tuf::RootFilePin{second}));

  served["root.json"] = second;
  const auto by_plain_name = captured(served);
  REQUIRE(by_plain_name);
  CHECK(by_plain_name->roots.begin()->first == 2);
}

TEST_CASE("what does not have the promised hash is refused before anything is made of it") {
  auto served = good().served();
  served["4.releases.json"].push_back(std::byte{' '});
  const auto code = test::error_of([&] { captured(served); });
  REQUIRE(code);
  CHECK((*code == ErrorCode::digest_mismatch || *code == ErrorCode::limit_exceeded));
  served = good().served();
  served["5.snapshot.json"].back() = std::byte{'\n'};
  REQUIRE_ERROR(digest_mismatch, captured(served));
}

TEST_CASE("a repository without consistent snapshots is read by plain names") {
  TufRepository repository = TufRepository::standard();
  for (auto& [version, draft] : repository.roots) draft.body.set("consistent_snapshot", json::Value(false));
  const auto built = repository.build();
  std::map<std::string, base::Bytes> served{{"1.root.json", built.roots.at(1)},
                                            {"2.root.json", built.roots.at(2)},
                                            {"timestamp.json", built.timestamp},
                                            {"snapshot.json", built.snapshot}};
  for (const auto& [role, raw] : built.targets) served[role + ".json"] = raw;
  const auto files = captured(served);
  REQUIRE(files);
  CHECK(files->targets == built.targets);
}

TEST_CASE("a repository that is published anew meanwhile is read from the start") {
  TufRepository newer = good();
  newer.put("releases", "app/2.0", "two");
  newer.publish_again("releases");
  auto later = newer.served();
  MovingFetcher fetcher({good().served(), later});
  const auto files = tuf::capture(fetcher, {}, 1);
  REQUIRE(files);
  CHECK(files->timestamp == newer.build().timestamp);
  CHECK(proven(*files, good().pin()).find("app/2.0").role == "releases");
}

TEST_CASE("a repository without end is left at a limit") {
  class Endless final : public tuf::MetadataFetcher {
   public:
    explicit Endless(std::map<std::string, base::Bytes> served) : served_(std::move(served)) {}
    std::optional<base::Bytes> fetch(const std::string& file, std::uint64_t) override {
      if (file.ends_with(".root.json")) return served_.at("2.root.json");
      return served_.at(file);
    }

   private:
    std::map<std::string, base::Bytes> served_;
  };
  Endless fetcher(good().served());
  REQUIRE_ERROR(limit_exceeded, tuf::capture(fetcher, {}, 1));
}

TEST_CASE("roles of any name have a file of their own in a stored chain") {
  const auto& dialect = tuf::tuf_v1();
  const std::vector<std::string> roles{
      "releases",           "Releases", "a/b",  "a%2fb", "../x", ".hidden", "1.root",    "x.json",
      "\xC3\xA4",           "a b",      "a\\b", "?",     "#",    "sha256-", "TIMESTAMP", std::string(255, 'x'),
      std::string(254, 'x')};
  std::set<std::string> names;
  for (const auto& role : roles) {
    const std::string name = dialect.stored_name(role, 7);
    CAPTURE(role, name);
    CHECK(names.insert(name).second);
    CHECK(name.starts_with("roles/"));
    CHECK(name.size() < 120);
    CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.%/") == std::string::npos);
    CHECK(std::count(name.begin(), name.end(), '/') == 1);
    CHECK(name.find("/.") == std::string::npos);
  }
  CHECK(dialect.stored_name("root", 7) == "7.root.json");
  CHECK(dialect.stored_name("targets", 7) == "targets.json");
}

TEST_CASE("a tag is a target by its whole reference") {
  const auto& dialect = tuf::tuf_v1();
  CHECK(dialect.target_for("host:5000/a/b", "1.0") == "host:5000/a/b:1.0");
  CHECK(dialect.tag_of("host:5000/a/b", "host:5000/a/b:1.0") == "1.0");
  CHECK(dialect.tag_of("host:5000/a/b", "host:5000/a/bc:1.0").empty());
  CHECK(dialect.tag_of("host:5000/a/b", "host:5000/a/b").empty());
  CHECK(dialect.tag_of("host:5000/a/b", "host:5000/a/b:").empty());
  CHECK(dialect.tag_of("host:5000/a/b", "host:5000/a/b/c:1.0").empty());
}

TEST_CASE("a root that gives its own key the ID that is pinned is not the pinned one") {
  TufRepository repository = TufRepository::standard();
  const std::string pinned = good().keys.at("root").id;
  for (auto& [version, draft] : repository.roots) {
    const std::string own = repository.keys.at("root").id;
    test::edit(draft.body, {"keys"}, [&](json::Value& keys) {
      auto& object = *keys.get_if<json::Object>();
      object.set(pinned, json::Value(*object.find(own)));
    });
    test::set(draft.body, {"roles", "root", "keyids"}, json::Value(json::Array{json::Value(pinned)}));
    for (auto& signer : draft.signers) signer.id = pinned;
  }
  const auto files = repository.build();
  CHECK(test::error_of([&] { proven(files, tuf::KeyIdPin{pinned}); }) == ErrorCode::pin_mismatch);
  CHECK_NOTHROW(proven(files, tuf::SpkiPin{digest::sha256(repository.keys.at("root").key.spki()).hex()}));
}

TEST_CASE("a key may have further members, and its ID be made with them or without") {
  for (const bool with_all : {true, false}) {
    TufRepository repository = TufRepository::standard();
    const std::string own = repository.keys.at("root").id;
    std::string id = own;
    for (auto& [version, draft] : repository.roots) {
      test::edit(draft.body, {"keys"}, [&](json::Value& keys) {
        auto& object = *keys.get_if<json::Object>();
        json::Object key = *object.find(own)->get_if<json::Object>();
        key.set("x-keyowner", json::Value("@owner"));
        if (with_all) id = digest::sha256(base::as_bytes(json::canonical(json::Value(key)))).hex();
        object.set(id, json::Value(key));
      });
      test::set(draft.body, {"roles", "root", "keyids"}, json::Value(json::Array{json::Value(id)}));
      for (auto& signer : draft.signers) signer.id = id;
    }
    CAPTURE(with_all);
    CHECK_NOTHROW(proven(repository.build(), tuf::KeyIdPin{id}));
  }
}

TEST_CASE("a root file says itself of which dialect it is") {
  CHECK(&tuf::dialect_of_root(good().build().roots.at(1)) == &tuf::tuf_v1());
  CHECK(&tuf::dialect_of_root(test::NotaryRepository::standard().build().roots.at(1)) == &tuf::notary_v1());
  REQUIRE_ERROR(malformed, tuf::dialect_of_root(good().build().timestamp));
  REQUIRE_ERROR(malformed, tuf::dialect_of_root(base::as_bytes("{}")));
}
