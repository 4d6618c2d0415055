#include "http_target.h"

#include <algorithm>

#include "gapstow/base/text.h"
#include "http_words.h"

namespace gapstow::serve {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

enum class Where { path, query };

/// Escapes undone; nothing when one is broken or hides what must not be hidden.
std::optional<std::string> unescaped(std::string_view text, Where where) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && where == Where::query) c = ' ';
    if (c == '%') {
      if (text.size() - i < 3) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
      if (where == Where::path && c == '/') return std::nullopt;
    }
    if (is_control(c) || (where == Where::path && c == '\\')) return std::nullopt;
    plain += c;
  }
  if (!base::is_utf8(plain)) return std::nullopt;
  return plain;
}

bool has_sound_parts(std::string_view path) {
  const auto parts = base::split(path.substr(1), '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] == "." || parts[i] == "..") return false;
    if (parts[i].empty() && i + 1 < parts.size()) return false;
  }
  return true;
}

std::optional<std::vector<std::pair<std::string, std::string>>> decode_query(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const auto part : base::split(text, '&')) {
    if (part.empty()) continue;
    if (parameters.size() == kMaxParameters) return std::nullopt;
    const auto equals = part.find('=');
    auto name = unescaped(part.substr(0, equals), Where::query);
    auto value =
        unescaped(equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1), Where::query);
    if (!name || !value) return std::nullopt;
    parameters.emplace_back(std::move(*name), std::move(*value));
  }
  return parameters;
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~:[]%").find(c) != std::string_view::npos;
}

/// Length of "http://" or "https://" at the beginning, in letters of any size; 0 without one.
std::size_t scheme_length(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (same_word(target.substr(0, scheme.size()), scheme)) return scheme.size();
  }
  return 0;
}

}  // namespace

bool is_authority(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_host_character); }

std::optional<Target> decode_target(std::string_view target) {
  Target decoded;
  if (const auto scheme = scheme_length(target); scheme != 0) {
    target.remove_prefix(scheme);
    const auto end = std::min(target.find_first_of("/?"), target.size());
    decoded.authority = target.substr(0, end);
    target.remove_prefix(end);
    if (!is_authority(decoded.authority)) return std::nullopt;
  } else if (target.empty()) {
    return std::nullopt;
  }
  const auto mark = target.find('?');
  auto path = unescaped(target.substr(0, mark), Where::path);
  if (path && path->empty() && !decoded.authority.empty()) path = "/";
  if (!path || !path->starts_with('/') || target.find('#') != std::string_view::npos) return std::nullopt;
  if (!has_sound_parts(*path)) return std::nullopt;
  decoded.path = std::move(*path);
  if (mark != std::string_view::npos) {
    auto query = decode_query(target.substr(mark + 1));
    if (!query) return std::nullopt;
    decoded.query = std::move(*query);
  }
  return decoded;
}

}  // namespace gapstow::serve
