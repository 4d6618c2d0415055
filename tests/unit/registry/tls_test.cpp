// TlsFiles: which authorities and certificates count for a host.
#include "../../../src/registry/tls.h"

#include <catch2/catch.hpp>

#include "support/environment.h"
#include "support/error_of.h"
#include "support/temp_folder.h"

using namespace gapstow;
using registry::parse_url;
using registry::TlsFiles;

namespace {

/// The system's folders, inside of a test's own.
class MovedFs final : public base::ReadFs {
 public:
  explicit MovedFs(std::string root) : root_(std::move(root)) {}
  std::unique_ptr<base::File> open(const std::string& path) override { return fs_.open(root_ + path); }
  std::optional<base::FileStatus> status(const std::string& path) override { return fs_.status(root_ + path); }
  std::vector<std::string> list(const std::string& folder) override { return fs_.list(root_ + folder); }

 private:
  std::string root_;
  base::SystemFs fs_;
};

struct System {
  System() {
    environment.set("HOME", "/home/me");
    environment.unset("SSL_CERT_FILE");
  }

  void write(const std::string& path, const std::string& text) {
    base::SystemFs system;
    for (auto slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      const auto part = folder.path() + path.substr(0, slash);
      if (!system.status(part)) system.make_folder(part, 0700);
    }
    system.create(folder.path() + path, 0600)->write_at(0, base::as_bytes("-----BEGIN X-----\n" + text));
  }

  std::shared_ptr<const registry::TlsMaterial> of(const std::string& url,
                                                  TlsFiles::Client client = TlsFiles::Client::shown) {
    return TlsFiles(settings, fs).for_host(parse_url(url), client);
  }

  /// Whether the authorities for that server hold that text.
  bool trusts(const std::string& url, const std::string& text) {
    const auto material = of(url);
    return material->authorities && base::as_text(*material->authorities).find(text) != std::string_view::npos;
  }

  test::TempFolder folder;
  test::Environment environment;
  MovedFs fs{folder.path()};
  registry::Settings settings;
};

std::string text(const base::Bytes& bytes) { return std::string(base::as_text(bytes)); }

}  // namespace

TEST_CASE("without more the system's authorities count", "[registry]") {
  System system;
  REQUIRE(system.of("https://r.example/")->system_file.empty());
  system.write("/etc/ssl/certs/ca-certificates.crt", "SYSTEM");
  REQUIRE(system.of("https://r.example/")->system_file == "/etc/ssl/certs/ca-certificates.crt");
  REQUIRE_FALSE(system.of("https://r.example/")->authorities);
  system.environment.set("SSL_CERT_FILE", "/own.pem");
  REQUIRE(system.of("https://r.example/")->system_file == "/own.pem");
}

TEST_CASE("--ca-file adds to them", "[registry]") {
  System system;
  system.write("/ca.pem", "OWN");
  system.settings.ca_file = "/ca.pem";
  REQUIRE(system.trusts("https://r.example/", "OWN"));
  system.write("/etc/ssl/certs/ca-certificates.crt", "SYSTEM");
  REQUIRE(system.trusts("https://r.example/", "OWN"));
  REQUIRE(system.trusts("https://r.example/", "SYSTEM"));
}

TEST_CASE("docker's folders count for their host", "[registry]") {
  System system;
  system.write("/etc/docker/certs.d/r.example:5000/ca.crt", "FIVE");
  system.write("/etc/docker/certs.d/plain.example/a.crt", "PLAIN");
  system.write("/etc/containers/certs.d/plain.example:443/b.crt", "PODMAN");
  system.write("/home/me/.docker/tls/notary.example:4443/ca.crt", "NOTARY");
  REQUIRE(system.trusts("https://r.example:5000/", "FIVE"));
  REQUIRE_FALSE(system.trusts("https://r.example/", "FIVE"));
  REQUIRE_FALSE(system.trusts("https://other.example:5000/", "FIVE"));
  REQUIRE(system.trusts("https://plain.example/", "PLAIN"));
  REQUIRE(system.trusts("https://plain.example/", "PODMAN"));
  REQUIRE(system.trusts("https://notary.example:4443/", "NOTARY"));
}

TEST_CASE("the client's certificate", "[registry]") {
  System system;
  system.write("/etc/docker/certs.d/r.example/me.cert", "FOLDER CERT");
  REQUIRE_ERROR(not_found, system.of("https://r.example/"));
  system.write("/etc/docker/certs.d/r.example/me.key", "FOLDER KEY");
  REQUIRE(text(system.of("https://r.example/")->certificate).ends_with("FOLDER CERT"));
  REQUIRE(text(system.of("https://r.example/")->key).ends_with("FOLDER KEY"));
  system.write("/both.pem", "BOTH");
  system.settings.cert_file = "/both.pem";
  REQUIRE(text(system.of("https://r.example/")->key).ends_with("BOTH"));
  system.write("/key.pem", "KEY");
  system.settings.key_file = "/key.pem";
  REQUIRE(text(system.of("https://r.example/")->certificate).ends_with("BOTH"));
  REQUIRE(text(system.of("https://r.example/")->key).ends_with("KEY"));
  // Where a redirect leads, only what is configured for that very host is shown.
  REQUIRE(text(system.of("https://r.example/", TlsFiles::Client::hidden)->key).ends_with("FOLDER KEY"));
  REQUIRE(system.of("https://cdn.example/", TlsFiles::Client::hidden)->certificate.empty());
}
