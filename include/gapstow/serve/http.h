// What an HTTP request and its answer are to those who answer: no sockets, no library. Source: RFC 9110, RFC 9112.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gapstow/base/bytes.h"
#include "gapstow/base/fs.h"

namespace gapstow::serve {

/// A whole request. Names of headers are in small letters; a header that came several times is joined by ", ".
struct Request {
  std::string method;  ///< "GET"
  std::string target;  ///< as sent: "/v2/lab/app/manifests/1.1?ns=docker.io"
  std::string path;    ///< decoded once; begins with '/', holds no NUL, no "." or ".." part, empty is at most the last
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order
  std::map<std::string, std::string, std::less<>> headers;
  std::string body;
  std::string peer;         ///< "192.0.2.1:40312"
  std::string certificate;  ///< subject of the client certificate that was proven; empty without one
  bool secure = false;      ///< over TLS

  std::string_view header(std::string_view name) const;
  std::optional<std::string_view> parameter(std::string_view name) const;
};

struct Response;
/// Takes the answer to one request: called once, from any thread, at once or later. Dropping it without an answer is
/// 500.
using Reply = std::function<void(Response)>;

/// Bytes of a file that stays open as long as the answer needs it.
struct FileBody {
  std::shared_ptr<base::File> file;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  /// What stamp() was when the bytes were proven: when it is another one the answer is cut off, not completed.
  base::FileStamp stamp;
  /// Finds out whether the bytes are still the same in the file as it is now: replies with 200 and a FileBody whose
  /// file and stamp are used from then on, or with an error. A file has another stamp also when it was renamed,
  /// replaced under its name or linked. Empty: nothing can be done.
  std::function<void(const Reply&)> renew{};
};

/// Bytes that many answers share.
using SharedBody = std::shared_ptr<const base::Bytes>;

struct Response {
  unsigned status = 200;
  std::vector<std::pair<std::string, std::string>> headers;  ///< without Content-Length, Date, Connection
  std::variant<std::string, SharedBody, FileBody> body;
  std::string note;  ///< for the access log: "sha256:…", "deny: …"

  std::uint64_t length() const;
};

/// Answers requests; called from several threads and must not block: what takes long is done elsewhere and replied
/// later. What it throws becomes 500 and a line in the log.
using Handler = std::function<void(std::shared_ptr<const Request>, Reply)>;

/// 405 with Allow.
Response method_not_allowed(std::string_view allowed);

/// One range of `bytes=` for a body of `size` bytes: nothing for absent, malformed or several ranges (they are answered
/// with the whole body), `unsatisfiable` when it begins behind the end.
struct Range {
  std::uint64_t first = 0;
  std::uint64_t length = 0;
  bool unsatisfiable = false;
};
std::optional<Range> parse_range(std::string_view header, std::uint64_t size);

/// Turns a whole body into what Range, If-Range, If-None-Match and If-Match of the request ask for: 206, 304, 412 or
/// 416. `response` is a 200 with an ETag header.
Response conditional(const Request& request, Response response);

}  // namespace gapstow::serve
