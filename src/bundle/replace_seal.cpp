#include <algorithm>

#include "gapstow/base/error.h"
#include "gapstow/bundle/layout.h"
#include "gapstow/bundle/reader.h"
#include "gapstow/bundle/writer.h"

namespace gapstow::bundle {
namespace {

/// Where two byte strings of one length differ.
struct Difference {
  std::size_t begin = 0;
  std::size_t end = 0;
};

Difference find_difference(base::ByteView a, base::ByteView b) {
  const auto first = std::ranges::mismatch(a, b);
  if (first.in1 == a.end()) return {};
  std::size_t end = a.size();
  while (a[end - 1] == b[end - 1]) --end;
  return {static_cast<std::size_t>(first.in1 - a.begin()), end};
}

}  // namespace

void replace_seal(const Seal& seal, base::File& bundle) {
  base::FileSource source(bundle);
  const Seal present = read_seal(source);
  if (present.envelope().payload != seal.envelope().payload) {
    throw base::Error(base::ErrorCode::conflict, "the bundle has another statement than the new seal");
  }
  const base::Bytes before = present.entry_bytes();
  const base::Bytes after = seal.entry_bytes();
  // The statement stands in front of the signatures and is the same, so a crash can at worst hurt the signatures.
  const Difference difference = find_difference(before, after);
  if (difference.begin == difference.end) return;
  const std::uint64_t at = lay_out(seal.claimed()).seal_content + difference.begin;
  const std::size_t length = difference.end - difference.begin;
  try {
    bundle.write_at(at, base::ByteView(after).subspan(difference.begin, length));
    bundle.sync();
  } catch (const base::Error&) {
    try {
      bundle.write_at(at, base::ByteView(before).subspan(difference.begin, length));
    } catch (const base::Error&) {
      // The first failure is the one to tell.
    }
    throw;
  }
}

}  // namespace gapstow::bundle
