// HTTP messages as registries and Notary servers use them. Source: RFC 9110, OCI distribution specification 1.1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gapstow/base/bytes.h"
#include "gapstow/base/stream.h"

namespace gapstow::registry {

inline constexpr std::uint64_t kMaxReplyBytes = 4ULL
                                                << 20;  ///< of a reply that is held in memory, unless said otherwise
inline constexpr std::uint64_t kMaxHeaderBytes = 256ULL << 10;  ///< of all headers of a reply

/// Header fields in order; names compare without regard to case.
class Headers {
 public:
  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  /// The first field of that name.
  std::optional<std::string> find(std::string_view name) const;
  /// Every field of that name, in order.
  std::vector<std::string> all(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// One question to a server. Authentication, retries and redirects are not its matter.
struct Call {
  std::string method = "GET";
  std::string target;  ///< "/v2/…" on the server, or a URL that the server has named (Location, Link)
  Headers headers;
  base::Bytes body;
  /// Token scopes that it needs, "repository:team/app:pull"; several are separated by spaces. They are asked for
  /// together with those that a challenge names.
  std::string scope;
  std::uint64_t limit = kMaxReplyBytes;  ///< a longer reply is Error{limit_exceeded}
};

struct Reply {
  int status = 0;
  Headers headers;
  base::Bytes body;  ///< empty for streams
  std::string url;   ///< that answered, after redirects; without credentials
};

/// The body of a reply as it comes in. Error{network} when the connection is cut, Error{interrupted} when the run is
/// cancelled.
class Download : public base::Source {
 public:
  virtual const Reply& reply() const = 0;
};

/// The body of a request as it is made. Exactly the announced number of bytes must be written before take_reply().
class Upload {
 public:
  virtual ~Upload() = default;
  /// False: the server has answered already and takes no more; take_reply() tells why. Error{network} when the
  /// connection is cut.
  virtual bool write(base::ByteView bytes) = 0;
  virtual Reply take_reply() = 0;
};

}  // namespace gapstow::registry
