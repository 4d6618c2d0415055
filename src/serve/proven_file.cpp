#include "proven_file.h"

#include "gapstow/base/error.h"

namespace gapstow::serve {
namespace {

using base::Error;
using base::ErrorCode;

class ProvenFile final : public base::File {
 public:
  ProvenFile(std::shared_ptr<base::File> file, const base::FileStamp& stamp) : file_(std::move(file)), stamp_(stamp) {}

  /// Who writes changes the stamp first and the bytes then: bytes that were read before a stamp that still holds are
  /// old.
  std::size_t read_at(std::uint64_t offset, std::span<std::byte> out) override {
    const std::size_t count = file_->read_at(offset, out);
    if (file_->stamp() != stamp_) throw Error(ErrorCode::conflict, "the file has changed");
    return count;
  }
  std::uint64_t size() override { return file_->size(); }
  base::FileStamp stamp() override { return stamp_; }
  void write_at(std::uint64_t, base::ByteView) override { refuse(); }
  void sync() override { refuse(); }
  void start_writeback(std::uint64_t, std::uint64_t) override {}

 private:
  [[noreturn]] static void refuse() { throw Error(ErrorCode::internal, "a bundle that is served is not written"); }

  std::shared_ptr<base::File> file_;
  base::FileStamp stamp_;
};

}  // namespace

std::shared_ptr<base::File> proven_file(std::shared_ptr<base::File> file, const base::FileStamp& stamp) {
  return std::make_shared<ProvenFile>(std::move(file), stamp);
}

}  // namespace gapstow::serve
