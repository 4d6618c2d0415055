#include "gapstow/tuf/served.h"

namespace gapstow::tuf {

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kPlain = "-_.~";
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          kPlain.find(c) != std::string_view::npos;
    if (is_plain) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += {'%', kDigits[byte >> 4], kDigits[byte & 0xF]};
  }
  return encoded;
}

std::string metadata_file(std::string_view role, std::optional<std::uint64_t> version) {
  return (version ? std::to_string(*version) + "." : "") + percent_encoded(role) + ".json";
}

std::vector<std::string> target_files(const std::string& name, const Target& target, bool consistent_snapshot) {
  if (!consistent_snapshot) return {name};
  const std::size_t slash = name.rfind('/');
  const std::size_t base = slash == std::string::npos ? 0 : slash + 1;
  std::vector<std::string> paths;
  for (const auto& hash : target.hashes) paths.push_back(name.substr(0, base) + hash.hex() + "." + name.substr(base));
  return paths;
}

}  // namespace gapstow::tuf
