// Writing JSON in the two canonical forms gapstow needs.
#pragma once

#include <string>

#include "gapstow/json/value.h"

namespace gapstow::json {

/// Compact valid JSON with one spelling for each value: members sorted by name, no white space, integers in
/// decimal, strings escaped only where RFC 8785 demands (\" \\ \b \f \n \r \t and \u00xx in lower case).
/// All files that gapstow itself makes are in this form. Reals are Error{internal}, strings that
/// are not UTF-8 Error{malformed}.
std::string serialize(const Value& value);

/// The same value with two-space indentation and a final line feed, for people and for --format json.
std::string pretty(const Value& value);

/// The canonical form that TUF signatures cover (OLPC canonical JSON as in docker/go canonical/json and
/// securesystemslib): as serialize(), but in strings only '"' and '\' are escaped and control characters
/// stand raw, so it need not be valid JSON. Reals are Error{malformed}.
std::string canonical(const Value& value);

}  // namespace gapstow::json
