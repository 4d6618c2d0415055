// Files of Notary v1.
#include "fuzz/metadata.h"

FUZZ_TARGET(input) { gapstow::fuzz::check_metadata(input, gapstow::tuf::notary_v1()); }
