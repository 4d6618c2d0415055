#include "folders.h"

#include "gapstow/base/error.h"

namespace gapstow::trust {

using base::Error;
using base::ErrorCode;
using base::FileStatus;

void make_folders(base::WriteFs& fs, const std::string& path, std::uint32_t mode) {
  const auto refuse_other = [&](const FileStatus& status) {
    if (status.kind != FileStatus::Kind::folder) throw Error(ErrorCode::conflict, path + " is not a folder");
  };
  if (const auto status = fs.status(path)) return refuse_other(*status);
  const std::string parent = base::parent_folder(path);
  if (parent != path) make_folders(fs, parent, mode);
  try {
    fs.make_folder(path, mode);
  } catch (const Error& error) {
    // Another run may have made it meanwhile.
    const auto status = error.code() == ErrorCode::conflict ? fs.status(path) : std::nullopt;
    if (!status) throw;
    return refuse_other(*status);
  }
  fs.sync_folder(parent);
}

}  // namespace gapstow::trust
