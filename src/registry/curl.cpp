#include "curl.h"

#include "gapstow/base/error.h"

namespace gapstow::registry {

using base::Error;
using base::ErrorCode;

void prepare_curl() {
  static const CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (result != CURLE_OK) throw Error(ErrorCode::internal, "libcurl cannot start");
}

CurlUrl make_curl_url() {
  CurlUrl url(curl_url());
  if (!url) throw Error(ErrorCode::internal, "libcurl has no memory");
  return url;
}

void append_line(CurlList& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) throw Error(ErrorCode::internal, "libcurl has no memory");
  if (longer != list.get()) list.reset(longer);  // the first line makes the list
}

}  // namespace gapstow::registry
