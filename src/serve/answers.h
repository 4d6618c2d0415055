// Answers that the routes share.
#pragma once

#include <string>
#include <string_view>

#include "gapstow/json/value.h"
#include "gapstow/serve/http.h"

namespace gapstow::serve {

/// {"errors":[{"code":…,"message":…}]}, as the distribution specification has it.
Response registry_error(unsigned status, std::string_view code, const std::string& message);
/// A JSON document.
Response json_answer(const json::Value& value, std::string_view type = "application/json");
/// Plain text.
Response text_answer(unsigned status, std::string text, std::string_view type = "text/plain; charset=utf-8");
/// Documents of registries and Notary servers are found by content: the same bytes for ever.
void mark_immutable(Response& response);

}  // namespace gapstow::serve
