// Answers for requests that reach no route.
#pragma once

#include <string>
#include <string_view>

#include "gapstow/serve/http.h"

namespace gapstow::serve {

/// {"errors":[{"code":…,"message":…}]}; the message is also the note for the access log.
Response error_answer(unsigned status, std::string_view code, const std::string& message);

/// "Not Found"; for statuses that gapstow does not use, a word for their class.
std::string_view status_text(unsigned status);

}  // namespace gapstow::serve
