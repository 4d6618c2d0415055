// JSON Patch as an API server applies it. Source: RFC 6902, RFC 6901.
#pragma once

#include "gapstow/json/value.h"

namespace gapstow::test {

/// Applies add, remove, replace and test. std::runtime_error when a step cannot be done or a test fails.
json::Value apply_patch(json::Value document, const json::Value& patch);

}  // namespace gapstow::test
