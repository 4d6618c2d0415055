// BlobUpload: a blob on its way into a repository, as a sink that survives cut connections where the registry lets it.
//
// Small blobs are sent in one request. Larger ones are streamed in one PATCH (or in parts, where the registry or a
// proxy bounds requests), and the last bytes are kept: after a cut the registry is asked how far it got, and what it
// lacks is sent again. When it has less than what is kept, or has lost the upload, the sink fails with Error{network}:
// whoever reads the blob may begin a new sink from the first byte.
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "gapstow/oci/image_destination.h"
#include "gapstow/registry/repository.h"
#include "retry_count.h"
#include "sent_window.h"
#include "upload_places.h"
#include "upload_session.h"

namespace gapstow::registry {

inline constexpr std::uint64_t kOneRequestBytes = 1ULL << 20;  ///< blobs up to this size are sent in one request
inline constexpr std::uint64_t kKeptBytes = 4ULL << 20;        ///< of larger ones, for the case of a cut
inline constexpr std::uint64_t kPartBytes = 4ULL << 20;        ///< first guess where requests are bounded
inline constexpr std::uint64_t kSmallestPart = 64ULL << 10;    ///< a registry that takes less takes none

/// What the uploads into one registry have learned from each other.
struct UploadLore {
  UploadLore(const std::string& host, UploadJournal* journal);
  UploadPlaces places;
  std::atomic<std::uint64_t> largest_request{UINT64_MAX};
  std::atomic<std::uint64_t> shortest_part{0};
};

class BlobUpload final : public base::Sink {
 public:
  /// Begins at once, so that what is forbidden shows before the first byte. The server and `lore` outlive it.
  BlobUpload(const Repository& repository, const oci::PlannedBlob& blob, UploadLore& lore);
  void write(base::ByteView bytes) override;
  void finish() override;

 private:
  bool is_small() const { return blob_.size <= kOneRequestBytes; }
  std::uint64_t part_length() const;
  void begin();
  void send_all();
  std::optional<Reply> send_some();
  void end_part(const Reply& reply);
  void on_refusal(const Reply& reply);
  bool make_parts_smaller(std::uint64_t refused);
  void resume(const base::Error& failure, const Reply* refusal);
  void finish_small();
  void close(const Reply& reply);
  UploadJournal::Key key() const;

  Repository repository_;
  oci::PlannedBlob blob_;
  UploadLore& lore_;
  UploadSession session_;
  RetryCount retries_;
  SentWindow window_;
  std::uint64_t sent_ = 0;        ///< the registry has, or is being sent, this much of the blob
  bool mixed_ = false;            ///< bytes of several connections, maybe of several runs, are joined
  std::unique_ptr<Upload> part_;  ///< the request that is running
  std::uint64_t part_first_ = 0;
  std::uint64_t part_end_ = 0;
};

}  // namespace gapstow::registry
