#include "gapstow/bundle/opened.h"

#include "gapstow/archive/ustar.h"
#include "gapstow/base/error.h"
#include "verification.h"

namespace gapstow::bundle {

using base::Error;
using base::ErrorCode;

OpenedBundle::OpenedBundle(std::shared_ptr<base::File> file, Seal seal)
    : file_(std::move(file)), seal_(std::move(seal)), layout_(lay_out(seal_.claimed())) {}

OpenedBundle OpenedBundle::open(std::shared_ptr<base::File> file, Consumer& consumer, const base::CancelToken* cancel) {
  ReadOptions options;
  options.cancel = cancel;
  BundleVerification run(consumer, options);
  base::FileSource front(*file);
  run.begin(front);
  base::FileSource trailer(*file, run.layout().total - archive::kTrailerBytes);
  return OpenedBundle(file, run.finish_front(trailer));
}

base::FileStamp OpenedBundle::prove(std::size_t index, const base::CancelToken* cancel) const {
  const Entry& entry = statement().entries.at(index);
  const EntryPosition& position = layout_.entries.at(index);
  return base::with_context(entry.name, [&] {
    const base::FileStamp before = file_->stamp();
    base::FileSource source(*file_, position.header, position.end - position.header);
    read_entry(source, entry, kReadChunk, [](base::ByteView) {}, Watch{cancel, nullptr});
    if (file_->stamp() != before) throw Error(ErrorCode::conflict, "the bundle was written while it was being proven");
    return before;
  });
}

}  // namespace gapstow::bundle
