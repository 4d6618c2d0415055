// UploadSession: one upload of a blob as the registry keeps it. Source: OCI distribution specification 1.1, "Push".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "gapstow/registry/repository.h"

namespace gapstow::registry {

/// Always goes on at the place that the registry named last.
class UploadSession {
 public:
  /// For messages: "blob sha256:26d980671166 for quay.io/team/app".
  UploadSession(const Repository& repository, const digest::Digest& digest);

  const std::string& what() const { return what_; }
  const std::string& location() const { return location_; }
  /// Parts other than the last must not be shorter; 0 when nothing was said.
  std::uint64_t shortest_part() const { return shortest_part_; }

  /// A new one. What a server answers instead of one is refused.
  void begin();
  /// Takes up one that was begun before, and says how many bytes of the blob are there; nothing when the registry does
  /// not know it any more. Then it is cancelled, as far as that goes.
  std::optional<std::uint64_t> take_up(const std::string& location);
  /// How many bytes of the blob are there; nothing when the upload is lost.
  std::optional<std::uint64_t> ask();
  /// A body with the bytes from `first` on, `length` many.
  std::unique_ptr<Upload> send_part(std::uint64_t first, std::uint64_t length);
  /// After the reply to a part: where to go on. True when it is another place than before.
  bool follow(const Reply& reply);
  /// Ends it with the last bytes, or with all when none were sent before.
  Reply close(base::Bytes rest);
  void cancel() noexcept;

 private:
  Call call(std::string method) const;

  Repository repository_;
  digest::Digest digest_;
  std::string what_;
  std::string location_;
  std::uint64_t shortest_part_ = 0;
};

}  // namespace gapstow::registry
