#include "gapstow/oci/reference.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "gapstow/base/encoding.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"

namespace gapstow::oci {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view kDefaultHost = "docker.io";
constexpr std::string_view kOldDefaultHost = "index.docker.io";
constexpr std::string_view kOfficial = "library/";
constexpr std::size_t kMaxRepository = 255;
constexpr std::size_t kMaxTag = 128;
constexpr std::size_t kMaxLabel = 63;
constexpr unsigned kMaxPort = 65535;

[[noreturn]] void refuse(std::string_view what, const std::string& why) {
  constexpr std::size_t kShown = 80;
  const std::string cut = base::printable(what.substr(0, kShown)) + (what.size() > kShown ? "…" : "");
  throw Error(ErrorCode::invalid_reference, "'" + cut + "' " + why);
}

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_word(char c) { return is_alphanumeric(c) || is_upper(c) || c == '_'; }

void check_label(std::string_view label, std::string_view host) {
  const bool good = !label.empty() && label.size() <= kMaxLabel && label.front() != '-' && label.back() != '-' &&
                    std::ranges::all_of(label, [](char c) { return is_alphanumeric(c) || c == '-'; });
  if (!good) refuse(host, "is no host name");
}

void check_port(std::string_view port, std::string_view host) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), value);
  if (error != std::errc() || end != port.data() + port.size() || value == 0 || value > kMaxPort ||
      port.front() == '0') {
    refuse(host, "does not end in a port of 1 to 65535");
  }
}

void check_address(const std::string& address, std::string_view host) {
  std::array<unsigned char, 16> ignored{};
  const bool lower = std::ranges::none_of(address, is_upper);
  if (!lower || ::inet_pton(AF_INET6, address.c_str(), ignored.data()) != 1) {
    refuse(host, "is no IPv6 address in lower case");
  }
}

void check_host(std::string_view host) {
  if (std::ranges::any_of(host, is_upper)) refuse(host, "has upper case letters; write the host in lower case");
  std::string_view rest;
  if (host.starts_with('[')) {
    const std::size_t close = host.find(']');
    if (close == std::string_view::npos) refuse(host, "lacks the closing bracket");
    check_address(std::string(host.substr(1, close - 1)), host);
    rest = host.substr(close + 1);
  } else {
    const std::size_t colon = std::min(host.find(':'), host.size());
    for (const auto label : base::split(host.substr(0, colon), '.')) check_label(label, host);
    rest = host.substr(colon);
  }
  if (rest.empty()) return;
  if (rest.front() != ':' || rest.size() == 1) refuse(host, "is no host with port");
  check_port(rest.substr(1), host);
}

/// Letters and digits, joined by one '.', one or two '_', or any number of '-'.
bool is_path_part(std::string_view part) {
  if (part.empty() || !is_alphanumeric(part.front()) || !is_alphanumeric(part.back())) return false;
  for (std::size_t at = 0; at < part.size();) {
    if (is_alphanumeric(part[at])) {
      ++at;
      continue;
    }
    const char separator = part[at];
    const std::size_t end = part.find_first_not_of(separator, at);
    const std::size_t most = separator == '.' ? 1 : separator == '_' ? 2 : separator == '-' ? part.size() : 0;
    if (end - at > most || !is_alphanumeric(part[end])) return false;
    at = end;
  }
  return true;
}

void check_path(std::string_view path) {
  if (std::ranges::any_of(path, is_upper)) refuse(path, "has upper case letters, which repository names must not have");
  for (const auto part : base::split(path, '/')) {
    if (!is_path_part(part)) refuse(path, "is no repository name");
  }
}

void check_tag(std::string_view tag) {
  const bool good = !tag.empty() && tag.size() <= kMaxTag && is_word(tag.front()) &&
                    std::ranges::all_of(tag, [](char c) { return is_word(c) || c == '.' || c == '-'; });
  if (!good) refuse(tag, "is no tag");
}

/// A first part is a host when it cannot be the first part of a path.
bool is_host(std::string_view part) {
  return part == "localhost" || part.find_first_of(".:[") != std::string_view::npos ||
         std::ranges::any_of(part, is_upper);
}

/// Splits HOST/PATH, filling in what Docker's short forms leave out.
void split_name(std::string_view name, Reference& out) {
  const std::size_t slash = name.find('/');
  if (slash != std::string_view::npos && is_host(name.substr(0, slash))) {
    out.host = name.substr(0, slash);
    out.path = name.substr(slash + 1);
  } else {
    out.host = kDefaultHost;
    out.path = name;
  }
  if (out.host == kOldDefaultHost) out.host = kDefaultHost;
  if (out.host != kDefaultHost) return;
  if (slash == std::string_view::npos && base::is_hex(name, 64)) {
    refuse(name, "is 64 hexadecimal digits, which is an image ID and no name");
  }
  if (out.path.find('/') == std::string::npos) out.path.insert(0, kOfficial);
}

digest::Digest read_digest(std::string_view text) {
  try {
    return digest::Digest::parse(text);
  } catch (const Error& error) {
    refuse(text, "is no digest: " + error.why());
  }
}

/// Without what familiar() may leave out.
std::string short_name(const Reference& reference) {
  if (reference.host != kDefaultHost) return reference.repository();
  const std::string_view path = reference.path;
  const bool official = path.starts_with(kOfficial) && path.find('/', kOfficial.size()) == std::string_view::npos;
  return std::string(official ? path.substr(kOfficial.size()) : path);
}

/// Short, some names would be others: docker.io/localhost/app is one.
bool is_spelling_of(const std::string& text, const Reference& reference) {
  try {
    return parse_reference(text) == reference;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

std::string Reference::text() const {
  std::string text = repository();
  if (!tag.empty()) text += ":" + tag;
  if (digest) text += "@" + digest->text();
  return text;
}

std::string Reference::familiar() const {
  if (tag.empty()) throw Error(ErrorCode::invalid_reference, "'" + text() + "' has no tag");
  const Reference tagged{host, path, tag, std::nullopt};
  const std::string name = short_name(*this) + ":" + tag;
  return is_spelling_of(name, tagged) ? name : tagged.text();
}

Reference parse_reference(std::string_view text, bool default_tag) {
  if (text.empty()) refuse(text, "is empty");
  if (text.size() > kMaxReferenceLength) {
    refuse(text, "is longer than " + std::to_string(kMaxReferenceLength) + " bytes");
  }
  Reference reference;
  std::string_view name = text;
  if (const std::size_t at = name.find('@'); at != std::string_view::npos) {
    reference.digest = read_digest(name.substr(at + 1));
    name = name.substr(0, at);
  }
  const std::size_t colon = name.rfind(':');
  if (colon != std::string_view::npos && name.find('/', colon) == std::string_view::npos) {
    reference.tag = name.substr(colon + 1);
    check_tag(reference.tag);
    name = name.substr(0, colon);
  }
  if (name.empty()) refuse(text, "has no repository name");
  split_name(name, reference);
  check_host(reference.host);
  check_path(reference.path);
  if (reference.repository().size() > kMaxRepository) {
    refuse(name, "is a repository name of more than " + std::to_string(kMaxRepository) + " bytes");
  }
  if (default_tag && reference.tag.empty() && !reference.digest) reference.tag = "latest";
  return reference;
}

}  // namespace gapstow::oci
