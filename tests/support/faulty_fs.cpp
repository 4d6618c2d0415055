#include "support/faulty_fs.h"

#include "gapstow/base/error.h"

namespace gapstow::test {
namespace {

class FaultyFile final : public base::File {
 public:
  FaultyFile(std::unique_ptr<base::File> inner, FaultyFs& fs) : inner_(std::move(inner)), fs_(fs) {}

  std::size_t read_at(std::uint64_t offset, std::span<std::byte> out) override {
    fs_.count_read("read_at");
    return inner_->read_at(offset, out);
  }
  void write_at(std::uint64_t offset, base::ByteView bytes) override {
    fs_.count_write("write_at");
    inner_->write_at(offset, bytes);
  }
  std::uint64_t size() override {
    fs_.count_read("size");
    return inner_->size();
  }
  void sync() override {
    fs_.count_write("sync");
    inner_->sync();
  }
  void start_writeback(std::uint64_t offset, std::uint64_t length) override { inner_->start_writeback(offset, length); }

 private:
  std::unique_ptr<base::File> inner_;
  FaultyFs& fs_;
};

}  // namespace

bool FaultyFs::is_next(const char* call) {
  if (++calls_ != fail_at_) return false;
  failed_call_ = call;
  return true;
}

void FaultyFs::count_read(const char* call) {
  if (is_next(call)) throw base::Error(base::ErrorCode::io_read, std::string("injected failure of ") + call);
}

void FaultyFs::count_write(const char* call) {
  if (is_next(call)) throw base::Error(base::ErrorCode::io_write, std::string("injected failure of ") + call);
}

std::unique_ptr<base::File> FaultyFs::open(const std::string& path) {
  count_read("open");
  return std::make_unique<FaultyFile>(inner_.open(path), *this);
}

std::optional<base::FileStatus> FaultyFs::status(const std::string& path) {
  count_read("status");
  return inner_.status(path);
}

std::vector<std::string> FaultyFs::list(const std::string& folder) {
  count_read("list");
  return inner_.list(folder);
}

std::unique_ptr<base::File> FaultyFs::create(const std::string& path, std::uint32_t mode) {
  count_write("create");
  return std::make_unique<FaultyFile>(inner_.create(path, mode), *this);
}

std::unique_ptr<base::File> FaultyFs::open_for_update(const std::string& path) {
  count_write("open_for_update");
  return std::make_unique<FaultyFile>(inner_.open_for_update(path), *this);
}

void FaultyFs::rename(const std::string& from, const std::string& to) {
  count_write("rename");
  inner_.rename(from, to);
}

void FaultyFs::remove(const std::string& path) {
  count_write("remove");
  inner_.remove(path);
}

void FaultyFs::make_folder(const std::string& path, std::uint32_t mode) {
  count_write("make_folder");
  inner_.make_folder(path, mode);
}

void FaultyFs::sync_folder(const std::string& path) {
  count_write("sync_folder");
  inner_.sync_folder(path);
}

}  // namespace gapstow::test
