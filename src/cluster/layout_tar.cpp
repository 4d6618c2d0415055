#include "layout_tar.h"

#include "gapstow/archive/ustar.h"
#include "gapstow/json/write.h"

namespace gapstow::cluster {
namespace {

/// As much of a file as was promised, or Error{truncated}.
class PromisedFile final : public base::Source {
 public:
  PromisedFile(base::File& file, std::uint64_t size) : source_(file), exact_(source_, size) {}
  std::size_t read(std::span<std::byte> out) override { return exact_.read(out); }

 private:
  base::FileSource source_;
  base::ExactSource exact_;
};

std::unique_ptr<base::Source> owned(base::Bytes bytes) { return std::make_unique<base::OwnedSource>(std::move(bytes)); }

}  // namespace

std::size_t LayoutTar::read(std::span<std::byte> out) {
  for (;;) {
    while (!queue_.empty()) {
      if (const std::size_t count = queue_.back()->read(out)) return count;
      queue_.pop_back();
    }
    if (!advance()) return 0;
  }
}

bool LayoutTar::advance() {
  if (ended_) return false;
  if (next_ == members_.size()) {
    ended_ = true;
    queue_.push_back(owned(base::Bytes(archive::kTrailerBytes)));
    return true;
  }
  const TarMember& member = members_[next_++];
  const std::uint64_t size = member.path.empty() ? member.content.size() : member.size;
  queue_.push_back(owned(base::Bytes(archive::padding_of(size))));
  if (member.path.empty()) {
    queue_.push_back(owned(base::to_bytes(member.content)));
  } else {
    file_ = fs_.open(member.path);
    queue_.push_back(std::make_unique<PromisedFile>(*file_, size));
  }
  queue_.push_back(owned(archive::make_header(member.name, size)));
  return true;
}

std::vector<TarMember> layout_members(const json::Array& entries, const std::string& folder,
                                      const std::vector<oci::PlannedBlob>& blobs) {
  std::vector<TarMember> members{
      {"oci-layout", oci::oci_layout_json(), {}, 0},
      {"index.json",
       json::serialize(json::Object{{"manifests", entries}, {"mediaType", oci::kOciIndex}, {"schemaVersion", 2}}),
       {},
       0}};
  for (const auto& blob : blobs) {
    const std::string name = "blobs/sha256/" + blob.digest.hex();
    members.push_back({name, {}, folder + "/" + name, blob.size});
  }
  return members;
}

}  // namespace gapstow::cluster
