// Which repository a client means: registries are asked for a path, and what stands before it is in the `ns` parameter
// of a mirror's client, in the Host header, in the path itself, or nowhere.
#pragma once

#include <string>
#include <string_view>

#include "gapstow/serve/catalog.h"
#include "gapstow/serve/http.h"

namespace gapstow::serve {

/// A repository, or why there is none.
struct FoundRepository {
  const CatalogRepository* repository = nullptr;
  std::string local;  ///< the name by which it was found, without a tag: "registry.airgap.local/mirror/redis"
  std::string why;    ///< nothing was found: what was looked for
};

/// With `ns` it is ns/NAME and nothing else. Without: HOST/NAME, by relocation too; then NAME where it begins with a
/// host
/// ("docker.io/library/redis"); then the only repository whose path is NAME. Several of these are refused.
FoundRepository find_repository(const Catalog& catalog, const enforce::Relocations& relocations, const Request& request,
                                std::string_view name);

}  // namespace gapstow::serve
