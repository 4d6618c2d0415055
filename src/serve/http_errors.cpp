#include "http_errors.h"

#include <algorithm>
#include <array>

#include "answers.h"

namespace gapstow::serve {
namespace {

struct StatusText {
  unsigned status;
  std::string_view text;
};

constexpr std::array kStatusTexts = {
    StatusText{200, "OK"},
    StatusText{204, "No Content"},
    StatusText{206, "Partial Content"},
    StatusText{301, "Moved Permanently"},
    StatusText{304, "Not Modified"},
    StatusText{307, "Temporary Redirect"},
    StatusText{400, "Bad Request"},
    StatusText{401, "Unauthorized"},
    StatusText{403, "Forbidden"},
    StatusText{404, "Not Found"},
    StatusText{405, "Method Not Allowed"},
    StatusText{406, "Not Acceptable"},
    StatusText{408, "Request Timeout"},
    StatusText{412, "Precondition Failed"},
    StatusText{413, "Content Too Large"},
    StatusText{414, "URI Too Long"},
    StatusText{415, "Unsupported Media Type"},
    StatusText{416, "Range Not Satisfiable"},
    StatusText{417, "Expectation Failed"},
    StatusText{422, "Unprocessable Content"},
    StatusText{429, "Too Many Requests"},
    StatusText{431, "Request Header Fields Too Large"},
    StatusText{500, "Internal Server Error"},
    StatusText{503, "Service Unavailable"},
    StatusText{505, "HTTP Version Not Supported"},
};

}  // namespace

Response internal_failure(const std::string& why) {
  auto response = registry_error(500, "INTERNAL", "something failed here; the log of the server says what");
  response.note = "failed: " + why;
  return response;
}

Response method_not_allowed(std::string_view allowed) {
  auto response = registry_error(405, "UNSUPPORTED", "nothing can be changed here");
  response.headers.emplace_back("Allow", std::string(allowed));
  return response;
}

std::string_view status_text(unsigned status) {
  const auto found = std::ranges::find(kStatusTexts, status, &StatusText::status);
  if (found != kStatusTexts.end()) return found->text;
  constexpr std::array<std::string_view, 6> kClasses = {"Unknown",     "Information",  "Success",
                                                        "Redirection", "Client Error", "Server Error"};
  return kClasses[status / 100 < kClasses.size() ? status / 100 : 0];
}

}  // namespace gapstow::serve
