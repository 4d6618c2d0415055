#include "gapstow/registry/credentials.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "gapstow/base/encoding.h"
#include "support/environment.h"
#include "support/error_of.h"
#include "support/temp_folder.h"

using namespace gapstow;
using registry::Credential;
using registry::CredentialStore;

namespace {

/// A home without anything in it, and helpers as scripts on the PATH.
struct Home {
  Home() {
    environment.set("HOME", folder.path());
    for (const auto* name : {"XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "DOCKER_CONFIG", "REGISTRY_AUTH_FILE"}) {
      environment.unset(name);
    }
    environment.set("PATH", folder.path() + "/bin:" + ::getenv("PATH"));
  }

  void write(const std::string& name, const std::string& text, std::uint32_t mode = 0600) {
    for (auto slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1)) {
      const auto part = folder / name.substr(0, slash);
      if (!fs.status(part)) fs.make_folder(part, 0700);
    }
    if (fs.status(folder / name)) fs.remove(folder / name);
    fs.create(folder / name, mode)->write_at(0, base::as_bytes(text));
    ::chmod((folder / name).c_str(), mode);
  }

  void helper(const std::string& name, const std::string& script) {
    write("bin/docker-credential-" + name, "#!/bin/sh\n" + script, 0700);
  }

  /// "user:secret:identity token", or "nothing".
  std::string find(const std::string& host, const std::string& repository = {}) const {
    base::SystemFs system;
    const auto found = CredentialStore(settings, system, cancel).find(host, repository);
    return found ? found->user + ":" + found->secret + ":" + found->identity_token : "nothing";
  }

  test::TempFolder folder;
  test::Environment environment;
  base::SystemFs fs;
  registry::Settings settings;
  base::CancelToken cancel;
};

std::string auth(const std::string& pair) { return R"({"auth":")" + base::base64(base::as_bytes(pair)) + "\"}"; }

}  // namespace

TEST_CASE("nobody has credentials", "[registry]") {
  Home home;
  REQUIRE(home.find("reg.example") == "nothing");
  home.environment.unset("HOME");
  REQUIRE(home.find("reg.example") == "nothing");
}

TEST_CASE("--creds beats files", "[registry]") {
  Home home;
  home.settings.credentials = "me:a:b";
  home.settings.auth_file = home.folder / "missing";
  REQUIRE(home.find("reg.example") == "me:a:b:");
}

TEST_CASE("the forms that docker and podman write", "[registry]") {
  Home home;
  home.write(".docker/config.json", R"({"auths":{
    "plain.example":)" + auth("u:p") + R"(,
    "port.example:5000":)" + auth("u5:p") +
                                        R"(,
    "https://url.example/v1/":)" + auth("uv1:p:q") +
                                        R"(,
    "path.example/v2/":)" + auth("upath:p") +
                                        R"(,
    "https://index.docker.io/v1/":)" + auth("hub:p") +
                                        R"(,
    "members.example":{"username":"um","password":"pm","email":"x"},
    "token.example":{"auth":")" + base::base64(base::as_bytes("<token>:")) +
                                        R"(","identitytoken":"it"},
    "nul.example":)" + auth(std::string("u:p\0\0", 5)) +
                                        R"(,
    "empty.example":{}, "null.example":null
  }, "HttpHeaders":{"a":1.5}, "detachKeys":null})");
  REQUIRE(home.find("plain.example") == "u:p:");
  REQUIRE(home.find("plain.example", "team/app") == "u:p:");
  REQUIRE(home.find("port.example:5000") == "u5:p:");
  REQUIRE(home.find("port.example") == "nothing");
  REQUIRE(home.find("url.example") == "uv1:p:q:");
  REQUIRE(home.find("path.example") == "upath:p:");
  REQUIRE(home.find("members.example") == "um:pm:");
  REQUIRE(home.find("token.example") == "<token>::it");
  REQUIRE(home.find("nul.example") == "u:p:");
  REQUIRE(home.find("empty.example") == "nothing");
  REQUIRE(home.find("null.example") == "nothing");
  REQUIRE(home.find("ample") == "nothing");
  for (const auto* name : {"docker.io", "index.docker.io", "registry-1.docker.io"}) {
    REQUIRE(home.find(name, "library/alpine") == "hub:p:");
  }
}

TEST_CASE("the most specific key counts", "[registry]") {
  Home home;
  home.write(".config/containers/auth.json", R"({"auths":{"r.example":)" + auth("host:p") + R"(,"r.example/team":)" +
                                                 auth("team:p") + R"(,"r.example/team/app":)" + auth("app:p") + "}}");
  REQUIRE(home.find("r.example") == "host:p:");
  REQUIRE(home.find("r.example", "other/app") == "host:p:");
  REQUIRE(home.find("r.example", "team/other") == "team:p:");
  REQUIRE(home.find("r.example", "team/app") == "app:p:");
  REQUIRE(home.find("r.example", "team/app/deep") == "app:p:");
  REQUIRE(home.find("r.example", "teams") == "host:p:");
}

TEST_CASE("the order of files", "[registry]") {
  Home home;
  const auto file = [&](const std::string& name, const std::string& user) {
    home.write(name, R"({"auths":{"r.example":)" + auth(user + ":p") + "}}");
  };
  file(".docker/config.json", "docker");
  REQUIRE(home.find("r.example") == "docker:p:");
  file("configured/config.json", "configured");
  home.environment.set("DOCKER_CONFIG", home.folder / "configured");
  REQUIRE(home.find("r.example") == "configured:p:");
  file(".config/containers/auth.json", "containers");
  REQUIRE(home.find("r.example") == "containers:p:");
  file("xdg/containers/auth.json", "xdg");
  home.environment.set("XDG_CONFIG_HOME", home.folder / "xdg");
  REQUIRE(home.find("r.example") == "xdg:p:");
  file("run/containers/auth.json", "run");
  home.environment.set("XDG_RUNTIME_DIR", home.folder / "run");
  REQUIRE(home.find("r.example") == "run:p:");
  file("named", "named");
  home.environment.set("REGISTRY_AUTH_FILE", home.folder / "named");
  REQUIRE(home.find("r.example") == "named:p:");
  file("option", "option");
  home.settings.auth_file = home.folder / "option";
  REQUIRE(home.find("r.example") == "option:p:");
  REQUIRE(home.find("other.example") == "nothing");
}

TEST_CASE("a file without the host gives way to the next", "[registry]") {
  Home home;
  home.write(".config/containers/auth.json", R"({"auths":{"a.example":)" + auth("a:p") + "}}");
  home.write(".docker/config.json", R"({"auths":{"b.example":)" + auth("b:p") + "}}");
  REQUIRE(home.find("b.example") == "b:p:");
}

TEST_CASE("files that are damaged or missing", "[registry]") {
  Home home;
  home.settings.auth_file = home.folder / "auth.json";
  REQUIRE_ERROR(not_found, home.find("r.example"));
  for (const std::string text : {"{", "[]", "nonsense", R"({"auths":5})", R"({"auths":{"r.example":5}})",
                                 R"({"auths":{"r.example":{"auth":5}}})", R"({"auths":{"r.example":{"auth":"***"}}})",
                                 R"({"auths":{"r.example":{"auth":"bm9jb2xvbg=="}}})", R"({"auths":{},"auths":{}})",
                                 R"({"credHelpers":[]})", R"({"credHelpers":{"r.example":5}})", R"({"credsStore":5})",
                                 R"({"credsStore":"../evil"})", R"({"credHelpers":{"r.example":"a/b"}})"}) {
    home.write("auth.json", text);
    INFO(text);
    REQUIRE_ERROR(malformed, home.find("r.example"));
  }
  home.write("auth.json", std::string(registry::kMaxAuthFileBytes + 1, ' '));
  REQUIRE_ERROR(limit_exceeded, home.find("r.example"));
  for (const std::string text : {"", "\n", "{}", R"({"auths":null,"credHelpers":null,"credsStore":""})"}) {
    home.write("auth.json", text);
    REQUIRE(home.find("r.example") == "nothing");
  }
}

TEST_CASE("helpers are asked", "[registry]") {
  Home home;
  // Answers with what it was asked for, so that it is seen.
  home.helper("echo", R"(read server; printf '{"ServerURL":"x","Username":"%s","Secret":"%s"}' "$1" "$server")");
  home.helper("token", R"(cat >/dev/null; printf '{"Username":"<token>","Secret":"it"}')");
  home.helper("none", "echo 'credentials not found in native keychain'; exit 1");
  home.helper("empty", R"(printf '{"Username":"","Secret":""}')");
  home.write(".docker/config.json", R"({"credsStore":"echo",
    "credHelpers":{"t.example":"token","n.example":"none","e.example":"empty","https://index.docker.io/v1/":"echo"},
    "auths":{"a.example":)" + auth("a:p") +
                                        R"(,"n.example":)" + auth("n:p") + R"(,"s.example":{}}})");
  REQUIRE(home.find("s.example") == "get:s.example:");
  REQUIRE(home.find("unknown.example:5000", "team/app") == "get:unknown.example:5000:");
  REQUIRE(home.find("docker.io", "library/alpine") == "get:https://index.docker.io/v1/:");
  REQUIRE(home.find("t.example") == "::it");
  REQUIRE(home.find("a.example") == "a:p:");
  REQUIRE(home.find("n.example") == "n:p:");
  REQUIRE(home.find("e.example") == "get:e.example:");
}

TEST_CASE("helpers that fail", "[registry]") {
  Home home;
  home.helper("failing", "echo 'key ring is locked'; exit 1");
  home.helper("flood", "yes 0123456789012345678901234567890123456789");
  home.helper("closing", "exec <&- >&-; exit 0");
  home.helper("killed", "kill -9 $$");
  home.helper("odd", "echo '{\"Username\":5}'");
  const auto with = [&](const std::string& helper) {
    home.write(".docker/config.json", R"({"credsStore":")" + helper + "\"}");
  };
  for (const auto* helper : {"failing", "flood", "killed", "not-there"}) {
    with(helper);
    INFO(helper);
    REQUIRE_ERROR(unauthorized, home.find("r.example"));
  }
  for (const auto* helper : {"odd", "closing"}) {
    with(helper);
    INFO(helper);
    REQUIRE_ERROR(malformed, home.find("r.example"));
  }
}

TEST_CASE("a helper that hangs ends with the run", "[registry]") {
  Home home;
  home.helper("hanging", "exec sleep 1000");
  home.write(".docker/config.json", R"({"credsStore":"hanging"})");
  home.cancel.cancel();
  REQUIRE_ERROR(interrupted, home.find("r.example"));
}
