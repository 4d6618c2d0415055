// A request to the registry, taken apart.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "gapstow/serve/holdings.h"
#include "gapstow/serve/registry_routes.h"
#include "repository_names.h"

namespace gapstow::serve {

/// What a path of the registry asks for.
enum class RegistryKind { root, catalog, manifest, blob, tags, referrers, unknown };

struct RegistryPlace {
  RegistryKind kind = RegistryKind::unknown;
  std::string name;
  std::string last;  ///< tag or digest
};

/// A request whose repository is known.
struct RegistryRoutes::Asked {
  std::shared_ptr<const Holdings> holdings;
  FoundRepository found;
  RegistryPlace place;
  std::optional<digest::Digest> digest;  ///< of a manifest or blob that is named by it
};

}  // namespace gapstow::serve
