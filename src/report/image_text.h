// Lines about one image that several text reports share: what travels with it, and what became of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gapstow/report/style.h"
#include "gapstow/transfer/outcome.h"

namespace gapstow::report {

/// "3 attachments, <standing>: 1 signature (cosign), 2 of application/spdx+json"; each with its digest when verbose.
std::string attachment_lines(const std::vector<bundle::AttachmentRecord>& attachments, std::string_view standing,
                             const Style& style);

/// Under which name it was, or would be, imported, and which blobs had to move; or why it is not there.
std::string delivery_lines(const transfer::Outcome& outcome, const transfer::ImageOutcome& image, const Style& style);

}  // namespace gapstow::report
