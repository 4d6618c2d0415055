#include "ruling_words.h"

#include <algorithm>

namespace gapstow::enforce::words {
namespace {

constexpr std::size_t kShortId = 12;
constexpr std::size_t kShownKeys = 4;

std::string shortened(std::string_view id) { return std::string(id.substr(0, kShortId)); }

/// "registry.local/mirror/redis:7.2 (docker.io/library/redis:7.2)", or one name where both are the same.
std::string names(const Ruling& ruling) {
  return ruling.origin == ruling.local ? ruling.local : ruling.local + " (" + ruling.origin + ")";
}

std::string list(const std::vector<std::string_view>& items, bool as_ids) {
  std::string out;
  for (std::size_t i = 0; i < std::min(items.size(), kShownKeys); ++i) {
    out += (i == 0 ? "" : ", ") + (as_ids ? shortened(items[i]) : std::string(items[i]));
  }
  return items.size() > kShownKeys ? out + ", …" : out;
}

/// On whose word: "rule docker.io/*, role targets/releases, key 1d01e09a…, sealed by export-desk in bundle 43af12…".
std::string grounds(const ImageView& image) {
  std::string out = "rule " + std::string(image.rule);
  if (image.role.empty()) {
    out += ", no chain";
  } else {
    out += ", role " + std::string(image.role) + (image.key_ids.size() == 1 ? ", key " : ", keys ") +
           list(image.key_ids, true);
  }
  if (!image.signers.empty()) out += ", sealed by " + list(image.signers, false);
  return out + " in bundle " + shortened(image.bundle_id);
}

}  // namespace

std::string proven(const Ruling& ruling, const ImageView& image, const digest::Digest& digest) {
  const std::string what = digest == image.digest ? digest.short_text()
                                                  : digest.short_text() + ", which " + std::string(image.origin) +
                                                        " at " + image.digest.short_text() + " lists";
  return names(ruling) + " is proven: " + what + "; " + grounds(image);
}

std::string refused(const Ruling& ruling, const ImageView& image) {
  return names(ruling) + " is refused: " + std::string(image.refusal) + "; " + grounds(image);
}

std::string lapsed(const Ruling& ruling, const ImageView& image) {
  const std::string what = image.lapse.empty() ? "proof" : std::string(image.lapse);
  return names(ruling) + ": the " + what + " lapsed at " +
         (image.good_until ? base::format_time(*image.good_until) : "an unknown time") + "; " + grounds(image);
}

std::string digest_wanted(const Ruling& ruling, const ImageView& image) {
  return names(ruling) + " is a tag, which may lead elsewhere when it is pulled: write @" + image.digest.text() + "; " +
         grounds(image);
}

std::string other_digest(const Ruling& ruling, const ImageView& image, const digest::Digest& asked) {
  return names(ruling) + ": the tag is proven to be " + image.digest.text() + ", not " + asked.text() + "; " +
         grounds(image);
}

std::string resolved_otherwise(const Ruling& ruling, const digest::Digest& resolved) {
  return names(ruling) + " leads to " + resolved.text() + ", which is another digest";
}

std::string unknown(const Ruling& ruling, const Origin& origin) {
  const auto& reference = origin.reference;
  const std::string what = reference.tag.empty() ? reference.digest->text() : "tag " + reference.tag;
  const std::string way = origin.rule.empty() ? "" : " (relocation " + origin.rule + ")";
  return ruling.local + ": nothing proves " + what + " of " + reference.repository() + way;
}

std::string broke_glass(const Ruling& ruling, const ProvenToken& token, const digest::Digest& digest) {
  return names(ruling) + " is not proven; " + token.signer + " lets " + digest.short_text() + " run in namespace " +
         token.content.place + " until " + base::format_time(token.content.not_after) + ": " + token.content.reason;
}

}  // namespace gapstow::enforce::words
