// Clients that are slow, broken or hostile: each gets its answer or is cut off, and others are served meanwhile.
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "http_client.h"
#include "server_fixture.h"
#include "support/temp_folder.h"
#include "tls_maker.h"

using namespace gapstow;
using namespace std::chrono_literals;
using serve::Limits;
using test::answering;
using test::ClientTls;
using test::HttpClient;
using test::ServerFixture;

namespace {

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

bool serves(const ServerFixture& fixture) { return HttpClient(fixture.port()).ask(kGet).status == 200; }

serve::Handler large(std::size_t size) {
  return [bytes = std::make_shared<const base::Bytes>(size)](const auto&, const auto& reply) {
    serve::Response response;
    response.headers.emplace_back("ETag", "\"x\"");
    response.body = bytes;
    reply(std::move(response));
  };
}

std::size_t resident_kib() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6));
  }
  return 0;
}

/// As many descriptors as the system lets this process have, for one test.
class ManyDescriptors {
 public:
  ManyDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit most = before_;
    most.rlim_cur = most.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &most);
  }
  ManyDescriptors(const ManyDescriptors&) = delete;
  ManyDescriptors& operator=(const ManyDescriptors&) = delete;
  ~ManyDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  static rlim_t most() {
    rlimit now{};
    ::getrlimit(RLIMIT_NOFILE, &now);
    return now.rlim_cur;
  }

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("A head that comes byte by byte is cut off in time") {
  ServerFixture fixture(answering("x"), {.request = 100ms});
  HttpClient slow(fixture.port());
  const std::string head = "GET /" + std::string(10'000, 'a') + " HTTP/1.1\r\n";
  // The answer ends the sending: no clock of the test's own.
  std::jthread sender([&] {
    for (const char c : head) {
      if (!slow.send(std::string_view(&c, 1))) break;
      std::this_thread::yield();
    }
  });
  sender.join();
  CHECK(serves(fixture));
  CHECK(slow.reply().status == 408);
  CHECK(slow.rest().empty());
  CHECK(fixture.wait_for([](const auto& each) { return each.status == 408; }).complete);
}

TEST_CASE("A body that does not come, and a client that says nothing, end as well") {
  ServerFixture fixture(answering("x"), {.body_bytes = 100, .request = 100ms, .idle = 100ms});
  HttpClient half(fixture.port());
  CHECK(half.ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc").status == 408);
  HttpClient silent(fixture.port());
  CHECK(silent.rest().empty());
  HttpClient idle(fixture.port());
  CHECK(idle.ask(kGet).status == 200);
  CHECK(idle.rest().empty());
}

TEST_CASE("A client that takes nothing is cut off, and nobody waits for it") {
  ServerFixture fixture(large(32 << 20), {.stall = 200ms});
  auto deaf = HttpClient::with_small_window(fixture.port());
  deaf.send(kGet);
  CHECK(HttpClient(fixture.port()).ask(kGet).whole);
  const auto access = fixture.wait_for([](const auto& each) { return !each.complete; });
  CHECK(access.status == 200);
  CHECK(access.bytes < (32U << 20));
}

TEST_CASE("Heads and bodies that are too large are refused, however much more comes") {
  ServerFixture fixture(answering("x"), {.header_bytes = 4096, .body_bytes = 1000});
  HttpClient head(fixture.port());
  head.send("GET / HTTP/1.1\r\nHost: x\r\n");
  for (int i = 0; i < 100 && head.send("A: " + std::string(1000, 'a') + "\r\n"); ++i) continue;
  CHECK(head.reply().status == 431);
  HttpClient body(fixture.port());
  body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + std::string(100'000, 'x'));
  CHECK(body.reply().status == 413);
  HttpClient chunks(fixture.port());
  chunks.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 50 && chunks.send("64\r\n" + std::string(100, 'x') + "\r\n"); ++i) continue;
  CHECK(chunks.reply().status == 413);
  CHECK(serves(fixture));
}

TEST_CASE("Ten thousand ranges are one whole body or none") {
  std::string ranges = "bytes=0-0";
  for (int i = 1; i < 10'000; ++i) ranges += "," + std::to_string(2 * i) + "-" + std::to_string(2 * i);
  const serve::Handler handler = [](const auto& request, const auto& reply) {
    serve::Response response;
    response.headers.emplace_back("ETag", "\"x\"");
    response.body = std::string(100, 'x');
    reply(serve::conditional(*request, std::move(response)));
  };
  ServerFixture fixture(handler, {.header_bytes = 256 * 1024});
  HttpClient client(fixture.port());
  const auto reply = client.ask("GET / HTTP/1.1\r\nHost: x\r\nRange: " + ranges + "\r\n\r\n");
  CHECK(reply.status == 200);
  CHECK(reply.body.size() == 100);
  ServerFixture usual(handler);
  CHECK(HttpClient(usual.port()).ask("GET / HTTP/1.1\r\nHost: x\r\nRange: " + ranges + "\r\n\r\n").status == 431);
}

TEST_CASE("A client that has said all it will say still gets its answer") {
  ServerFixture fixture(large(4 << 20));
  HttpClient half_closed(fixture.port());
  half_closed.send(kGet);
  half_closed.shut();
  CHECK(half_closed.reply().body.size() == 4U << 20);
  CHECK(half_closed.rest().empty());
  HttpClient cut(fixture.port());
  cut.send("GET / HT");
  cut.shut();
  CHECK(cut.rest().empty());
  const auto access = fixture.wait_for([](const auto& each) { return each.status == 0; });
  CHECK_FALSE(access.complete);
}

TEST_CASE("Smuggling shapes end the connection, so that nothing behind them is a request") {
  ServerFixture fixture(test::echoing(), {.body_bytes = 1000});
  const std::string behind = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
  for (const std::string shape :
       {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 40\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nX: y\r\n Content-Length: 5\r\n\r\n", "GET / HTTP/1.1\nHost: x\n\n",
        "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5x\r\nhello\r\n0\r\n\r\n"}) {
    INFO(shape);
    HttpClient client(fixture.port());
    client.send(shape + behind);
    const auto reply = client.reply();
    CHECK(reply.status == 400);
    CHECK(reply.header("connection") == "close");
    CHECK(reply.header("content-type") == "application/json");
    CHECK(client.rest().empty());
  }
  for (const auto& access : fixture.accesses()) CHECK(access.target != "/smuggled");
}

TEST_CASE("Tricks with paths do not reach a handler") {
  ServerFixture fixture(answering("reached"));
  for (const std::string target : {"/v2/../../etc/passwd", "/v2/%2e%2e/etc", "/v2//x", "/v2/a%2fb", "/v2/%00",
                                   "/v2/%c0%ae", "/v2/\\..\\x", "http://127.0.0.1/v2/../x", "*", "/v2/%", "/v2/#x"}) {
    INFO(target);
    CHECK(HttpClient(fixture.port()).get(target).status == 400);
  }
}

TEST_CASE("Each wrong protocol is told apart at once") {
  test::TempFolder folder;
  const auto made = test::TlsMaker(folder.path()).make("server", {});
  ServerFixture plain(answering("x"));
  ServerFixture secure(answering("x"), serve::TlsFiles{made.certificate, made.key, ""});
  HttpClient tls_to_plain(plain.port(), ClientTls{});
  CHECK_FALSE(tls_to_plain.alive());
  HttpClient plain_to_tls(secure.port());
  CHECK(plain_to_tls.ask(kGet).status == 0);
  CHECK(secure.wait_for([](const auto& each) { return each.status == 0; }).target.empty());
  CHECK(secure.load().failed_handshakes == 1);
  HttpClient silent(secure.port());
  silent.shut();
  CHECK(silent.rest().empty());
  CHECK(serves(plain));
  CHECK(HttpClient(secure.port(), ClientTls{}).ask(kGet).status == 200);
}

TEST_CASE("A handshake that takes too long, or never comes, ends") {
  test::TempFolder folder;
  const auto made = test::TlsMaker(folder.path()).make("server", {});
  ServerFixture fixture(answering("x"), serve::TlsFiles{made.certificate, made.key, ""}, {.handshake = 100ms});
  HttpClient silent(fixture.port());
  CHECK(silent.rest().empty());
  CHECK(fixture.load().failed_handshakes == 1);
}

TEST_CASE("Handshakes are made once: clients cannot ask for another one") {
  test::TempFolder folder;
  const auto made = test::TlsMaker(folder.path()).make("server", {});
  ServerFixture fixture(answering("x"), serve::TlsFiles{made.certificate, made.key, ""});
  HttpClient client(fixture.port(), ClientTls{.version = TLS1_2_VERSION});
  REQUIRE(client.ask(kGet).status == 200);
  const bool again = SSL_renegotiate(client.ssl()) == 1 && SSL_do_handshake(client.ssl()) == 1;
  CHECK((!again || client.ask(kGet).status == 0));
  CHECK(HttpClient(fixture.port(), ClientTls{}).ask(kGet).status == 200);
}

TEST_CASE("Resets in the middle of downloads harm nobody") {
  test::TempFolder folder;
  const auto made = test::TlsMaker(folder.path()).make("server", {});
  ServerFixture plain(large(8 << 20));
  ServerFixture secure(large(8 << 20), serve::TlsFiles{made.certificate, made.key, ""});
  for (int i = 0; i < 20; ++i) {
    HttpClient first(plain.port());
    HttpClient second(secure.port(), ClientTls{});
    for (auto* client : {&first, &second}) {
      client->send(kGet);
      CHECK_FALSE(client->some().empty());
      client->reset();
    }
  }
  for (const auto* fixture : {&plain, &secure}) {
    CHECK_FALSE(fixture->wait_for([](const auto& each) { return !each.complete; }).complete);
  }
  CHECK(HttpClient(plain.port()).ask(kGet).whole);
  CHECK(HttpClient(secure.port(), ClientTls{}).ask(kGet).whole);
}

TEST_CASE("More connections than allowed are closed at once while all are being answered") {
  std::mutex mutex;
  std::vector<serve::Reply> pending;
  const serve::Handler later = [&](const auto&, const auto& reply) {
    const std::scoped_lock lock(mutex);
    pending.push_back(reply);
  };
  ServerFixture fixture(later, {.connections = 4});
  ServerFixture by_address(later, {.connections_per_address = 3});
  for (auto* each : {&fixture, &by_address}) {
    std::vector<HttpClient> clients;
    const std::size_t most = each == &fixture ? 4 : 3;
    for (std::size_t i = 0; i < most; ++i) {
      clients.emplace_back(each->port());
      clients.back().send(kGet);
    }
    const auto asked = [&] {
      const std::scoped_lock lock(mutex);
      return pending.size() == most;
    };
    while (!asked()) std::this_thread::yield();
    CHECK(HttpClient(each->port()).ask(kGet).status == 0);
    CHECK(each->load().refused == 1);
    CHECK(each->load().displaced == 0);
    CHECK(each->load().open == most);
    const std::scoped_lock lock(mutex);
    for (const auto& reply : pending) reply(serve::Response{});
    pending.clear();
    for (auto& client : clients) CHECK(client.reply().status == 200);
  }
}

TEST_CASE("Who asks for nothing makes room when there is none, the longest first") {
  test::TempFolder folder;
  const auto made = test::TlsMaker(folder.path()).make("server", {});
  ServerFixture in_all(answering("x"), {.connections = 4});
  ServerFixture by_address(answering("x"), {.connections_per_address = 4});
  ServerFixture secure(answering("x"), serve::TlsFiles{made.certificate, made.key, ""}, {.connections = 4});
  for (auto* each : {&in_all, &by_address, &secure}) {
    const auto connect = [&] {
      return each == &secure ? HttpClient(each->port(), ClientTls{}) : HttpClient(each->port());
    };
    std::vector<HttpClient> clients;
    for (int i = 0; i < 20; ++i) {
      clients.push_back(connect());
      REQUIRE(clients.back().ask(kGet).status == 200);
    }
    CHECK(each->load().refused == 0);
    CHECK(each->load().displaced == 16);
    CHECK(clients.front().rest().empty());
    CHECK(clients.back().ask(kGet).status == 200);
  }
  // Nor do those keep others out that never shake hands.
  ServerFixture crowded(answering("x"), serve::TlsFiles{made.certificate, made.key, ""}, {.connections = 50});
  std::vector<HttpClient> silent;
  for (int i = 0; i < 100; ++i) silent.emplace_back(crowded.port());
  CHECK(HttpClient(crowded.port(), ClientTls{}).ask(kGet).status == 200);
}

TEST_CASE("Whoever holds all descriptors and says nothing keeps nobody out") {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  ServerFixture fixture(answering("x"));
  std::vector<HttpClient> silent;
  for (int i = 0; i < 20; ++i) silent.emplace_back(fixture.port());
  while (fixture.load().open < 20) std::this_thread::yield();
  // Both ends are in this process: one descriptor is left, and the client takes it.
  const int next = ::dup(STDIN_FILENO);
  REQUIRE(next > 0);
  ::close(next);
  const rlimit one_left{static_cast<rlim_t>(next) + 1, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &one_left) == 0);
  HttpClient late(fixture.port());
  const auto reply = late.ask(kGet);
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(reply.status == 200);
}

TEST_CASE("Two thousand idle connections cost little, and others are served meanwhile") {
  constexpr std::size_t kIdle = 2000;
  const ManyDescriptors many;
  if (ManyDescriptors::most() < 2 * kIdle + 100) {
    WARN("this system allows too few descriptors for 2,000 connections");
    return;
  }
  ServerFixture fixture(answering("x"), {.connections = kIdle + 10, .connections_per_address = kIdle + 10});
  const auto before = resident_kib();
  std::vector<HttpClient> idle;
  idle.reserve(kIdle);
  for (std::size_t i = 0; i < kIdle; ++i) {
    idle.emplace_back(fixture.port());
    // Half of them have been served once, the others have sent half a line.
    if (i % 2 == 0) {
      CHECK(idle.back().ask(kGet).status == 200);
    } else {
      CHECK(idle.back().send("GET /"));
    }
  }
  HttpClient busy(fixture.port());
  for (int i = 0; i < 200; ++i) CHECK(busy.ask(kGet).status == 200);
  CHECK(fixture.load().open == kIdle + 1);
  // Both ends are in this process.
  CHECK(resident_kib() < before + 64 * 1024);
}

TEST_CASE("The server stops under load, and every answer it gave was a good one") {
  test::TempFolder folder;
  const auto made = test::TlsMaker(folder.path()).make("server", {});
  for (int round = 0; round < 5; ++round) {
    std::atomic<int> answered{0};
    std::atomic<int> wrong{0};
    auto fixture = std::make_unique<ServerFixture>(large(1 << 20), serve::TlsFiles{made.certificate, made.key, ""});
    const auto port = fixture->port();
    std::vector<std::jthread> clients;
    for (int i = 0; i < 4; ++i) {
      clients.emplace_back([&] {
        try {
          for (;;) {
            HttpClient client(port, ClientTls{});
            if (!client.alive()) return;
            for (auto reply = client.ask(kGet); reply.whole; reply = client.ask(kGet)) {
              if (reply.status != 200) ++wrong;
              ++answered;
            }
          }
        } catch (const std::exception&) {
          return;  // nobody listens any more
        }
      });
    }
    while (answered < 8) std::this_thread::yield();
    fixture->server().stop(round % 2 == 0 ? 10s : 0s);
    clients.clear();
    CHECK(wrong == 0);
    CHECK(fixture->load().open == 0);
  }
}
