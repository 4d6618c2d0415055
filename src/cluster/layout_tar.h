// LayoutTar: an image layout as a tar stream, made from a folder of blobs while it is read.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gapstow/base/fs.h"
#include "gapstow/base/stream.h"
#include "gapstow/json/value.h"
#include "gapstow/oci/image_destination.h"

namespace gapstow::cluster {

/// One member of the tar: a text, or a file.
struct TarMember {
  std::string name;
  std::string content;
  std::string path;        ///< of the file; empty for a text
  std::uint64_t size = 0;  ///< of the file
};

class LayoutTar final : public base::Source {
 public:
  LayoutTar(base::ReadFs& fs, std::vector<TarMember> members) : fs_(fs), members_(std::move(members)) {}
  std::size_t read(std::span<std::byte> out) override;

 private:
  bool advance();

  base::ReadFs& fs_;
  std::vector<TarMember> members_;
  std::size_t next_ = 0;
  bool ended_ = false;
  std::unique_ptr<base::File> file_;
  std::vector<std::unique_ptr<base::Source>> queue_;  ///< header, content and padding of a member, the first last
};

/// oci-layout, an index.json with these entries, and the blobs as files below `folder`/blobs/sha256.
std::vector<TarMember> layout_members(const json::Array& entries, const std::string& folder,
                                      const std::vector<oci::PlannedBlob>& blobs);

}  // namespace gapstow::cluster
