#include "gapstow/serve/notary_routes.h"

#include <catch2/catch.hpp>

#include "support/serve_world.h"

namespace gapstow::test {
namespace {

serve::Response ask(ServeWorld& world, const std::string& target, const std::string& method = "GET") {
  serve::Response answer;
  serve::NotaryRoutes(*world.cell)
      .answer(std::make_shared<const serve::Request>(request_for(target, method)),
              [&](serve::Response response) { answer = std::move(response); });
  return answer;
}

std::string file(ServeWorld& world, const std::string& name) {
  const auto answer = ask(world, "/v2/localhost:5000/lab/app/_trust/tuf/" + name);
  return answer.status == 200 ? body_of(answer) : std::to_string(answer.status);
}

std::string original(const std::string& name) {
  base::SystemFs fs;
  return std::string(base::as_text(base::read_file(fs, kSamples + "/chains/dct-delegated/" + name, 1 << 20)));
}

}  // namespace

TEST_CASE("every file of a chain is given under each of its names, with the original bytes") {
  ServeWorld world;
  for (const std::string role : {"timestamp", "snapshot", "targets", "targets/releases", "targets/alice"}) {
    INFO(role);
    const std::string bytes = file(world, role + ".json");
    CHECK(bytes == original(role + ".json"));
    CHECK(file(world, role + "." + digest::sha256(base::as_bytes(bytes)).hex() + ".json") == bytes);
    CHECK(file(world, role + "." + digest::sha512(base::as_bytes(bytes)).hex() + ".json") == bytes);
    CHECK(file(world, role + "." + std::string(64, 'a') + ".json") == "404");
    CHECK(file(world, role + "." + std::string(96, 'a') + ".json") == "404");
  }
  const std::string first = file(world, "1.root.json");
  CHECK(first == original("1.root.json"));
  CHECK(file(world, "root." + digest::sha256(base::as_bytes(first)).hex() + ".json") == first);
  CHECK(file(world, "root.json").front() == '{');
}

TEST_CASE("files of the version that is there are given by its number too") {
  ServeWorld world;
  for (const auto& role : world.cell->get()->bundles.front()->outcome().chains.front().roles) {
    INFO(role.name);
    CHECK(file(world, std::to_string(role.version) + "." + role.name + ".json") == file(world, role.name + ".json"));
    CHECK(file(world, std::to_string(role.version + 1) + "." + role.name + ".json") == "404");
  }
  const std::string chain = "/v2/localhost:5000/lab/app/_trust/tuf/";
  CHECK(header_of(ask(world, chain + "1.root.json"), "Cache-Control").find("immutable") != std::string::npos);
  CHECK(header_of(ask(world, chain + "root.json"), "Cache-Control") == "no-cache");
}

TEST_CASE("what is not of the chain is 404, and nothing leads out of it") {
  ServeWorld world;
  for (const auto* name :
       {"99.root.json", "01.root.json", "0.root.json", "targets/bob.json", "targets/.json", "root",
        "targets//alice.json", "targets/releases/", "../root.json", "snapshot.json.json", ".json", ""}) {
    INFO(name);
    CHECK(file(world, name) == "404");
  }
  CHECK(ask(world, "/v2/localhost:5000/lab/other/_trust/tuf/root.json").status == 404);
  CHECK(ask(world, "/v2/_trust/tuf/root.json").status == 404);
  CHECK(ask(world, "/v2/localhost:5000/lab/app/_trust/changefeed").status == 404);
  CHECK(ask(world, "/_notary_server/health").status == 200);
}

TEST_CASE("keys and everything that writes are 405") {
  ServeWorld world;
  const std::string chain = "/v2/localhost:5000/lab/app/_trust/tuf/";
  CHECK(ask(world, chain + "timestamp.key").status == 405);
  CHECK(ask(world, chain + "snapshot.key").status == 405);
  for (const auto* method : {"POST", "PUT", "DELETE", "PATCH"}) {
    CHECK(ask(world, chain, method).status == 405);
    CHECK(ask(world, chain + "root.json", method).status == 405);
    CHECK(ask(world, chain + "snapshot.key", method).status == 405);
  }
}

TEST_CASE("a chain is found by a relocated name too") {
  ServeWorld world([](trust::TrustStore& store) {
    store.relocations = {{"localhost:5000/lab", "registry.airgap.local/mirror", {}}};
  });
  CHECK(ask(world, "/v2/registry.airgap.local/mirror/app/_trust/tuf/root.json").status == 200);
  CHECK(ask(world, "/v2/registry.airgap.local/other/app/_trust/tuf/root.json").status == 404);
}

}  // namespace gapstow::test
