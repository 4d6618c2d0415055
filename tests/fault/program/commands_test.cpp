// Commands that keep something besides images: killed at every system call that changes something, and with every such
// call failing. What they keep is the old or the whole new content, and the next run is not stopped by what is left.
#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <iostream>

#include "gapstow/sign/key_file.h"
#include "scene.h"
#include "support/transfer_samples.h"
#include "support/trust_samples.h"

namespace gapstow::test {
namespace {

using Command = std::vector<std::string>;

/// Runs `command` with every mishap; `check` sees what each left.
void spoil(const Scene& scene, const Command& command, const std::function<void(const TracedRun&)>& check) {
  if (!can_trace()) {
    WARN("processes cannot be traced here");
    return;
  }
  for (const Mishap kind :
       {Mishap{Mishap::Kind::kill}, Mishap{Mishap::Kind::tear}, Mishap{Mishap::Kind::fail, 0, ENOSPC}}) {
    scene.reset();
    const auto whole = scene.run(command, kind);
    REQUIRE(whole.exit_code == 0);
    for (const std::uint64_t step : steps_of(whole.steps)) {
      scene.reset();
      const auto run = scene.run(command, {kind.kind, step, kind.error});
      INFO("step " << step << ": " << run.call << " " << run.err);
      if (kind.kind != Mishap::Kind::fail) REQUIRE(run.exit_code == (run.happened ? -1 : 0));
      check(run);
    }
    std::cout << command[0] << " " << command[1] << ": " << whole.steps << " calls\n";
  }
}

}  // namespace

TEST_CASE("chain verify --commit remembers wholly or not at all", "[commands]") {
  Scene scene;
  const Command command{"chain",
                        "verify",
                        "dir:" + kSamples + "/chains/dct-rotated",
                        "--gun",
                        kSampleGun,
                        "--at",
                        "2026-11-23T00:00:00Z",
                        "--trust-store",
                        "trust",
                        "--state",
                        "state.db",
                        "--commit"};
  const Memory before = memory_in(scene.state_path());
  scene.must_run(command);
  const Memory after = memory_in(scene.state_path());
  REQUIRE_FALSE(after.seen == before.seen);
  spoil(scene, command, [&](const TracedRun& run) {
    const Memory now = memory_in(scene.state_path());
    REQUIRE((now.seen == before.seen || now.seen == after.seen));
    if (run.exit_code == 0) REQUIRE(now.seen == after.seen);
    scene.must_run(command);
    REQUIRE(memory_in(scene.state_path()).seen == after.seen);
  });
}

TEST_CASE("a trust store is never half written", "[commands]") {
  Scene scene;
  const Command command{"trust",         "add-root", "registry.example/*", "--key-id", std::string(64, 'a'),
                        "--trust-store", "trust"};
  const Tree before = part_of(scene.start(), "trust");
  scene.must_run(command);
  const Tree after = part_of(read_tree(scene.folder()), "trust");
  REQUIRE_FALSE(after == before);
  spoil(scene, command, [&](const TracedRun& run) {
    const Tree now = part_of(without_leftovers(read_tree(scene.folder())), "trust");
    REQUIRE((now == before || now == after));
    if (run.exit_code == 0) REQUIRE(now == after);
    scene.must_run(command);
    REQUIRE(part_of(without_leftovers(read_tree(scene.folder())), "trust") == after);
  });
}

TEST_CASE("a bundle is packed wholly or not at all", "[commands]") {
  Scene scene;
  scene.must_run({"key", "generate", "desk", "--no-passphrase"});
  scene.must_run({"trust", "add-signer", "other", "--key", "desk.pub", "--trust-store", "trust"});
  scene.keep();
  const Command command{"pack",
                        "oci-archive:" + kSamples + "/images/app-1.1.exact-oci.tar",
                        "--name",
                        kSampleReference,
                        "--trust",
                        "dir:" + kSamples + "/chains/dct-rotated",
                        "--signer",
                        "desk.key",
                        "--trust-store",
                        "trust",
                        "--at",
                        "2026-11-23T00:00:00Z",
                        "-o",
                        "out.gapstow"};
  const Command proof{"verify",  "out.gapstow", "--trust-store", "trust",
                      "--state", "none",        "--at",          "2026-11-23T00:00:00Z"};
  spoil(scene, command, [&](const TracedRun& run) {
    const bool is_there = without_leftovers(read_tree(scene.folder())).contains("out.gapstow");
    if (is_there) scene.must_run(proof);
    if (run.exit_code == 0) REQUIRE(is_there);
    if (run.exit_code > 0) REQUIRE(read_tree(scene.folder()) == scene.start());
    scene.must_run(command);
    scene.must_run(proof);
  });
}

TEST_CASE("a key file is never half written, and no public key is without its private one", "[commands]") {
  Scene scene;
  const Command command{"key", "generate", "alice", "--no-passphrase"};
  spoil(scene, command, [&](const TracedRun& run) {
    Tree left = without_leftovers(read_tree(scene.folder()));
    if (run.exit_code > 0) {  // an error, not the end of the process: nothing stays
      REQUIRE(run.exit_code == 3);
      REQUIRE(left == scene.start());
    }
    if (!left.contains("alice.key")) {
      REQUIRE_FALSE(left.contains("alice.pub"));
      scene.must_run(command);
      return;
    }
    const auto secret = sign::KeyFile::parse(base::as_bytes(left.at("alice.key"))).open(std::nullopt);
    REQUIRE(std::filesystem::status(scene.path("alice.key")).permissions() == std::filesystem::perms(0600));
    if (left.contains("alice.pub")) {
      REQUIRE(left.at("alice.pub") == secret.public_key().pem());
    } else {
      const auto again = scene.run(command);
      REQUIRE(again.exit_code == 3);
      REQUIRE(again.err.find("key public alice.key") != std::string::npos);
      REQUIRE(scene.must_run({"key", "public", "alice.key"}).out == secret.public_key().pem());
    }
  });
}

}  // namespace gapstow::test
