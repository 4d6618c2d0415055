#include "gapstow/cluster/doctor.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>

#include "support/faulty_fs.h"
#include "support/oci_maker.h"
#include "support/site_tree.h"

using namespace gapstow;
using cluster::Finding;
using cluster::Findings;
using test::SiteTree;
using Weight = Finding::Weight;

namespace {

std::string text_of(const Findings& findings) {
  std::string text;
  for (const auto& each : findings) {
    text += std::string(cluster::name(each.weight)) + " " + each.check + " " + each.subject + ": " + each.what + "\n";
  }
  return text;
}

bool has(const Findings& findings, Weight weight, const std::string& check) {
  return std::ranges::any_of(findings,
                             [&](const Finding& each) { return each.weight == weight && each.check == check; });
}

struct Fault {
  std::string name;
  std::function<void(SiteTree&)> make;
  Weight weight;
  std::string check;
};

const std::string kPlain =
    "version = 3\n[plugins.'io.containerd.cri.v1.images'.registry]\nconfig_path = '/etc/containerd/certs.d'\n";
const std::string kConfig = "/etc/containerd/config.toml";
const std::string kBin = "/opt/containerd/image-verifier/bin";
const std::string kHosts = "/etc/containerd/certs.d/docker.io/hosts.toml";
const std::string kPolicy = "/etc/containers/policy.json";
const std::string kRegistries = "/etc/containers/registries.conf";
const std::string kManifest = "/etc/kubernetes/manifests/kube-apiserver.yaml";
const std::string kAdmission = "/etc/kubernetes/admission.yaml";

std::function<void(SiteTree&)> config(const std::string& more) {
  return [more](SiteTree& tree) { tree.write(kConfig, kPlain + more); };
}
std::function<void(SiteTree&)> file(const std::string& name, const std::string& text) {
  return [=](SiteTree& tree) { tree.write(name, text); };
}
std::function<void(SiteTree&)> gone(const std::string& name) {
  return [=](SiteTree& tree) { tree.remove(name); };
}
std::function<void(SiteTree&)> mode(const std::string& name, unsigned bits) {
  return [=](SiteTree& tree) { tree.allow(name, bits); };
}

std::vector<Fault> store_faults() {
  return {{"no trust store", gone("/etc/gapstow"), Weight::warning, "trust-store"},
          {"store for all", mode("/etc/gapstow/trust.json", 0666), Weight::open, "trust-store"},
          {"folder for the group", mode("/etc/gapstow", 0775), Weight::open, "trust-store"},
          {"folder above the store for all", mode("/etc", 0777), Weight::open, "trust-store"},
          {"folder above the state for the group",
           [](SiteTree& tree) {
             trust::State::open_or_create(tree.path("/var/lib/gapstow/state.db"));
             tree.allow("/var/lib/gapstow", 0775);
           },
           Weight::open, "state"},
          {"store is no JSON", file("/etc/gapstow/trust.json", "{"), Weight::warning, "trust-store"},
          {"store without signers",
           [](SiteTree& tree) { trust::save_store(tree.fs, tree.path("/etc/gapstow"), trust::TrustStore()); },
           Weight::warning, "trust-store"},
          {"damaged state", file("/var/lib/gapstow/state.db", "no database"), Weight::warning, "state"},
          {"state for all",
           [](SiteTree& tree) {
             trust::State::open_or_create(tree.path("/var/lib/gapstow/state.db"));
             tree.allow("/var/lib/gapstow/state.db", 0666);
           },
           Weight::open, "state"},
          {"clock behind the state",
           [](SiteTree& tree) {
             trust::State::open_or_create(tree.path("/var/lib/gapstow/state.db"))
                 ->commit({}, {}, test::kDay.plus_seconds(86400));
           },
           Weight::warning, "state"}};
}

std::vector<Fault> snapshot_faults() {
  const auto snapshot = [](const std::function<void(enforce::SnapshotContent&)>& change) {
    return [change](SiteTree& tree) {
      auto content = SiteTree::steady_decisions();
      change(content);
      tree.write_snapshot(content);
    };
  };
  const std::string name = "/var/lib/gapstow/decisions.snapshot";
  return {
      {"no snapshot", gone(name), Weight::notice, "snapshot"},
      {"snapshot of nobody", [](SiteTree& tree) { tree.write_snapshot(SiteTree::steady_decisions(), 7); },
       Weight::warning, "snapshot"},
      {"damaged snapshot", file(name, "GAPSTOW"), Weight::warning, "snapshot"},
      {"snapshot for all", mode(name, 0666), Weight::open, "snapshot"},
      {"folder above the snapshot for all", mode("/var/lib/gapstow", 0777), Weight::open, "snapshot"},
      {"old snapshot", snapshot([](auto& content) { content.made_at = test::kDay.plus_seconds(-91LL * 86400); }),
       Weight::warning, "snapshot"},
      {"clock behind the snapshot", snapshot([](auto& content) {
         content.made_at = test::kDay.plus_seconds(9000);
         content.clock_floor = test::kDay.plus_seconds(9000);
       }),
       Weight::warning, "snapshot"},
      {"lapses soon", snapshot([](auto& content) { content.images[0].good_until = test::kDay.plus_seconds(86400); }),
       Weight::warning, "snapshot"},
      {"lapsed", snapshot([](auto& content) { content.images[0].good_until = test::kDay; }), Weight::warning,
       "snapshot"}};
}

std::vector<Fault> containerd_faults() {
  const std::string images = "[plugins.'io.containerd.cri.v1.images']\n";
  const std::string old = "version = 2\n[plugins.'io.containerd.grpc.v1.cri'.containerd]\n";
  const std::string bindir = "[plugins.'io.containerd.image-verifier.v1.bindir']\n";
  return {
      {"downloads", config(images + "max_concurrent_downloads = 5\n"), Weight::open, "containerd-pull"},
      {"discard", config(images + "discard_unpacked_layers = true\n"), Weight::open, "containerd-pull"},
      {"annotations", config(images + "disable_snapshot_annotations = false\n"), Weight::open, "containerd-pull"},
      {"sync", config(images + "image_pull_with_sync_fs = true\n"), Weight::open, "containerd-pull"},
      {"local pull", config(images + "use_local_image_pull = true\n"), Weight::open, "containerd-pull"},
      {"version 2 of the file", file(kConfig, old + "discard_unpacked_layers = true\n"), Weight::open,
       "containerd-pull"},
      {"old mirrors",
       config("[plugins.'io.containerd.cri.v1.images'.registry.mirrors.'docker.io']\nendpoint = ['https://x']\n"),
       Weight::open, "containerd-pull"},
      {"an import bypasses",
       [images](SiteTree& tree) {
         tree.write(kConfig, "imports = ['/etc/containerd/conf.d/*.toml']\n" + kPlain);
         tree.write("/etc/containerd/conf.d/90-fast.toml", images + "max_concurrent_downloads = 9\n");
       },
       Weight::open, "containerd-pull"},
      {"an import makes containerd 1 forget",
       [](SiteTree& tree) {
         const std::string cri = "version = 2\n[plugins.'io.containerd.grpc.v1.cri'";
         tree.write(kConfig,
                    "imports = ['conf.d/*.toml']\n" + cri + ".registry]\nconfig_path = '/etc/containerd/certs.d'\n");
         tree.write("/etc/containerd/conf.d/90-more.toml", cri + ".containerd]\nsnapshotter = 'native'\n");
       },
       Weight::open, "mirrors"},
      {"imports add to what is off",
       [](SiteTree& tree) {
         tree.write(kConfig,
                    "imports = ['conf.d/*.toml']\n"
                    "disabled_plugins = ['io.containerd.image-verifier.v1.bindir']\n" +
                        kPlain);
         tree.write("/etc/containerd/conf.d/90-more.toml", "disabled_plugins = ['io.containerd.snapshotter.v1.zfs']\n");
       },
       Weight::open, "verifier-directory"},
      {"broken config", file(kConfig, "= ="), Weight::warning, "containerd"},
      {"nested config", file(kConfig, "a = " + std::string(400'000, '[')), Weight::warning, "containerd"},
      {"deep config", file(kConfig, "a = " + std::string(40, '[') + std::string(40, ']') + "\n"), Weight::warning,
       "containerd"},
      {"long config", file(kConfig, "# " + std::string(2'000'000, 'x')), Weight::warning, "containerd"},
      {"endless imports",
       [](SiteTree& tree) {
         tree.write(kConfig, "imports = ['conf.d/*.toml']\n" + kPlain);
         for (int i = 0; i < 70; ++i) tree.write("/etc/containerd/conf.d/" + std::to_string(i) + ".toml", "");
       },
       Weight::warning, "containerd"},
      {"no folder but a file",
       [](SiteTree& tree) {
         tree.remove(kBin);
         tree.write(kBin, "");
       },
       Weight::warning, "verifier-directory"},
      {"none is called", config(bindir + "max_verifiers = 0\n"), Weight::open, "verifier-directory"},
      {"no folder", gone("/opt/containerd"), Weight::open, "verifier-directory"},
      {"empty folder", gone(kBin + "/00-gapstow"), Weight::open, "verifier-directory"},
      {"another's verifier",
       [](SiteTree& tree) {
         tree.write(kBin + "/other", "#!/bin/sh\n", 0755);
         tree.remove(kBin + "/00-gapstow");
       },
       Weight::open, "verifier-directory"},
      {"stray file", file(kBin + "/README", "x"), Weight::warning, "verifier-directory"},
      {"folder above the verifiers for all", mode("/opt/containerd", 0777), Weight::open, "verifier-directory"},
      {"program for all", mode(kBin + "/00-gapstow", 0777), Weight::open, "verifier-directory"},
      {"folder for all", mode(kBin, 0777), Weight::open, "verifier-directory"},
      {"beyond the most",
       [bindir](SiteTree& tree) {
         tree.write(kConfig, kPlain + bindir + "max_verifiers = 1\n");
         tree.write(kBin + "/00-another", "#!/bin/sh\n", 0755);
       },
       Weight::open, "verifier-directory"},
      {"more than the most",
       [bindir](SiteTree& tree) {
         tree.write(kConfig, kPlain + bindir + "max_verifiers = 1\n");
         tree.write(kBin + "/90-another", "#!/bin/sh\n", 0755);
       },
       Weight::warning, "verifier-directory"},
      {"no time", config(bindir + "per_verifier_timeout = '5ms'\n"), Weight::warning, "verifier-directory"},
      {"another folder", config(bindir + "bin_dir = '/opt/empty'\n"), Weight::open, "verifier-directory"},
      {"plugin off", file(kConfig, "disabled_plugins = ['io.containerd.image-verifier.v1.bindir']\n" + kPlain),
       Weight::open, "verifier-directory"}};
}

std::vector<Fault> mirror_faults() {
  const std::string host = "[host.'https://gapstow.far:5443']\n";
  return {
      {"no mirror", gone(kHosts), Weight::open, "mirrors"},
      {"no config_path", file(kConfig, "version = 3\n"), Weight::open, "mirrors"},
      {"no server", file(kHosts, host + "capabilities = ['pull', 'resolve']\n"), Weight::open, "mirrors"},
      {"server is the origin", file(kHosts, "server = 'https://registry-1.docker.io'\n" + host), Weight::open,
       "mirrors"},
      {"does not resolve", file(kHosts, "server = 'https://gapstow.far:5443'\n" + host + "capabilities = ['pull']\n"),
       Weight::open, "mirrors"},
      {"any certificate", file(kHosts, "server = 'https://gapstow.far:5443'\n" + host + "skip_verify = true\n"),
       Weight::warning, "mirrors"},
      // containerd then goes on as if there were no such file.
      {"broken hosts.toml", file(kHosts, "[["), Weight::open, "mirrors"},
      {"no hosts.toml, but a folder before the one for all hosts",
       [](SiteTree& tree) {
         tree.remove(kHosts);
         tree.write("/etc/containerd/certs.d/_default/hosts.toml", "server = 'https://gapstow.far:5443'\n");
       },
       Weight::open, "mirrors"},
      {"the origin as a mirror",
       file(kHosts, "server = 'https://gapstow.far:5443'\n" + host + "[host.'https://Registry-1.docker.io:443']\n"),
       Weight::open, "mirrors"},
      {"the origin in other words", file(kHosts, "server = 'https://INDEX.docker.io:443/v2'\n" + host), Weight::open,
       "mirrors"},
      {"another server behind the mirrors", file(kHosts, "server = 'https://mirror.example'\n" + host), Weight::warning,
       "mirrors"},
      {"server without TLS", file(kHosts, "server = 'http://gapstow.far:5443'\n"), Weight::warning, "mirrors"},
      {"server of any certificate", file(kHosts, "server = 'https://gapstow.far:5443'\nskip_verify = true\n"),
       Weight::warning, "mirrors"},
      {"server that is only called like this machine", file(kHosts, "server = 'http://localhost.far:5443'\n"),
       Weight::warning, "mirrors"},
      {"hosts.toml for all", mode(kHosts, 0666), Weight::open, "mirrors"},
      {"folder of mirrors for the group", mode("/etc/containerd/certs.d", 0775), Weight::open, "mirrors"},
      {"policy by default", file(kPolicy, R"({"default":[{"type":"insecureAcceptAnything"}]})"), Weight::open,
       "policy-json"},
      {"policy of root's own",
       file("/root/.config/containers/policy.json", R"({"default":[{"type":"insecureAcceptAnything"}]})"), Weight::open,
       "policy-json"},
      {"policy for all", mode(kPolicy, 0666), Weight::open, "policy-json"},
      {"policy of a scope",
       file(kPolicy,
            R"({"default":[{"type":"reject"}],"transports":{"docker":{"":[{"type":"insecureAcceptAnything"}]}}})"),
       Weight::open, "policy-json"},
      {"policy of a namespace",
       file("/etc/crio/policies/shop.json", R"({"default":[{"type":"insecureAcceptAnything"}]})"), Weight::open,
       "policy-json"},
      {"mirror without TLS", file(kHosts, "server = 'https://gapstow.far:5443'\n[host.'http://gapstow.far:5443']\n"),
       Weight::warning, "mirrors"},
      {"policy of a tag", file(kPolicy, R"({"default":[{"type":"reject"}],
                         "transports":{"docker":{"docker.io/a/b:1":[{"type":"insecureAcceptAnything"}]}}})"),
       Weight::warning, "policy-json"},
      {"broken policy", file(kPolicy, "[}"), Weight::warning, "policy-json"},
      {"podman without a mirror", file(kRegistries, ""), Weight::warning, "registries-conf"},
      {"podman with a mirror for a part",
       file(kRegistries, "[[registry]]\nprefix = 'docker.io/library/redis'\nlocation = 'gapstow.far/redis'\n"),
       Weight::warning, "registries-conf"},
      {"root's own registries", [](SiteTree& tree) { tree.write("/root/.config/containers/registries.conf", ""); },
       Weight::warning, "registries-conf"},
      {"podman falls back",
       file(kRegistries, "[[registry]]\nlocation = 'docker.io'\n[[registry.mirror]]\nlocation = 'gapstow.far'\n"),
       Weight::warning, "registries-conf"},
      {"podman without TLS",
       file(kRegistries, "[[registry]]\nprefix = 'docker.io'\nlocation = 'gapstow.far'\ninsecure = true\n"),
       Weight::warning, "registries-conf"}};
}

std::vector<Fault> cluster_faults() {
  const std::string images = "/var/lib/rancher/k3s/agent/images";
  return {
      {"defaultAllow",
       file(kAdmission, "- name: ImagePolicyWebhook\n  kubeConfigFile: x\n  defaultAllow: true # for now\n"),
       Weight::open, "api-server"},
      {"defaultAllow in JSON",
       file(kAdmission, "{\"name\": \"ImagePolicyWebhook\",\n\"kubeConfigFile\": \"x\",\n\"defaultAllow\": true\n}"),
       Weight::open, "api-server"},
      {"defaultAllow in a file of its own",
       [](SiteTree& tree) {
         tree.write(kAdmission, "plugins:\n- name: ImagePolicyWebhook\n  path: policy.yaml\n");
         tree.write("/etc/kubernetes/policy.yaml", "imagePolicy:\n  kubeConfigFile: x\n  defaultAllow: true\n");
       },
       Weight::open, "api-server"},
      {"a file of its own that is gone", file(kAdmission, "- name: ImagePolicyWebhook\n  path: /etc/none.yaml\n"),
       Weight::notice, "api-server"},
      {"defaultAllow within a line",
       file(kAdmission,
            "- name: ImagePolicyWebhook\n  imagePolicy: {defaultAllow: true}\n- name: Other\n"
            "  kubeConfigFile: x\n"),
       Weight::notice, "api-server"},
      {"one second", file(kAdmission, "name: ImagePolicyWebhook\nkubeConfigFile: x\nallowTTL: 1\n"), Weight::warning,
       "api-server"},
      {"other plugin", file(kAdmission, "- name: EventRateLimit\n"), Weight::open, "api-server"},
      {"unreadable configuration", gone(kAdmission), Weight::notice, "api-server"},
      {"compact JSON", file(kAdmission, R"({"plugins":[{"name":"ImagePolicyWebhook","configuration":{}}]})"),
       Weight::notice, "api-server"},
      {"no configuration", file(kManifest, "- --enable-admission-plugins=ImagePolicyWebhook\n"), Weight::open,
       "api-server"},
      {"webhook off", file(kManifest, "- --enable-admission-plugins=NodeRestriction\n"), Weight::notice, "api-server"},
      {"docker", file("/usr/bin/dockerd", ""), Weight::warning, "docker"},
      {"archive of somebody", file(images + "/app.tar.zst", "x"), Weight::open, "k3s-images"},
      {"archive of somebody in capitals", file(images + "/APP.TAR", "x"), Weight::open, "k3s-images"},
      {"archive that is none", file(images + "/gapstow-app-0123456789abcdef.tar", "x"), Weight::open, "k3s-images"},
      {"folder of archives for all",
       [images](SiteTree& tree) {
         tree.write(images + "/.keep", "");
         tree.allow(images, 0777);
       },
       Weight::open, "k3s-images"}};
}

}  // namespace

TEST_CASE("on a node that is set up well there is nothing to mend", "[doctor]") {
  SiteTree tree;
  const auto findings = tree.examine();
  INFO(text_of(findings));
  CHECK(cluster::heaviest(findings) ==
        Weight::notice);  // the version of containerd is not known, and there is no state
  for (const auto* check : {"trust-store", "snapshot", "verifier-directory", "mirrors", "policy-json", "api-server"}) {
    CHECK(has(findings, Weight::fine, check));
  }
  for (const auto& each : findings) CHECK((each.weight <= Weight::notice || !each.mend.empty()));
}

TEST_CASE("every single fault is found, and nothing heavier", "[doctor]") {
  std::vector<Fault> faults;
  for (const auto& list : {store_faults(), snapshot_faults(), containerd_faults(), mirror_faults(), cluster_faults()}) {
    faults.insert(faults.end(), list.begin(), list.end());
  }
  for (const auto& fault : faults) {
    SiteTree tree;
    fault.make(tree);
    const auto findings = tree.examine();
    INFO(fault.name << "\n" << text_of(findings));
    CHECK(has(findings, fault.weight, fault.check));
    CHECK(cluster::heaviest(findings) == std::max(fault.weight, Weight::notice));
    for (const auto& each : findings) CHECK((each.weight <= Weight::notice || !each.mend.empty()));
  }
}

TEST_CASE("what cannot be read is said, and everything else is still looked at", "[doctor]") {
  SiteTree tree;
  tree.write("/var/lib/rancher/k3s/agent/images/app.tar", "x");
  const auto whole = tree.examine();
  for (std::uint64_t call = 1;; ++call) {
    REQUIRE(call < 1000);
    test::FaultyFs fs(tree.fs, call);
    auto request = tree.request();
    const cluster::DoctorRequest faulty{
        {fs, request.site.root, request.site.now, request.site.soon_seconds, request.site.user},
        request.trust_store,
        request.state,
        request.snapshot,
        {}};
    const auto findings = cluster::examine(faulty, {}, base::CancelToken());
    if (!fs.has_failed()) break;
    INFO("call " << call << " " << fs.failed_call() << "\n" << text_of(findings));
    CHECK(text_of(findings) != text_of(whole));
    CHECK(findings.size() + 3 > whole.size());
  }
}

TEST_CASE("versions of containerd decide who calls verifiers", "[doctor]") {
  SiteTree tree;
  const auto request = tree.request();
  const auto weight = [&](const std::string& version) {
    return cluster::heaviest(cluster::examine_containerd(request.site, {"dump", json::Object{}, version}));
  };
  CHECK(weight("1.6.20~ds1") == Weight::open);
  CHECK(weight("1.7.24") == Weight::open);
  CHECK(weight("2.0.4") == Weight::open);
  CHECK(weight("2.1.0") == Weight::fine);
  CHECK(weight("v2.2.1-rc.0") == Weight::fine);
  CHECK(weight("") == Weight::notice);
  CHECK(weight("unknown") == Weight::notice);
  // An old one has no folder to look at.
  CHECK(cluster::examine_verifiers(request.site, {"dump", json::Object{}, "1.7.24"}).empty());
}

TEST_CASE("a folder of mirrors may have the port of its host between underscores", "[doctor]") {
  SiteTree tree;
  const std::string good = "server = 'https://gapstow.far:5443'\n";
  const auto weight = [&] {
    const auto setup = json::Object{
        {"plugins",
         json::Object{{"io.containerd.cri.v1.images",
                       json::Object{{"registry", json::Object{{"config_path", "/etc/containerd/certs.d"}}}}}}}};
    return cluster::heaviest(
        cluster::examine_mirrors(tree.request().site, {"dump", setup, "2.1.0"}, {"reg.test:5000"}));
  };
  CHECK(weight() == Weight::open);
  tree.write("/etc/containerd/certs.d/reg.test:5000/hosts.toml", good);
  CHECK(weight() == Weight::fine);
  // containerd looks here first.
  tree.write("/etc/containerd/certs.d/reg.test_5000_/hosts.toml", "server = 'https://reg.test:5000'\n");
  CHECK(weight() == Weight::open);
  tree.write("/etc/containerd/certs.d/reg.test_5000_/hosts.toml", good);
  CHECK(weight() == Weight::fine);
}

TEST_CASE("several folders of mirrors are one for containerd since 2.1", "[doctor]") {
  SiteTree tree;
  const auto weight = [&](const std::string& version, const std::string& path) {
    const json::Object config{
        {"plugins", json::Object{{"io.containerd.cri.v1.images",
                                  json::Object{{"registry", json::Object{{"config_path", path}}}}}}}};
    return cluster::heaviest(cluster::examine_mirrors(tree.request().site, {"dump", config, version}, {"docker.io"}));
  };
  const std::string both = "/etc/containerd/certs.d:/etc/docker/certs.d";
  CHECK(weight("1.7.24", both) == Weight::fine);
  CHECK(weight("2.0.4", both) == Weight::fine);
  CHECK(weight("2.1.4", both) == Weight::open);
  CHECK(weight("2.2.9+unknown", both) == Weight::open);
  CHECK(weight("", both) == Weight::open);
  CHECK(weight("2.2.9+unknown", "/etc/containerd/certs.d") == Weight::fine);
  CHECK(weight("2.2.9+unknown", "") == Weight::open);
}

TEST_CASE("a folder where everybody may add but nobody take away is no danger", "[doctor]") {
  SiteTree tree;
  tree.allow("/var/lib", 01777);
  CHECK(cluster::heaviest(tree.examine()) == Weight::notice);
}

TEST_CASE("requirements of a policy hold together", "[doctor]") {
  SiteTree tree;
  tree.write(kPolicy, R"({"default":[{"type":"insecureAcceptAnything"},{"type":"reject"}]})");
  CHECK(has(tree.examine(), Weight::fine, "policy-json"));
}

TEST_CASE("a configuration that imports itself is read once", "[doctor]") {
  SiteTree tree;
  tree.write(kConfig, "imports = ['config.toml']\n" + kPlain);
  CHECK(cluster::heaviest(tree.examine()) == Weight::notice);
}

TEST_CASE("a policy may accept digests", "[doctor]") {
  SiteTree tree;
  tree.write(kPolicy, R"({"default":[{"type":"reject"}],"transports":{"docker":{"docker.io/a/b@sha256:)" +
                          std::string(64, 'a') + R"(":[{"type":"insecureAcceptAnything"}]}}})");
  CHECK(has(tree.examine(), Weight::fine, "policy-json"));
}

TEST_CASE("a negative number of verifiers means all", "[doctor]") {
  SiteTree tree;
  config("[plugins.'io.containerd.image-verifier.v1.bindir']\nmax_verifiers = -1\n")(tree);
  CHECK(has(tree.examine(), Weight::fine, "verifier-directory"));
}

TEST_CASE("Docker 29 ignores content trust", "[doctor]") {
  SiteTree tree;
  const auto request = tree.request();
  CHECK(cluster::heaviest(cluster::examine_docker(request.site, "29.0.1")) == Weight::open);
  CHECK(cluster::heaviest(cluster::examine_docker(request.site, "20.10.24+dfsg1")) == Weight::warning);
  CHECK(cluster::examine_docker(request.site, "").empty());
}

TEST_CASE("archives for k3s hold what was decided, or are named", "[doctor]") {
  SiteTree tree;
  const auto image = test::make_image("redis");
  const std::string name = "/var/lib/rancher/rke2/agent/images/gapstow-redis-0123456789abcdef.tar";
  const auto write = [&](const std::string& reference) {
    tree.write(name, test::tar_of(test::layout_files(image.blobs(), test::layout_index({{reference, image.root}}))));
  };
  auto content = SiteTree::steady_decisions();
  content.images[0].digest = image.root.digest;
  tree.write_snapshot(content);
  write("docker.io/library/redis:7.2");
  CHECK(has(tree.examine(), Weight::fine, "k3s-images"));
  write("registry.airgap.local/mirror/redis:7.2");
  CHECK(has(tree.examine(), Weight::fine, "k3s-images"));
  write("docker.io/library/redis:7.0");
  CHECK(has(tree.examine(), Weight::open, "k3s-images"));
  write("docker.io/library/unknown:1");
  CHECK(has(tree.examine(), Weight::open, "k3s-images"));
  tree.remove("/var/lib/gapstow/decisions.snapshot");
  CHECK(has(tree.examine(), Weight::notice, "k3s-images"));
}

TEST_CASE("bundles that cannot be proven or lapse soon are named", "[doctor]") {
  SiteTree tree;
  const auto request = tree.request();
  const auto weight = [&](const cluster::ExaminedBundle& bundle) {
    return cluster::heaviest(cluster::examine_bundle(request.site, bundle));
  };
  transfer::Outcome outcome;
  CHECK(weight({"app.gapstow", outcome, {}}) == Weight::fine);
  CHECK(weight({"app.gapstow", {}, base::Error(base::ErrorCode::truncated, "ends too early")}) == Weight::warning);
  transfer::ChainOutcome chain;
  chain.gun = "docker.io/library/redis";
  chain.expiry.next = trust::TimeFinding{"timestamp", test::kDay.plus_seconds(86400 * 10), false, false};
  outcome.chains = {chain};
  CHECK(weight({"app.gapstow", outcome, {}}) == Weight::warning);
  outcome.chains[0].expiry.next->until = test::kDay.plus_seconds(86400 * 100);
  CHECK(weight({"app.gapstow", outcome, {}}) == Weight::fine);
  outcome.chains[0].expiry.findings = {{"timestamp", test::kDay, false, true}};
  CHECK(weight({"app.gapstow", outcome, {}}) == Weight::notice);
  transfer::ImageOutcome image;
  image.decision.refuse(base::ErrorCode::expired, "timestamp expired");
  outcome.images = {image};
  CHECK(weight({"app.gapstow", outcome, {}}) == Weight::warning);
}
