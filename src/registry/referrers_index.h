// The list of what refers to a manifest: an image index, as the referrers API answers it and the fallback tag holds it.
// Source: OCI distribution specification 1.1, "Listing Referrers" and "Referrers Tag Schema".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/bytes.h"
#include "gapstow/registry/repository.h"

namespace gapstow::registry {

/// The entries of a list. Error{malformed} for what is no image index.
std::vector<Referrer> read_referrers(base::ByteView bytes);

/// The list with these entries too, and the others as they are; nothing when all are there already. Empty bytes: a new
/// list.
std::optional<std::string> add_referrers(base::ByteView list, const std::vector<Referrer>& entries);

/// The entry that a list has to have for this manifest: its artifactType, or the type of its configuration, and its
/// annotations.
Referrer describe_referrer(const oci::Descriptor& descriptor, base::ByteView manifest);

}  // namespace gapstow::registry
