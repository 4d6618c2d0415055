// A blob on its way out of a bundle.
#pragma once

#include <memory>

#include "gapstow/digest/digest.h"
#include "gapstow/serve/catalog.h"
#include "gapstow/serve/holdings.h"
#include "gapstow/serve/http.h"
#include "gapstow/serve/proofs.h"

namespace gapstow::serve {

inline constexpr std::string_view kBlobUnknown = "BLOB_UNKNOWN";

struct Download {
  std::shared_ptr<const Request> request;
  Reply reply;
  Proofs& proofs;
  std::shared_ptr<const Holdings> holdings;  ///< `blob` lives as long
  const CatalogBlob& blob;
  digest::Digest digest;
  Response response;     ///< all but the body
  std::size_t copy = 0;  ///< which of blob.copies is tried
};

/// Replies when the last byte is proven, from the first copy of which that can be said; 404 when all are damaged. HEAD
/// is answered at once, by what is known by then.
void download(Download download);

}  // namespace gapstow::serve
