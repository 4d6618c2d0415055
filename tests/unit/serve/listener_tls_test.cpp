#include <openssl/x509.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "http_client.h"
#include "server_fixture.h"
#include "support/error_of.h"
#include "support/temp_folder.h"
#include "tls_maker.h"

using namespace gapstow;
using namespace std::chrono_literals;
using test::ClientTls;
using test::HttpClient;
using test::ServerFixture;

namespace {

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

std::string server_name(const HttpClient& client) {
  std::array<char, 64> name{};
  const X509* certificate = SSL_get0_peer_certificate(client.ssl());
  if (certificate == nullptr) return "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(), name.size());
  return name.data();
}

serve::Handler telling_certificate() {
  return [](const auto& request, const auto& reply) {
    serve::Response response;
    response.body = request->certificate + (request->secure ? " secure" : " plain");
    reply(std::move(response));
  };
}

void put(const test::MadeCertificate& from, const test::MadeCertificate& to) {
  const auto over = std::filesystem::copy_options::overwrite_existing;
  std::filesystem::copy_file(from.certificate, to.certificate, over);
  std::filesystem::copy_file(from.key, to.key, over);
}

}  // namespace

TEST_CASE("TLS 1.2 and 1.3 with certificates of both kinds, nothing older") {
  test::TempFolder folder;
  const test::TlsMaker maker(folder.path());
  for (const auto kind : {test::KeyKind::p256, test::KeyKind::rsa2048}) {
    const auto made = maker.make(kind == test::KeyKind::p256 ? "ec" : "rsa", {.kind = kind});
    ServerFixture fixture(telling_certificate(), serve::TlsFiles{made.certificate, made.key, ""});
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      HttpClient client(fixture.port(), ClientTls{.version = version});
      REQUIRE(client.alive());
      CHECK(client.ask(kGet).body == " secure");
    }
    const auto before = fixture.load().failed_handshakes;
    HttpClient old(fixture.port(), ClientTls{.version = TLS1_1_VERSION});
    CHECK_FALSE(old.alive());
    fixture.wait_for([](const auto& each) { return each.status == 0; });
    CHECK(fixture.load().failed_handshakes == before + 1);
  }
}

TEST_CASE("HTTP/1.1 is the protocol that is agreed on, or none") {
  test::TempFolder folder;
  const auto made = test::TlsMaker(folder.path()).make("server", {});
  ServerFixture fixture(telling_certificate(), serve::TlsFiles{made.certificate, made.key, ""});
  HttpClient both(fixture.port(), ClientTls{.protocols = "\x02h2\x08http/1.1"});
  REQUIRE(both.alive());
  const unsigned char* chosen = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(both.ssl(), &chosen, &length);
  CHECK(std::string(reinterpret_cast<const char*>(chosen), length) == "http/1.1");
  HttpClient other(fixture.port(), ClientTls{.protocols = "\x02h2"});
  CHECK_FALSE(other.alive());
}

TEST_CASE("Where client certificates are demanded, nobody comes without a good one") {
  test::TempFolder folder;
  const test::TlsMaker maker(folder.path());
  const auto authority = maker.make("ca", {.name = "Test CA", .authority = true});
  const auto stranger = maker.make("other-ca", {.name = "Test CA", .authority = true});
  const auto server = maker.make("server", {}, &authority);
  const auto good = maker.make("good", {.name = "api-server"}, &authority);
  const auto expired = maker.make("expired", {.name = "api-server", .begins = -7200, .ends = -3600}, &authority);
  const auto future = maker.make("future", {.name = "api-server", .begins = 3600}, &authority);
  const auto foreign = maker.make("foreign", {.name = "api-server"}, &stranger);
  const auto alone = maker.make("alone", {.name = "api-server"});
  ServerFixture fixture(telling_certificate(), serve::TlsFiles{server.certificate, server.key, authority.certificate});
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    HttpClient client(fixture.port(), ClientTls{good.certificate, good.key, version, ""});
    CHECK(client.ask(kGet).body == "CN=api-server secure");
    std::uint64_t failures = fixture.load().failed_handshakes;
    for (const auto& bad : {test::MadeCertificate{}, expired, future, foreign, alone}) {
      INFO(bad.certificate);
      HttpClient refused(fixture.port(), ClientTls{bad.certificate, bad.key, version, ""});
      CHECK(refused.ask(kGet).status == 0);
      CHECK(refused.rest().empty());
      ++failures;
    }
    fixture.wait_for([&](const auto&) { return fixture.load().failed_handshakes == failures; });
    CHECK(fixture.load().failed_handshakes == failures);
  }
  for (const auto& access : fixture.accesses()) CHECK((access.status == 200 || access.target.empty()));
}

TEST_CASE("A session with a client certificate is never taken up again") {
  test::TempFolder folder;
  const test::TlsMaker maker(folder.path());
  const auto authority = maker.make("ca", {.name = "Test CA", .authority = true});
  const auto server = maker.make("server", {}, &authority);
  const auto good = maker.make("good", {}, &authority);
  ServerFixture fixture(telling_certificate(), serve::TlsFiles{server.certificate, server.key, authority.certificate});
  HttpClient client(fixture.port(), ClientTls{good.certificate, good.key, TLS1_3_VERSION, ""});
  CHECK(client.ask(kGet).status == 200);
  CHECK(SSL_SESSION_is_resumable(SSL_get0_session(client.ssl())) == 0);
}

TEST_CASE("New certificates are for new connections; bad ones change nothing") {
  test::TempFolder folder;
  const test::TlsMaker maker(folder.path());
  const auto first = maker.make("first", {.name = "first", .ends = 1000});
  const auto second = maker.make("second", {.name = "second", .ends = 5000});
  const test::MadeCertificate used{folder / "used.crt", folder / "used.key"};
  put(first, used);
  ServerFixture fixture(telling_certificate(), serve::TlsFiles{used.certificate, used.key, ""});
  const auto end = fixture.server().certificate_ends().front();
  HttpClient before(fixture.port(), ClientTls{});
  CHECK(server_name(before) == "first");

  put(second, used);
  fixture.server().reload_tls();
  CHECK(fixture.server().certificate_ends().front() > end + 3000);
  HttpClient after(fixture.port(), ClientTls{});
  CHECK(server_name(after) == "second");
  CHECK(before.ask(kGet).status == 200);
  CHECK(after.ask(kGet).status == 200);

  std::filesystem::copy_file(first.key, used.key, std::filesystem::copy_options::overwrite_existing);
  REQUIRE_ERROR(malformed, fixture.server().reload_tls());
  HttpClient still(fixture.port(), ClientTls{});
  CHECK(server_name(still) == "second");
}

TEST_CASE("Certificates change under load without a lost request") {
  test::TempFolder folder;
  const test::TlsMaker maker(folder.path());
  const auto made = maker.make("server", {});
  ServerFixture fixture(telling_certificate(), serve::TlsFiles{made.certificate, made.key, ""});
  std::atomic<int> failures{0};
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < 4; ++i) {
      clients.emplace_back([&] {
        for (int round = 0; round < 10; ++round) {
          HttpClient client(fixture.port(), ClientTls{});
          for (int request = 0; request < 10; ++request) failures += client.ask(kGet).status == 200 ? 0 : 1;
        }
      });
    }
    for (int i = 0; i < 20; ++i) fixture.server().reload_tls();
  }
  CHECK(failures == 0);
}
