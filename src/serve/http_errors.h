// Answers for requests that reach no route.
#pragma once

#include <string>
#include <string_view>

#include "gapstow/serve/http.h"

namespace gapstow::serve {

/// 500. What went wrong inside is for the log, not for the client.
Response internal_failure(const std::string& why);

/// "Not Found"; for statuses that gapstow does not use, a word for their class.
std::string_view status_text(unsigned status);

}  // namespace gapstow::serve
