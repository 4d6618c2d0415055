// Signers whose algorithms are randomised: their signatures over the worked example's statement were made once with
// openssl and stand here.
#pragma once

#include "vectors/bundle_forge.h"

namespace gapstow::test {

const FixedSigner& p256_signer();
const FixedSigner& rsa_signer();

}  // namespace gapstow::test
