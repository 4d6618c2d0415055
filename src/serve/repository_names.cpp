#include "repository_names.h"

#include <optional>

#include "gapstow/base/error.h"

namespace gapstow::serve {
namespace {

/// The name as a reference without a tag; nothing where it cannot be one.
std::optional<oci::Reference> as_repository(const std::string& text) {
  try {
    auto reference = enforce::normalise(text);
    if (reference.digest) return std::nullopt;
    reference.tag.clear();
    return reference;
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

/// Only "localhost", or what has a dot or a port; any other word would be taken for the first part of a path.
bool is_host(std::string_view text) {
  return text == "localhost" ||
         (text.find_first_of(".:") != std::string_view::npos && text.find('/') == std::string_view::npos);
}

bool begins_with_host(std::string_view name) {
  const std::string_view first = name.substr(0, name.find('/'));
  return first.size() < name.size() && is_host(first);
}

const CatalogRepository* look_up(const Catalog& catalog, const enforce::Relocations& relocations,
                                 const oci::Reference& local) {
  try {
    return catalog.find(relocations.origin_of(local).reference.repository());
  } catch (const base::Error&) {
    return nullptr;
  }
}

FoundRepository by_path(const Catalog& catalog, std::string_view name, const std::string& looked_for) {
  const auto found = catalog.with_path(name);
  if (found.size() == 1) return {found.front(), found.front()->origin, {}};
  if (found.empty()) return {nullptr, {}, "no bundle here proves " + looked_for};
  return {nullptr,
          {},
          "both " + found[0]->origin + " and " + found[1]->origin + " could be meant; ask with ?ns=HOST, or for HOST/" +
              std::string(name)};
}

}  // namespace

FoundRepository find_repository(const Catalog& catalog, const enforce::Relocations& relocations, const Request& request,
                                std::string_view name) {
  const auto found_as = [&](const std::string& text) -> FoundRepository {
    const auto local = as_repository(text);
    if (!local) return {nullptr, {}, text + " is no repository's name"};
    const auto* repository = look_up(catalog, relocations, *local);
    if (repository != nullptr) return {repository, local->repository(), {}};
    return {nullptr, {}, "no bundle here proves " + local->repository()};
  };
  if (const auto ns = request.parameter("ns")) {
    if (!is_host(*ns)) return {nullptr, {}, "ns=" + std::string(*ns) + " names no registry"};
    return found_as(std::string(*ns) + "/" + std::string(name));
  }
  std::string looked_for(name);
  if (const auto host = request.header("host"); is_host(host)) {
    auto found = found_as(std::string(host) + "/" + std::string(name));
    if (found.repository != nullptr) return found;
    looked_for = std::string(host) + "/" + std::string(name);
  }
  if (begins_with_host(name)) {
    auto found = found_as(std::string(name));
    if (found.repository != nullptr) return found;
  }
  return by_path(catalog, name, looked_for);
}

}  // namespace gapstow::serve
