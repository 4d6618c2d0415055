// Where a reply points: Location and Link. Source: RFC 9110 section 10.2.2, RFC 8288.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gapstow/registry/message.h"

namespace gapstow::registry {

/// The Location of a reply as a whole URL; nothing when there is none. A proxy that ends TLS makes registries name
/// themselves by http: the host that answered keeps its scheme. Error{malformed} for what is no URL.
std::optional<std::string> location_of(const Reply& reply);

/// The target of the first link to the next page, likewise. Error{network} when it is on another host.
std::optional<std::string> next_page(const Reply& reply);

/// The URL or target with one more query parameter; `value` is escaped.
std::string with_parameter(std::string url, std::string_view name, std::string_view value);

}  // namespace gapstow::registry
