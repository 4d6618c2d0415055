// Writing bundles, as a stream or in parallel into a file; both give the same bytes.
#pragma once

#include <functional>
#include <memory>

#include "gapstow/base/cancel.h"
#include "gapstow/base/fs.h"
#include "gapstow/base/stream.h"
#include "gapstow/bundle/seal.h"

namespace gapstow::bundle {

/// Gives the content of entry `index` (position in Statement::entries). The writer checks size and digest.
/// Called from several threads by write_file().
using OpenContent = std::function<std::unique_ptr<base::Source>(std::size_t index)>;
/// Told of every few bytes written; may be called from several threads. May be empty.
using OnProgress = std::function<void(std::uint64_t bytes)>;

struct WriteOptions {
  const base::CancelToken* cancel = nullptr;
  OnProgress on_progress;
  unsigned jobs = 1;  ///< write_file only
};

/// Front to back. Finishes the sink.
void write_stream(const Seal& seal, const OpenContent& open, base::Sink& out, const WriteOptions& options);
/// Every entry at its position, several at once.
void write_file(const Seal& seal, const OpenContent& open, base::File& out, const WriteOptions& options);

/// Replaces the seal entry of a bundle in place (co-signing). The statement must be the same.
void replace_seal(const Seal& seal, base::File& bundle);

}  // namespace gapstow::bundle
