// Asking for passphrases: from $GAPSTOW_PASSPHRASE, else from the controlling terminal without echo.
#pragma once

#include <string>

#include "gapstow/sign/secret.h"

namespace gapstow::cli {

/// For a key that exists. Error{key_unusable} when there is neither variable nor terminal.
sign::SecretBytes ask_passphrase(const std::string& key);
/// For a new key: asked twice on a terminal. Empty passphrases are Error{usage}.
sign::SecretBytes ask_new_passphrase(const std::string& key);

}  // namespace gapstow::cli
