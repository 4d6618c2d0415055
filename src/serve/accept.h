// Content negotiation. Source: RFC 9110, sections 12.4.2 and 12.5.1.
#pragma once

#include <string_view>

namespace gapstow::serve {

/// Whether a client that sends this Accept header (empty: none) takes this type. What means the type most closely
/// decides; preferences do not matter, as there is one form of everything here.
bool accepts(std::string_view header, std::string_view media_type);

}  // namespace gapstow::serve
