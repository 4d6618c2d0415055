// What must hold among the members of a statement, beyond the form of each. Normative: formats/bundle.md, "Statement".
#pragma once

#include "gapstow/bundle/statement.h"

namespace gapstow::bundle {

/// Error{malformed} or Error{limit_exceeded} for a statement that no bundle may have.
void check_rules(const Statement& statement);

}  // namespace gapstow::bundle
