// State databases in a folder of their own, in memory where the system has such a place: a commit syncs several times.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gapstow/base/bytes.h"
#include "gapstow/trust/state.h"

namespace gapstow::test {

class StateFile {
 public:
  StateFile();
  StateFile(const StateFile&) = delete;
  StateFile& operator=(const StateFile&) = delete;
  ~StateFile();

  const std::string& folder() const { return folder_; }
  const std::string& path() const { return path_; }
  base::Bytes bytes() const;
  void write(base::ByteView bytes) const;
  /// Names in the folder.
  std::vector<std::string> names() const;

 private:
  std::string folder_;
  std::string path_;
};

/// One chain "a.test/app" under one root identity, with its time stamp at `version`.
trust::SeenUpdate update_to(std::uint64_t version, const std::string& gun = "a.test/app");
/// The time stamp's version of that chain, or 0.
std::uint64_t version_in(trust::State& state, const std::string& gun = "a.test/app");

/// Runs SQL on a file as a foreign program would.
void run_sql(const std::string& path, const std::string& sql);
/// Runs `body` while a foreign program holds the lock for writing and has run `sql` without committing it.
int with_write_lock(const std::string& path, const std::function<int()>& body, const std::string& sql = "");

}  // namespace gapstow::test
