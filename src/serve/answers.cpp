#include "answers.h"

#include "gapstow/base/text.h"
#include "gapstow/json/write.h"

namespace gapstow::serve {

Response registry_error(unsigned status, std::string_view code, const std::string& message) {
  const json::Object error{{"code", std::string(code)}, {"message", base::printable(message)}};
  Response response = json_answer(json::Object{{"errors", json::Array{error}}});
  response.status = status;
  response.note = message;
  return response;
}

Response json_answer(const json::Value& value, std::string_view type) {
  return text_answer(200, json::serialize(value), type);
}

Response text_answer(unsigned status, std::string text, std::string_view type) {
  Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", std::string(type));
  response.body = std::move(text);
  return response;
}

void mark_immutable(Response& response) {
  response.headers.emplace_back("Cache-Control", "max-age=31536000, immutable");
}

}  // namespace gapstow::serve
