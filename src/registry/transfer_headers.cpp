#include "transfer_headers.h"

#include <charconv>
#include <string_view>

namespace gapstow::registry {
namespace {

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct Span {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

/// "100-199"
std::optional<Span> read_span(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = number(text.substr(0, dash));
  const auto last = number(text.substr(dash + 1));
  if (!first || !last || *last < *first || *last == UINT64_MAX) return std::nullopt;
  return Span{*first, *last};
}

}  // namespace

std::optional<std::uint64_t> content_length(const Headers& headers) {
  const auto field = headers.find("Content-Length");
  if (!field) return std::nullopt;
  return number(*field);
}

std::optional<ContentRange> content_range(const Headers& headers) {
  constexpr std::string_view kUnit = "bytes ";
  const auto field = headers.find("Content-Range");
  if (!field || !field->starts_with(kUnit)) return std::nullopt;
  const std::string_view text = std::string_view(*field).substr(kUnit.size());
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto span = read_span(text.substr(0, slash));
  const std::string_view total = text.substr(slash + 1);
  const auto length = number(total);
  if (!span || (!length && total != "*") || (length && *length <= span->last)) return std::nullopt;
  return ContentRange{span->first, span->last, length};
}

std::optional<std::uint64_t> uploaded_bytes(const Headers& headers) {
  constexpr std::string_view kUnit = "bytes=";
  const auto field = headers.find("Range");
  if (!field) return 0;
  std::string_view text = *field;
  if (text.starts_with(kUnit)) text.remove_prefix(kUnit.size());
  const auto span = read_span(text);
  if (!span || span->first != 0) return std::nullopt;
  return span->last == 0 ? 0 : span->last + 1;
}

}  // namespace gapstow::registry
