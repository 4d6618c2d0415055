// The three members that say what machine an image is for; descriptors and configurations share them.
#pragma once

#include "gapstow/json/cursor.h"
#include "gapstow/oci/descriptor.h"

namespace gapstow::oci {

/// os, architecture and variant of an object, each empty where it is absent or null. Error{malformed} for texts that
/// are no such names.
Platform read_platform_parts(const json::Cursor& at);

}  // namespace gapstow::oci
