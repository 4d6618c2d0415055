// Error: the one exception class of gapstow, and the one closed list of failure classes.
//
// The list is shared by the code, the format specification, the test vectors, the JSON output and the
// man pages. Every class belongs to one exit code (shared by all commands, see gapstow(1)).
#pragma once

#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gapstow::base {

enum class ErrorCode {
  // Not trusted (exit 1).
  signature_invalid,  ///< a signature by a known key does not verify
  threshold_unmet,    ///< fewer distinct trusted keys signed than are required
  untrusted_key,      ///< no trusted signer sealed this
  untrusted_root,     ///< nothing is pinned for this name
  pin_mismatch,       ///< the root metadata is not the pinned one
  name_mismatch,      ///< metadata of another repository (GUN)
  digest_mismatch,    ///< bytes are not the promised ones (hash or length)
  role_invalid,       ///< type, version or rights of a role are wrong
  chain_incomplete,   ///< metadata that is needed or listed is not there
  equivocation,       ///< same version, other content than seen before
  target_missing,     ///< the chain signs no such target
  target_mismatch,    ///< the image is not the one that the target names
  // Usage (exit 2).
  usage,               ///< unknown option, missing or contradicting argument
  invalid_reference,   ///< text that is not an image reference
  digest_unavailable,  ///< the destination cannot keep the signed digest
  // Environment (exit 3).
  not_found,          ///< a file, folder, image or key that was named does not exist
  io_read,            ///< reading failed
  io_write,           ///< writing failed
  conflict,           ///< something else is in the way
  key_unusable,       ///< a private key cannot be opened (passphrase, kind)
  state_unavailable,  ///< the state database cannot be used
  clock_behind,       ///< the clock is earlier than proven evidence
  network,            ///< a server failed or cannot be reached
  unauthorized,       ///< a server wants credentials, or refuses those it got
  internal,           ///< a fault of gapstow itself
  // Damaged (exit 4).
  truncated,       ///< ends too early
  malformed,       ///< not in the form that the format demands
  limit_exceeded,  ///< larger, longer or deeper than the limits allow
  unsupported,     ///< a version or feature that this program does not know
  // One each.
  expired,      ///< expired under the chosen rule, all else proven (exit 5)
  rollback,     ///< older than what the state has seen (exit 6)
  denied,       ///< a rule of the trust store refuses (exit 7)
  interrupted,  ///< stopped by a signal (exit 130)
};

/// The stable name of a class, as printed in brackets and in JSON: "digest_mismatch".
std::string_view name(ErrorCode code);
/// The class with that name, or nothing.
std::optional<ErrorCode> error_code_from_name(std::string_view name);
/// The exit code of the class: 1-7 or 130.
int exit_code(ErrorCode code);
/// All classes, in declaration order.
std::span<const ErrorCode> all_error_codes();

/// What went wrong, why, where, and how to go on. Thrown, never returned; a denial by policy is data.
class Error : public std::exception {
 public:
  /// `why` is one line without a final stop. `hint` says how to go on, or is empty.
  Error(ErrorCode code, std::string why, std::string hint = {});

  ErrorCode code() const { return code_; }
  const std::string& why() const { return why_; }
  const std::string& hint() const { return hint_; }
  /// Outermost first: {"app.gapstow", "entry 7 (blobs/sha256/…)"}.
  const std::vector<std::string>& context() const { return context_; }

  /// Says where on the way up; the newest context is the outermost.
  Error& within(std::string where);
  /// Adds a hint unless there is one already.
  Error& advise(std::string hint);

  /// "<context>: <context>: <why>", one line, control characters escaped.
  std::string line() const;
  const char* what() const noexcept override { return why_.c_str(); }

 private:
  ErrorCode code_;
  std::string why_;
  std::string hint_;
  std::vector<std::string> context_;
};

/// Runs `body`; an Error that passes gets `where` added.
template <typename Where, typename Body>
auto with_context(Where&& where, Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (Error& error) {
    error.within(std::string(where));
    throw;
  }
}

}  // namespace gapstow::base
