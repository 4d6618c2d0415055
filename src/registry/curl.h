// libcurl's handles with owners. Only this module's sources see libcurl.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

namespace gapstow::registry {

struct CurlDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct CurlMultiDeleter {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
struct CurlUrlDeleter {
  void operator()(CURLU* handle) const { curl_url_cleanup(handle); }
};
struct CurlListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct CurlTextDeleter {
  void operator()(char* text) const { curl_free(text); }
};

using CurlEasy = std::unique_ptr<CURL, CurlDeleter>;
using CurlMulti = std::unique_ptr<CURLM, CurlMultiDeleter>;
using CurlUrl = std::unique_ptr<CURLU, CurlUrlDeleter>;
using CurlList = std::unique_ptr<curl_slist, CurlListDeleter>;
using CurlText = std::unique_ptr<char, CurlTextDeleter>;

/// The library is ready afterwards; Error{internal} when it cannot be.
void prepare_curl();
CurlUrl make_curl_url();
/// Adds one line; Error{internal} when memory is gone.
void append_line(CurlList& list, const std::string& line);

}  // namespace gapstow::registry
