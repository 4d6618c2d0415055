#include "importable.h"

#include "gapstow/base/error.h"

namespace gapstow::cluster {

void check_importable(const std::vector<oci::NamedImage>& images, const std::string& where) {
  for (const auto& image : images) {
    if (image.attachments.empty()) continue;
    const std::size_t count = image.attachments.size();
    throw base::Error(base::ErrorCode::usage,
                      where + " cannot keep the " + std::to_string(count) +
                          (count == 1 ? " attachment of " : " attachments of ") + image.reference,
                      "leave them out with --without-attachments, or import into a registry");
  }
}

void remove_tree(base::WriteFs& fs, const std::string& path) noexcept {
  try {
    const auto status = fs.status(path);
    if (!status) return;
    if (status->kind == base::FileStatus::Kind::folder) {
      for (const auto& name : fs.list(path)) remove_tree(fs, path + "/" + name);
    }
    fs.remove(path);
  } catch (const std::exception&) {
    // It stays in the folder for temporary files; what made the run fail is already on its way up.
  }
}

}  // namespace gapstow::cluster
