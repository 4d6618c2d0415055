#include "gapstow/serve/listener.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <openssl/err.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <thread>
#include <vector>

#include "http_client.h"
#include "server_fixture.h"
#include "support/error_of.h"
#include "support/gen_bytes.h"
#include "support/temp_folder.h"
#include "tls_maker.h"

using namespace gapstow;
using namespace std::chrono_literals;
using serve::Request;
using serve::Response;
using test::HttpClient;
using test::ServerFixture;

namespace {

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

std::string many_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  std::uint32_t state = 1;
  for (auto& each : bytes) {
    state = state * 1664525 + 1013904223;
    each = static_cast<char>(state >> 24);
  }
  return bytes;
}

/// From here on this thread finds no IPv6 in the system. False where the system does not let it.
bool forget_ipv6() {
  constexpr auto kNumber = offsetof(seccomp_data, nr);
  constexpr auto kFamily = offsetof(seccomp_data, args);
  std::array<sock_filter, 6> steps{
      {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNumber), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
       BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kFamily), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
  const sock_fprog filter{static_cast<unsigned short>(steps.size()), steps.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/// A file of the system, and an answer with part of it.
class ServedFile {
 public:
  explicit ServedFile(const std::string& bytes) {
    file_ = fs_.create(path(), 0600);
    file_->write_at(0, base::as_bytes(bytes));
    stamp_ = file_->stamp();
  }

  std::string path() const { return folder_ / "blob"; }
  base::File& file() { return *file_; }
  std::shared_ptr<base::File> shared() { return file_; }

  serve::Handler handler(std::uint64_t offset, std::uint64_t length) {
    return [this, offset, length](const auto& request, const auto& reply) {
      Response response;
      response.headers.emplace_back("ETag", "\"x\"");
      response.body = serve::FileBody{file_, offset, length, stamp_};
      reply(serve::conditional(*request, std::move(response)));
    };
  }

 private:
  test::TempFolder folder_;
  base::SystemFs fs_;
  std::shared_ptr<base::File> file_;
  base::FileStamp stamp_;
};

}  // namespace

TEST_CASE("Requests are answered one after the other on one connection") {
  ServerFixture fixture(test::echoing(), {.body_bytes = 100});
  HttpClient client(fixture.port());
  const auto first = client.get("/a?b=c");
  CHECK(first.status == 200);
  CHECK(first.body == "GET /a?b=c|");
  CHECK(first.header("connection").empty());
  CHECK_FALSE(first.header("date").empty());
  CHECK(client.ask("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc").body == "POST /p|abc");
  const auto head = client.ask("HEAD /h HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(head.header("content-length") == "8");
  CHECK(client.get("/after").body == "GET /after|");
  CHECK(fixture.load().accepted == 1);
  const auto access = fixture.wait_for([](const auto& each) { return each.target == "/after"; });
  CHECK(access.status == 200);
  CHECK(access.complete);
  CHECK(access.bytes == 11);
  CHECK(access.listener == "test");
  CHECK(access.peer.starts_with("127.0.0.1:"));
}

TEST_CASE("Requests that come together are answered in order") {
  ServerFixture fixture(test::echoing());
  HttpClient client(fixture.port());
  std::string all;
  for (int i = 0; i < 200; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  client.send(all);
  for (int i = 0; i < 200; ++i) REQUIRE(client.reply().body == "GET /" + std::to_string(i) + "|");
}

TEST_CASE("Connections end when the client or the limit says so") {
  ServerFixture fixture(test::answering("x"), {.requests_per_connection = 3});
  const auto ends = [&](std::string_view request) {
    HttpClient client(fixture.port());
    const auto reply = client.ask(request);
    CHECK(reply.status == 200);
    if (reply.header("connection") != "close") return false;
    return client.rest().empty();
  };
  CHECK_FALSE(ends(kGet));
  CHECK(ends("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  CHECK(ends("GET / HTTP/1.0\r\n\r\n"));
  HttpClient old(fixture.port());
  CHECK(old.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").header("connection") == "keep-alive");
  HttpClient many(fixture.port());
  CHECK(many.ask(kGet).header("connection").empty());
  CHECK(many.ask(kGet).header("connection").empty());
  CHECK(many.ask(kGet).header("connection") == "close");
  CHECK(many.rest().empty());
}

TEST_CASE("Chunked bodies and announced ones") {
  ServerFixture fixture(test::echoing(), {.body_bytes = 100});
  HttpClient client(fixture.port());
  CHECK(client.ask("PUT /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\n\r\n").body ==
        "PUT /c|abc");
  client.send("PUT /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  CHECK(client.reply().status == 100);
  CHECK(client.ask("hi").body == "PUT /e|hi");
  HttpClient refused(fixture.port());
  CHECK(refused.ask("PUT /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 200\r\n\r\n").status == 413);
  CHECK(refused.rest().empty());
}

TEST_CASE("Replies may come later, from another thread") {
  std::vector<std::jthread> threads;
  std::mutex mutex;
  const serve::Handler later = [&](const auto& request, const auto& reply) {
    const std::scoped_lock lock(mutex);
    threads.emplace_back([request, reply] {
      Response response;
      response.body = "late " + request->path;
      reply(response);
      response.body = "twice";
      reply(response);
    });
  };
  ServerFixture fixture(later);
  HttpClient client(fixture.port());
  for (int i = 0; i < 50; ++i) REQUIRE(client.get("/" + std::to_string(i)).body == "late /" + std::to_string(i));
}

TEST_CASE("Handlers that fail are 500, and their reasons stay inside") {
  const serve::Handler failing = [](const auto& request, const auto& reply) {
    if (request->path == "/drop") return;
    if (request->path == "/throw") throw base::Error(base::ErrorCode::io_read, "secret reason");
    if (request->path == "/strange") throw 1;
    Response response;
    response.headers.emplace_back("X", "two\r\nlines: secret");
    reply(std::move(response));
  };
  ServerFixture fixture(failing);
  HttpClient client(fixture.port());
  for (const std::string target : {"/drop", "/throw", "/strange", "/header"}) {
    INFO(target);
    const auto reply = client.get(target);
    CHECK(reply.status == 500);
    CHECK(reply.body.find("secret") == std::string::npos);
    CHECK(reply.head.find("secret") == std::string::npos);
    CHECK(fixture.wait_for([&](const auto& each) { return each.target == target; }).status == 500);
  }
}

TEST_CASE("A reply that does not come in time is 503, and comes in vain") {
  std::mutex mutex;
  std::vector<serve::Reply> kept;
  const serve::Handler never = [&](const auto&, const auto& reply) {
    const std::scoped_lock lock(mutex);
    kept.push_back(reply);
  };
  ServerFixture fixture(never, {.answer = 50ms});
  HttpClient client(fixture.port());
  const auto reply = client.ask(kGet);
  CHECK(reply.status == 503);
  CHECK(client.rest().empty());
  const std::scoped_lock lock(mutex);
  kept.front()(Response{});
}

TEST_CASE("Large bodies arrive whole, from memory and from files, plain and TLS") {
  const auto bytes = many_bytes((5 << 20) + 12345);
  ServedFile file(bytes);
  const auto shared = std::make_shared<const base::Bytes>(base::to_bytes(bytes));
  const serve::Handler handler = [&](const auto& request, const auto& reply) {
    if (request->path == "/file") return file.handler(100, bytes.size() - 300)(request, reply);
    Response response;
    if (request->path == "/shared") response.body = shared;
    if (request->path == "/text") response.body = bytes;
    reply(std::move(response));
  };
  test::TempFolder folder;
  const auto made = test::TlsMaker(folder.path()).make("server", {});
  ServerFixture plain(handler);
  ServerFixture secure(handler, serve::TlsFiles{made.certificate, made.key, ""});
  HttpClient plain_client(plain.port());
  HttpClient secure_client(secure.port(), test::ClientTls{});
  for (auto* client : {&plain_client, &secure_client}) {
    CHECK(client->get("/shared").body == bytes);
    CHECK(client->get("/text").body == bytes);
    CHECK(client->get("/file").body == bytes.substr(100, bytes.size() - 300));
    const auto part = client->ask("GET /file HTTP/1.1\r\nHost: x\r\nRange: bytes=1000000-3000000\r\n\r\n");
    CHECK(part.status == 206);
    CHECK(part.body == bytes.substr(1000100, 2000001));
    const auto none = client->ask("HEAD /file HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(none.header("content-length") == std::to_string(bytes.size() - 300));
  }
}

TEST_CASE("A file that changes under way is cut off, never completed") {
  const auto bytes = many_bytes(8 << 20);
  test::TempFolder folder;
  const auto made = test::TlsMaker(folder.path()).make("server", {});
  for (const bool secure : {false, true}) {
    for (const bool shorter : {false, true}) {
      INFO((secure ? "TLS " : "plain ") << (shorter ? "truncated" : "written"));
      ServedFile file(bytes);
      std::optional<ServerFixture> fixture;
      if (secure) {
        fixture.emplace(file.handler(0, bytes.size()), serve::TlsFiles{made.certificate, made.key, ""});
      } else {
        fixture.emplace(file.handler(0, bytes.size()));
      }
      auto client = secure ? HttpClient(fixture->port(), test::ClientTls{}) : HttpClient(fixture->port());
      // The kernel takes some of it and no more while nobody reads.
      client.send(kGet);
      const auto begin = client.some();
      REQUIRE_FALSE(begin.empty());
      if (shorter) {
        std::filesystem::resize_file(file.path(), 4096);
      } else {
        file.file().write_at(bytes.size() - 1, base::as_bytes("x"));
      }
      const auto rest = client.rest();
      CHECK(begin.size() + rest.size() < bytes.size());
      const auto access = fixture->wait_for([](const auto& each) { return !each.complete; });
      CHECK(access.status == 200);
      CHECK(access.bytes < bytes.size());
    }
  }
}

TEST_CASE("A file with another stamp is proven anew, and the answer goes on, or is cut off when it is not") {
  const auto bytes = many_bytes(8 << 20);
  test::TempFolder folder;
  const auto made = test::TlsMaker(folder.path()).make("server", {});
  for (const bool secure : {false, true}) {
    for (const bool holds : {true, false}) {
      INFO((secure ? "TLS " : "plain ") << (holds ? "as before" : "not any more"));
      ServedFile file(bytes);
      std::vector<std::jthread> provers;
      std::atomic<int> renewals = 0;
      const serve::Handler handler = [&](const auto& request, const auto& reply) {
        file.handler(0, bytes.size())(request, [&, reply](Response response) {
          std::get<serve::FileBody>(response.body).renew = [&](const serve::Reply& renewed) {
            ++renewals;
            provers.emplace_back([&file, &bytes, holds, renewed] {
              Response again;
              again.status = holds ? 200 : 404;
              if (holds) again.body = serve::FileBody{file.shared(), 0, bytes.size(), file.file().stamp()};
              renewed(std::move(again));
            });
          };
          reply(std::move(response));
        });
      };
      std::optional<ServerFixture> fixture;
      if (secure) {
        fixture.emplace(handler, serve::TlsFiles{made.certificate, made.key, ""});
      } else {
        fixture.emplace(handler);
      }
      auto client = secure ? HttpClient(fixture->port(), test::ClientTls{}) : HttpClient(fixture->port());
      // The kernel takes some of it and no more while nobody reads.
      client.send(kGet);
      const auto begin = client.some();
      REQUIRE_FALSE(begin.empty());
      std::filesystem::create_hard_link(file.path(), file.path() + ".again");
      if (holds) {
        auto text = begin;
        while (!text.ends_with(bytes)) {
          const auto more = client.some();
          if (more.empty()) break;
          text += more;
        }
        CHECK(text.ends_with(bytes));
      } else {
        CHECK(begin.size() + client.rest().size() < bytes.size());
      }
      CHECK(fixture->wait_for([](const auto&) { return true; }).complete == holds);
      CHECK(renewals == 1);
    }
  }
}

TEST_CASE("A file that is shorter than its stamp says does not complete an answer") {
  ServedFile file("0123456789");
  ServerFixture fixture(file.handler(5, 20));
  HttpClient client(fixture.port());
  CHECK_FALSE(client.ask(kGet).whole);
  CHECK_FALSE(fixture.wait_for([](const auto&) { return true; }).complete);
}

TEST_CASE("Listeners that cannot be had are refused at once") {
  ServerFixture taken(test::answering("x"));
  const auto with = [](serve::ListenerSettings settings) { serve::Server(std::vector{std::move(settings)}, {}); };
  serve::ListenerSettings settings;
  settings.name = "second";
  settings.address = "127.0.0.1";
  settings.port = taken.port();
  REQUIRE_ERROR(conflict, with(settings));
  settings.address = "not an address";
  REQUIRE_ERROR(usage, with(settings));
  settings.address = "127.0.0.1";
  settings.port = 0;
  test::TempFolder folder;
  const test::TlsMaker maker(folder.path());
  const auto made = maker.make("a", {});
  const auto other = maker.make("b", {});
  settings.tls = serve::TlsFiles{folder / "none", made.key, ""};
  REQUIRE_ERROR(not_found, with(settings));
  settings.tls = serve::TlsFiles{made.certificate, other.key, ""};
  REQUIRE_ERROR(malformed, with(settings));
  settings.tls = serve::TlsFiles{made.key, made.key, ""};
  REQUIRE_ERROR(malformed, with(settings));
  settings.tls = serve::TlsFiles{made.certificate, made.certificate, ""};
  REQUIRE_ERROR(malformed, with(settings));
  settings.tls = serve::TlsFiles{made.certificate, made.key, made.key};
  REQUIRE_ERROR(malformed, with(settings));
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("All addresses are those of IPv4 where the system has no IPv6") {
  serve::ListenerSettings settings;
  settings.name = "everywhere";
  settings.address = "::";
  settings.handler = test::answering("x");
  std::optional<serve::Server> server;
  std::string why = "not tried";
  std::thread([&] {
    try {
      if (forget_ipv6()) server.emplace(std::vector{settings}, serve::AccessObserver{});
    } catch (const base::Error& error) {
      why = error.line();
    }
  }).join();
  INFO(why);
  if (!server && why == "not tried") {
    WARN("this system has no filters of system calls");
    return;
  }
  REQUIRE(server);
  server->start();
  CHECK(HttpClient(server->ports().front()).ask(kGet).status == 200);
}

TEST_CASE("Stopping lets answers finish and closes who is idle") {
  std::mutex mutex;
  std::condition_variable asked;
  std::optional<serve::Reply> pending;
  const serve::Handler handler = [&](const auto& request, const auto& reply) {
    if (request->path == "/now") return reply(Response{});
    const std::scoped_lock lock(mutex);
    pending = reply;
    asked.notify_all();
  };
  ServerFixture fixture(handler);
  HttpClient idle(fixture.port());
  CHECK(idle.get("/now").status == 200);
  HttpClient busy(fixture.port());
  busy.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  {
    std::unique_lock lock(mutex);
    REQUIRE(asked.wait_for(lock, 30s, [&] { return pending.has_value(); }));
  }
  std::jthread stopping([&] { fixture.server().stop(30s); });
  CHECK(idle.rest().empty());  // it is closed while the other one is still served
  {
    const std::scoped_lock lock(mutex);
    Response response;
    response.body = "finished";
    (*pending)(response);
    pending.reset();
  }
  const auto reply = busy.reply();
  CHECK(reply.body == "finished");
  CHECK(busy.rest().empty());
  stopping.join();
  CHECK(fixture.load().open == 0);
  CHECK_THROWS(HttpClient(fixture.port()));
}

TEST_CASE("Stopping without grace breaks answers off, and later replies go nowhere") {
  std::mutex mutex;
  std::condition_variable asked;
  std::vector<serve::Reply> pending;
  const serve::Handler handler = [&](const auto&, const auto& reply) {
    const std::scoped_lock lock(mutex);
    pending.push_back(reply);
    asked.notify_all();
  };
  base::CancelToken cancelled;
  cancelled.cancel();
  for (const bool hurries : {false, true}) {
    ServerFixture fixture(handler);
    HttpClient busy(fixture.port());
    busy.send(kGet);
    {
      std::unique_lock lock(mutex);
      REQUIRE(asked.wait_for(lock, 30s, [&] { return !pending.empty(); }));
    }
    hurries ? fixture.server().stop(1h, &cancelled) : fixture.server().stop(0ms);
    CHECK(busy.rest().empty());
    CHECK_FALSE(fixture.wait_for([](const auto&) { return true; }).complete);
    pending.front()(Response{});
    pending.clear();
  }
}

TEST_CASE("A server that was never started, or has no time to, ends") {
  serve::ListenerSettings settings;
  settings.address = "127.0.0.1";
  settings.handler = test::answering("x");
  serve::Server never(std::vector{settings}, {});
  CHECK(never.ports().front() != 0);
  serve::Server brief(std::vector{settings}, {});
  brief.start();
  HttpClient client(brief.ports().front());
  brief.stop(0ms);
}
