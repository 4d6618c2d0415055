#include "tar_headers.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <vector>

#include "gapstow/archive/ustar.h"
#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"

namespace gapstow::archive {
namespace {

using base::Error;
using base::ErrorCode;

constexpr unsigned kMaxExtensions = 8;                ///< x, L and K in front of one entry, and some air
constexpr std::uint64_t kMaxExtension = 64ULL << 10;  ///< names and times need under 4 KiB

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::malformed, why); }

base::Bytes peek(Feed& feed, std::uint64_t position, std::uint64_t size) {
  base::Bytes bytes(size);
  if (!feed.peek(position, bytes)) refuse("extension headers are longer than any real ones");
  return bytes;
}

std::uint64_t extension_size(std::string_view field) {
  while (!field.empty() && (field.back() == '\0' || field.back() == ' ')) field.remove_suffix(1);
  while (!field.empty() && field.front() == ' ') field.remove_prefix(1);
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), size, 8);
  if (field.empty() || error != std::errc() || end != field.data() + field.size()) {
    refuse("the size of an extension header is no octal number");
  }
  base::check_limit(size, kMaxExtension, "size of an extension header");
  return size;
}

struct Record {
  std::string_view key;
  std::string_view value;
};

/// One "<length> <key>=<value>\n"; takes it off `rest`.
Record take_record(std::string_view& rest) {
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), length);
  const auto digits = static_cast<std::size_t>(end - rest.data());
  if (error != std::errc() || digits >= rest.size() || rest[digits] != ' ' || length > rest.size() ||
      length < digits + 3 || rest[length - 1] != '\n') {
    refuse("an extended header holds a damaged record");
  }
  const std::string_view body = rest.substr(digits + 1, length - digits - 2);
  rest.remove_prefix(length);
  const std::size_t equals = body.find('=');
  if (equals == std::string_view::npos) refuse("an extended header holds a record without a value");
  return {body.substr(0, equals), body.substr(equals + 1)};
}

void check_extended(std::string_view body) {
  std::set<std::string_view> seen;
  while (!body.empty()) {
    const auto [key, value] = take_record(body);
    if (key.starts_with("GNU.sparse.") || key == "SUN.holesdata") refuse("sparse files are refused");
    if (key != "path" && key != "linkpath" && key != "size") continue;
    if (!seen.insert(key).second) refuse("an extended header gives " + std::string(key) + " twice");
    if (value.find('\0') != std::string_view::npos) refuse("a name holds a NUL byte");
  }
}

void check_global(std::string_view body) {
  while (!body.empty()) {
    const auto [key, value] = take_record(body);
    if (key != "comment") refuse("a global header sets '" + base::printable(key) + "' for all members");
  }
}

/// A NUL ends a name; text behind it would be seen by some readers only.
void check_long_name(std::string_view body) {
  const std::size_t end = body.find('\0');
  if (end != std::string_view::npos && body.find_first_not_of('\0', end) != std::string_view::npos) {
    refuse("a name holds a NUL byte");
  }
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

void check_text(std::string_view name) {
  if (std::ranges::any_of(name, is_control) || !base::is_utf8(name)) {
    refuse("name with control characters or bytes that are not UTF-8: " + base::printable(name));
  }
  if (name.starts_with('/')) refuse("absolute name: " + base::printable(name));
}

/// Follows the parts of `name` from the folder `at`; "." stays, ".." goes up where `may_climb`.
void walk(std::vector<std::string_view>& at, std::string_view name, const std::string& whole) {
  for (const std::string_view part : base::split(name, '/')) {
    if (part == ".") continue;
    if (part.empty()) refuse("name with an empty part: " + whole);
    if (part != "..") {
      at.push_back(part);
    } else if (at.empty()) {
      refuse("link that points outside of the archive: " + whole);
    } else {
      at.pop_back();
    }
  }
}

std::string join(const std::vector<std::string_view>& parts) {
  std::string name;
  for (const auto part : parts) name.append(name.empty() ? "" : "/").append(part);
  return name;
}

}  // namespace

void check_extensions(Feed& feed, std::uint64_t position) {
  for (unsigned i = 0; i < kMaxExtensions; ++i) {
    const base::Bytes block = peek(feed, position, kBlock);
    const std::string_view header = base::as_text(block);
    const char type = header[156];
    if (type == 'S') refuse("sparse files are refused");
    if (std::string_view("xXgLK").find(type) == std::string_view::npos) return;
    const std::uint64_t size = extension_size(header.substr(124, 12));
    const base::Bytes bytes = peek(feed, position + kBlock, size);
    const std::string_view body = base::as_text(bytes);
    if (type == 'g') {
      check_global(body);
    } else if (type == 'L' || type == 'K') {
      check_long_name(body);
    } else {
      check_extended(body);
    }
    position += kBlock + size + padding_of(size);
  }
  refuse("more than " + std::to_string(kMaxExtensions) + " extension headers in front of one member");
}

std::string normal_name(std::string_view name) {
  check_text(name);
  if (name.ends_with('/')) name.remove_suffix(1);
  std::vector<std::string_view> parts = base::split(name, '/');
  if (std::ranges::find(parts, std::string_view("..")) != parts.end()) {
    refuse("name that climbs out of its folder: " + base::printable(name));
  }
  parts.clear();
  walk(parts, name, base::printable(name));
  return join(parts);
}

std::string resolve_link(std::string_view name, std::string_view target) {
  check_text(target);
  if (target.ends_with('/')) target.remove_suffix(1);
  std::vector<std::string_view> parts = base::split(name, '/');
  parts.pop_back();
  walk(parts, target, base::printable(target));
  if (parts.empty()) refuse("link to a folder: " + base::printable(target));
  return join(parts);
}

}  // namespace gapstow::archive
