// gapstow-image-verifier: answers containerd (plugin io.containerd.image-verifier.v1.bindir) from the decision file.
//
//   gapstow-image-verifier -name REF -digest DIGEST -stdin-media-type application/vnd.oci.descriptor.v1+json <
//   DESCRIPTOR
//
// One line on standard output says why. Exit status 0 allows; 1 refuses; 2 could not decide, which refuses too.
#include "gapstow/enforce/image_verifier.h"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "gapstow/base/error.h"
#include "gapstow/base/fd_stream.h"
#include "gapstow/base/fs.h"
#include "gapstow/base/text.h"
#include "gapstow/base/time.h"
#include "gapstow/enforce/sandbox.h"
#include "gapstow/enforce/snapshot.h"
#include "gapstow/trust/store.h"

namespace {

using gapstow::base::Error;
using gapstow::base::ErrorCode;
namespace base = gapstow::base;
namespace enforce = gapstow::enforce;
namespace trust = gapstow::trust;

constexpr int kUndecided = 2;

std::string setting(const char* variable, const char* otherwise) {
  const char* const value = std::getenv(variable);
  return value == nullptr || *value == '\0' ? otherwise : value;
}

/// An operator may want decisions to be given up when nobody renews the file that holds them.
void check_age(const enforce::Snapshot& snapshot, const std::string& most, base::Time now) {
  if (most.empty()) return;
  const base::Time end = snapshot.made_at().plus_seconds(base::parse_duration(most));
  if (now < end) return;
  throw Error(ErrorCode::expired, "the decision file is of " + base::format_time(snapshot.made_at()) +
                                      ", older than the " + most + " of GAPSTOW_SNAPSHOT_MAX_AGE");
}

/// All that is read is read first; then the process gives up everything that is not computing.
enforce::PullAnswer decide(const std::vector<std::string>& words) {
  const enforce::Pull pull = enforce::parse_pull(words);
  base::FdSource input(0, "standard input");
  const base::Bytes descriptor = base::read_all(input, enforce::kMaxDescriptorBytes);
  base::SystemFs fs;
  const auto store = trust::load_store(fs, setting("GAPSTOW_TRUST_STORE", "/etc/gapstow"));
  const std::string path = setting("GAPSTOW_SNAPSHOT", "/var/lib/gapstow/decisions.snapshot");
  const std::string most_age = setting("GAPSTOW_SNAPSHOT_MAX_AGE", "");
  auto file = enforce::read_snapshot(fs, path);
  const base::Time now = base::SystemClock().now();
  enforce::enter_sandbox();
  enforce::check_descriptor(pull, descriptor);
  const auto snapshot = base::with_context(path, [&] {
    return enforce::Snapshot::prove(std::move(file), store.operators, enforce::SnapshotCheck::as_read);
  });
  check_age(*snapshot, most_age, now);
  return enforce::answer_pull(enforce::Judge(snapshot, {}), pull, now);
}

enforce::PullAnswer answer(const std::vector<std::string>& words) noexcept try {
  return decide(words);
} catch (const Error& error) {
  return {kUndecided, "undecided, so refused: " + error.line() + " [" + std::string(base::name(error.code())) + "]"};
} catch (const std::exception& error) {
  return {kUndecided, "undecided, so refused: " + base::printable(error.what())};
}

}  // namespace

int main(int count, char** words) {
  // OpenSSL would read its configuration, which may name libraries to load; this program brings all that it needs.
  setenv("OPENSSL_CONF", "/dev/null", 1);
  const auto given = answer({words + std::min(count, 1), words + count});
  try {
    base::FdSink output(1, "standard output");
    output.write(base::as_bytes(given.reason + "\n"));
  } catch (const Error&) {
    // Nobody hears the reason; the exit status says what counts.
  }
  return given.exit_code;
}
