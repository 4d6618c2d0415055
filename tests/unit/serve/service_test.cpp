#include "gapstow/serve/service.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <mutex>
#include <set>
#include <sstream>
#include <vector>

#include "http_client.h"
#include "support/error_of.h"
#include "support/serve_world.h"

using namespace gapstow;
using test::HttpClient;

namespace {

/// Logs by when they were opened.
class Logs {
 public:
  serve::EventLog::Open opener() {
    return [this]() -> std::unique_ptr<base::Sink> {
      const std::scoped_lock lock(mutex_);
      if (locked_) throw base::Error(base::ErrorCode::io_write, "the log cannot be opened");
      texts_.emplace_back();
      return std::make_unique<Log>(*this, texts_.size() - 1);
    };
  }
  void lock() { locked_ = true; }
  std::vector<std::string> texts() {
    const std::scoped_lock lock(mutex_);
    return texts_;
  }

 private:
  class Log final : public base::Sink {
   public:
    Log(Logs& logs, std::size_t at) : logs_(logs), at_(at) {}
    void write(base::ByteView bytes) override {
      const std::scoped_lock lock(logs_.mutex_);
      logs_.texts_[at_] += base::as_text(bytes);
    }
    void finish() override {}

   private:
    Logs& logs_;
    std::size_t at_;
  };

  std::mutex mutex_;
  std::vector<std::string> texts_;
  bool locked_ = false;
};

/// Registry and trust server at one place, the status at another.
serve::ServiceSettings settings_for(const test::ServeWorld& world) {
  serve::ServiceSettings settings;
  settings.holdings = world.request;
  settings.registry = settings.notary = settings.status = serve::Endpoint{"127.0.0.1", 0, {}};
  return settings;
}

std::uint16_t port_of(const serve::Service& service, std::size_t at) {
  const std::string url = service.endpoints().at(at).url;
  return static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
}

const std::string kManifest = "/v2/lab/app/manifests/1.1?ns=localhost:5000";

}  // namespace

TEST_CASE("A service whose log cannot be opened does not begin") {
  test::ServeWorld world;
  Logs logs;
  logs.lock();
  REQUIRE_ERROR(io_write, serve::Service(settings_for(world), logs.opener(), world.around()));
}

TEST_CASE("A reload that fails opens the log again, says why, and changes nothing else") {
  test::ServeWorld world;
  Logs logs;
  {
    serve::Service service(settings_for(world), logs.opener(), world.around());
    service.start();
    HttpClient client(port_of(service, 0));
    CHECK(client.get(kManifest).status == 200);
    std::filesystem::resize_file(world.bundle, 5000);
    CHECK_THROWS_AS(service.reload(), base::Error);
    CHECK(client.get(kManifest).status == 200);
    CHECK(HttpClient(port_of(service, 1)).get("/metrics").body.find(R"(gapstow_reloads_total{result="failed"} 1)") !=
          std::string::npos);
    logs.lock();
    REQUIRE_ERROR(io_write, service.reload());
    CHECK(client.get(kManifest).status == 200);
  }
  REQUIRE(logs.texts().size() == 2);
  CHECK(logs.texts().back().find(R"("event":"reload failed")") != std::string::npos);
  CHECK(logs.texts().back().find("the log cannot be opened") != std::string::npos);
}

TEST_CASE("Every series of the metrics is there once, also of a bundle that lies in two places") {
  test::ServeWorld world;
  const std::string copy = world.folder / "copy.gapstow";
  std::filesystem::copy_file(world.bundle, copy);
  auto settings = settings_for(world);
  settings.holdings.bundles.push_back(copy);
  serve::Service service(std::move(settings), {}, world.around());
  service.start();
  CHECK(HttpClient(port_of(service, 0)).get(kManifest).status == 200);
  std::istringstream text(HttpClient(port_of(service, 1)).get("/metrics").body);
  std::set<std::string> series;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("#")) continue;
    INFO(line);
    CHECK(series.insert(line.substr(0, line.rfind(' '))).second);
  }
  CHECK(series.size() > 30);
}

TEST_CASE("Whatever is sent to be stored is 405, with what is allowed") {
  test::ServeWorld world;
  serve::Service service(settings_for(world), {}, world.around());
  service.start();
  const std::string host = " HTTP/1.1\r\nHost: x\r\n";
  const std::string body = host + "Content-Length: 5\r\n\r\nhello";
  const std::string chunks = host + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  const std::vector<std::string> requests{"PUT /v2/lab/app/manifests/1.1" + body, "POST /v2/lab/app/_trust/tuf/" + body,
                                          "PATCH /v2/lab/app/blobs/uploads/1" + chunks,
                                          "DELETE /v2/lab/app/_trust/tuf/" + host + "\r\n",
                                          "POST /v2/lab/app/_trust/tuf/snapshot.key" + body};
  for (const auto& request : requests) {
    INFO(request);
    const auto reply = HttpClient(port_of(service, 0)).ask(request);
    CHECK(reply.status == 405);
    CHECK(reply.headers.contains("allow"));
  }
}
