#include <algorithm>
#include <string>
#include <string_view>
#include <type_traits>

#include "answers.h"
#include "gapstow/base/text.h"
#include "gapstow/serve/http.h"

namespace gapstow::serve {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string_view without_weakness(std::string_view tag) {
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  return tag;
}

enum class Comparison { strong, weak };

/// Whether a list of entity tags names `tag`. No tag of ours holds a comma.
bool names(std::string_view list, std::string_view tag, Comparison comparison) {
  if (trimmed(list) == "*") return true;
  return std::ranges::any_of(base::split(list, ','), [&](std::string_view each) {
    each = trimmed(each);
    if (comparison == Comparison::weak) return without_weakness(each) == without_weakness(tag);
    return each == tag && !each.starts_with("W/");
  });
}

std::string header_of(const Response& response, std::string_view name) {
  const auto found = std::ranges::find(response.headers, name, &std::pair<std::string, std::string>::first);
  return found == response.headers.end() ? std::string() : found->second;
}

Response not_modified(Response response) {
  response.status = 304;
  response.body = std::string();
  std::erase_if(response.headers, [](const auto& header) { return header.first == "Content-Type"; });
  return response;
}

Response range_refused(std::uint64_t size) {
  auto response = registry_error(416, "RANGE_INVALID", "the range begins behind the end");
  response.headers.emplace_back("Content-Range", "bytes */" + std::to_string(size));
  return response;
}

void cut(Response& response, const Range& range) {
  const auto first = static_cast<std::size_t>(range.first);
  const auto length = static_cast<std::size_t>(range.length);
  if (auto* text = std::get_if<std::string>(&response.body)) {
    response.body = text->substr(first, length);
  } else if (auto* shared = std::get_if<SharedBody>(&response.body)) {
    response.body = std::string(base::as_text(base::ByteView(**shared).subspan(first, length)));
  } else if (auto* file = std::get_if<FileBody>(&response.body)) {
    file->offset += range.first;
    file->length = range.length;
  }
}

/// If-Range holds one strong tag, or a date, which nothing of ours has.
bool range_is_wanted(const Request& request, std::string_view tag) {
  const auto condition = trimmed(request.header("if-range"));
  return condition.empty() || (condition == tag && !tag.starts_with("W/"));
}

}  // namespace

std::uint64_t Response::length() const {
  return std::visit(
      [](const auto& held) -> std::uint64_t {
        using Held = std::remove_cvref_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, SharedBody>) return held == nullptr ? 0 : held->size();
        if constexpr (std::is_same_v<Held, FileBody>) return held.length;
        if constexpr (std::is_same_v<Held, std::string>) return held.size();
      },
      body);
}

Response conditional(const Request& request, Response response) {
  const auto tag = header_of(response, "ETag");
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (response.status != 200 || tag.empty() || !reads) return response;
  const auto must_match = request.header("if-match");
  if (!must_match.empty() && !names(must_match, tag, Comparison::strong)) {
    return registry_error(412, "PRECONDITION_FAILED", "the content has another entity tag");
  }
  const auto known = request.header("if-none-match");
  if (!known.empty() && names(known, tag, Comparison::weak)) return not_modified(std::move(response));
  response.headers.emplace_back("Accept-Ranges", "bytes");
  if (request.method != "GET" || !range_is_wanted(request, tag)) return response;
  const auto size = response.length();
  const auto range = parse_range(request.header("range"), size);
  if (!range) return response;
  if (range->unsatisfiable) return range_refused(size);
  response.status = 206;
  response.headers.emplace_back("Content-Range", "bytes " + std::to_string(range->first) + "-" +
                                                     std::to_string(range->first + range->length - 1) + "/" +
                                                     std::to_string(size));
  cut(response, *range);
  return response;
}

}  // namespace gapstow::serve
