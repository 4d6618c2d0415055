// Reasons, in words: one line each, which names what was looked for, the rule, the role and the keys.
#pragma once

#include <string>

#include "gapstow/enforce/judge.h"

namespace gapstow::enforce::words {

std::string proven(const Ruling& ruling, const ImageView& image, const digest::Digest& digest);
std::string refused(const Ruling& ruling, const ImageView& image);
std::string lapsed(const Ruling& ruling, const ImageView& image);
std::string digest_wanted(const Ruling& ruling, const ImageView& image);
std::string other_digest(const Ruling& ruling, const ImageView& image, const digest::Digest& asked);
std::string resolved_otherwise(const Ruling& ruling, const digest::Digest& resolved);
std::string unknown(const Ruling& ruling, const Origin& origin);
std::string broke_glass(const Ruling& ruling, const ProvenToken& token, const digest::Digest& digest);

}  // namespace gapstow::enforce::words
