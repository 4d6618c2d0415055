// The annotations of index.json entries that hold names, or say what an entry belongs to.
#pragma once

#include <string_view>

namespace gapstow::oci {

inline constexpr std::string_view kRefName = "org.opencontainers.image.ref.name";
inline constexpr std::string_view kContainerdName = "io.containerd.image.name";
inline constexpr std::string_view kContainerdSubject = "io.containerd.manifest.subject";

}  // namespace gapstow::oci
