#include "support/trust_state_file.h"

#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include "gapstow/base/fs.h"
#include "support/trust_samples.h"

namespace gapstow::test {

StateFile::StateFile() {
  std::error_code ignored;
  const bool memory = std::filesystem::is_directory("/dev/shm", ignored);
  const std::filesystem::path base = memory ? "/dev/shm" : std::filesystem::temp_directory_path();
  folder_ = (base / "gapstow-state-XXXXXX").string();
  if (::mkdtemp(folder_.data()) == nullptr) throw std::runtime_error("cannot make a folder");
  path_ = folder_ + "/state.db";
}

StateFile::~StateFile() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

base::Bytes StateFile::bytes() const {
  base::SystemFs fs;
  return base::read_file(fs, path_, 64 << 20);
}

void StateFile::write(base::ByteView bytes) const {
  std::ofstream out(path_, std::ios::binary | std::ios::trunc);
  const auto text = base::as_text(bytes);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
}

std::vector<std::string> StateFile::names() const {
  base::SystemFs fs;
  return fs.list(folder_);
}

trust::SeenUpdate update_to(std::uint64_t version, const std::string& gun) {
  return {gun, {sample_hex(1)}, {{"timestamp", seen_role(version, static_cast<unsigned>(version))}}};
}

std::uint64_t version_in(trust::State& state, const std::string& gun) {
  const auto roles = state.seen(gun, {sample_hex(1)});
  const auto found = roles.find("timestamp");
  return found == roles.end() ? 0 : found->second.version;
}

namespace {

/// A connection of a foreign program.
class Connection {
 public:
  explicit Connection(const std::string& path) {
    if (sqlite3_open(path.c_str(), &handle_) != SQLITE_OK) fail();
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { sqlite3_close(handle_); }
  void run(const std::string& sql) {
    if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail();
  }

 private:
  [[noreturn]] void fail() { throw std::runtime_error(sqlite3_errmsg(handle_)); }
  sqlite3* handle_ = nullptr;
};

}  // namespace

void run_sql(const std::string& path, const std::string& sql) { Connection(path).run(sql); }

int with_write_lock(const std::string& path, const std::function<int()>& body, const std::string& sql) {
  Connection connection(path);
  connection.run("BEGIN IMMEDIATE;" + sql);
  return body();
}

}  // namespace gapstow::test
