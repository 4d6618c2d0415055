#include "gapstow/serve/event_log.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <mutex>
#include <vector>

#include "gapstow/json/parse.h"
#include "support/error_of.h"

using namespace gapstow;

namespace {

/// What was written into one opened sink after another.
struct Written {
  std::mutex mutex;
  std::vector<std::string> texts;
  bool fails_to_open = false;
  bool fails_to_write = false;

  std::vector<std::string> all() {
    const std::scoped_lock lock(mutex);
    return texts;
  }
  serve::EventLog::Open opener() {
    class Into final : public base::Sink {
     public:
      Into(Written& into, std::size_t at) : into_(into), at_(at) {}
      void write(base::ByteView bytes) override {
        const std::scoped_lock lock(into_.mutex);
        if (into_.fails_to_write) throw base::Error(base::ErrorCode::io_write, "full");
        into_.texts[at_] += base::as_text(bytes);
      }
      void finish() override {}

     private:
      Written& into_;
      std::size_t at_;
    };
    return [this] {
      if (fails_to_open) throw base::Error(base::ErrorCode::io_write, "no such folder");
      const std::scoped_lock lock(mutex);
      texts.emplace_back();
      return std::make_unique<Into>(*this, texts.size() - 1);
    };
  }
};

}  // namespace

TEST_CASE("A log that cannot be opened is refused, and one that cannot be opened again goes on") {
  const base::SystemClock clock;
  Written written;
  written.fails_to_open = true;
  REQUIRE_ERROR(io_write, serve::EventLog(written.opener(), clock, [](std::uint64_t) {}));
  written.fails_to_open = false;
  {
    serve::EventLog log(written.opener(), clock, [](std::uint64_t) {});
    written.fails_to_open = true;
    REQUIRE_ERROR(io_write, log.reopen());
    log.event("first", {});
    written.fails_to_open = false;
  }
  REQUIRE(written.all().size() == 1);
  CHECK(written.all().front().find(R"("event":"first")") != std::string::npos);
}

TEST_CASE("Lines go where the log was opened last, and lost ones are counted") {
  const base::SystemClock clock;
  Written written;
  std::uint64_t lost = 0;
  {
    serve::EventLog log(written.opener(), clock, [&](std::uint64_t lines) { lost += lines; });
    log.reopen();
    log.event("moved", {});
  }
  REQUIRE(written.all().size() == 2);
  CHECK(written.all().front().empty());
  CHECK(written.all().back().find(R"("event":"moved")") != std::string::npos);
  CHECK(lost == 0);
  written.fails_to_write = true;
  {
    serve::EventLog log(written.opener(), clock, [&](std::uint64_t lines) { lost += lines; });
    for (int i = 0; i < 3; ++i) log.event("lost", {});
  }
  CHECK(lost == 3);
}

TEST_CASE("Whatever clients send, a request is one line of the log") {
  const base::SystemClock clock;
  Written written;
  serve::Access access;
  access.listener = "registry";
  access.peer = "192.0.2.1:1";
  access.method = "GET";
  access.target = "/v2/\n{\"event\":\"access\"}\r\x1b[2J\xff\xc3";
  access.user_agent = "a\"b\\c\u2028\u202e" + std::string(5000, 'x');
  access.note = std::string("\0\x7f\n", 3);
  {
    serve::EventLog log(written.opener(), clock, [](std::uint64_t) {});
    log.access(access);
  }
  const auto text = written.all().front();
  CHECK(std::ranges::count(text, '\n') == 1);
  CHECK(text.size() < 3000);
  CHECK(std::ranges::none_of(text.substr(0, text.size() - 1),
                             [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }));
  const auto line = json::parse(base::to_bytes(text));
  CHECK(line.get_if<json::Object>() != nullptr);
}
