#include "gapstow/bundle/reader.h"

#include "balanced.h"
#include "gapstow/archive/ustar.h"
#include "gapstow/base/error.h"
#include "gapstow/base/read_ahead.h"
#include "gapstow/bundle/layout.h"
#include "gapstow/bundle/parts.h"
#include "verification.h"

namespace gapstow::bundle {
namespace {

/// Not trusted or damaged; not a full disk or a signal.
bool is_about_the_bytes(const base::Error& error) {
  const int code = base::exit_code(error.code());
  return code == 1 || code == 4;
}

VerifiedBundle read_ahead(base::Source& source, Consumer& consumer, const ReadOptions& options) {
  base::ReadAhead ahead(source);
  BundleVerification run(consumer, options);
  run.begin(ahead);
  for (std::size_t i = run.first_payload(); i < run.entries().size(); ++i) run.read_payload(ahead, i);
  return run.finish(ahead);
}

}  // namespace

VerifiedBundle read_stream(base::Source& source, Consumer& consumer, const ReadOptions& options) {
  try {
    return read_ahead(source, consumer, options);
  } catch (const base::Error& error) {
    // When the bundle comes in parts, the medium to replace is what people need to know.
    auto* parts = dynamic_cast<PartsSource*>(&source);
    if (parts != nullptr && is_about_the_bytes(error)) parts->name_damaged_part(options.cancel);
    throw;
  }
}

VerifiedBundle read_file(base::File& file, Consumer& consumer, const ReadOptions& options) {
  BundleVerification run(consumer, options);
  base::FileSource front(file);
  run.begin(front);
  const Layout layout = run.layout();
  for_each_entry(run.entries(), run.first_payload(), options.jobs,
                 [&](std::size_t i) { run.read_payload_again(file, i, layout.entries[i]); });
  base::FileSource trailer(file, layout.total - archive::kTrailerBytes);
  return run.finish(trailer);
}

Seal read_seal(base::Source& source) { return read_claimed_seal(source, Watch{}); }

}  // namespace gapstow::bundle
