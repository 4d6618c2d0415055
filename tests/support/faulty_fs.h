// FaultyFs: a file system that forwards every call and makes one of them fail.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gapstow/base/fs.h"

namespace gapstow::test {

/// Counts calls (also those on the files it opens) and lets the call number `fail_at` fail, from 1; 0 fails none. What
/// fails throws Error{io_read} from reading calls and Error{io_write} from changing ones, without doing anything.
class FaultyFs final : public base::WriteFs {
 public:
  explicit FaultyFs(base::WriteFs& inner, std::uint64_t fail_at = 0) : inner_(inner), fail_at_(fail_at) {}

  std::uint64_t calls() const { return calls_; }
  bool has_failed() const { return calls_ >= fail_at_ && fail_at_ != 0; }
  /// What the failing call was: "write_at", "rename", …
  const std::string& failed_call() const { return failed_call_; }

  std::unique_ptr<base::File> open(const std::string& path) override;
  std::optional<base::FileStatus> status(const std::string& path) override;
  std::vector<std::string> list(const std::string& folder) override;
  std::unique_ptr<base::File> create(const std::string& path, std::uint32_t mode) override;
  std::unique_ptr<base::File> open_for_update(const std::string& path) override;
  void rename(const std::string& from, const std::string& to) override;
  void remove(const std::string& path) override;
  void make_folder(const std::string& path, std::uint32_t mode) override;
  void sync_folder(const std::string& path) override;

  void count_read(const char* call);
  void count_write(const char* call);

 private:
  bool is_next(const char* call);

  base::WriteFs& inner_;
  std::uint64_t fail_at_;
  std::atomic<std::uint64_t> calls_{0};
  std::string failed_call_;
};

}  // namespace gapstow::test
