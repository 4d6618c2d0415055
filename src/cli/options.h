// Options that several commands share, and what they mean.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/cli/arguments.h"
#include "gapstow/cli/terminal.h"
#include "gapstow/sign/signer.h"
#include "gapstow/trust/decision.h"
#include "gapstow/trust/state.h"
#include "gapstow/trust/store.h"

namespace gapstow::cli {

inline constexpr Option kTrustStoreOption{"trust-store", 0, "DIR",
                                          "trust store (default: $GAPSTOW_TRUST_STORE, "
                                          "$XDG_CONFIG_HOME/gapstow, /etc/gapstow)"};
inline constexpr Option kAtOption{"at", 0, "TIME", "judge expiry and age by this RFC 3339 time instead of the clock"};
inline constexpr Option kExpiryOption{"expiry", 0, "RULE", "now, sealed or ignore: by which clock expiry is judged"};
inline constexpr Option kMaxAgeOption{"max-age", 0, "DURATION", "oldest seal accepted under rule sealed (default 90d)"};
inline constexpr Option kStateOption{"state", 0, "FILE",
                                     "what this site has seen (default: $XDG_STATE_HOME/gapstow/state.db, "
                                     "root: /var/lib/gapstow/state.db)"};
inline constexpr Option kRollbackOption{"allow-rollback", 0, "REASON",
                                        "accept versions older than seen; the reason is recorded"};
inline constexpr Option kJobsOption{"jobs", 'j', "N", "threads (default: one a core, 6 or more with servers)"};
inline constexpr Option kSignerOption{"signer", 0, "KEY", "private key file that seals; may be repeated", true};

/// The folder of the trust store: --trust-store, or the first default that applies.
std::string trust_store_folder(const Arguments& arguments, base::ReadFs& fs);
/// Loads it; Error{not_found} with a hint when there is none.
trust::TrustStore load_trust_store(const Arguments& arguments, base::ReadFs& fs);
/// Loads it when there is one or one was named.
std::optional<trust::TrustStore> load_optional_store(const Arguments& arguments, base::ReadFs& fs);

/// --expiry and --max-age.
trust::RunPolicy run_policy(const Arguments& arguments);
/// --allow-rollback, or empty; Error{usage} for an empty reason.
std::string rollback_reason(const Arguments& arguments);
/// --state, or the default.
std::string state_path(const Arguments& arguments);

/// Opens a private key file; asks for its passphrase ($GAPSTOW_PASSPHRASE, then the terminal) when it has one.
std::unique_ptr<sign::Signer> open_signer(const std::string& path, Terminal& terminal);
/// Opens the private keys of --signer; asks for passphrases ($GAPSTOW_PASSPHRASE, then the terminal). Error{usage} when
/// none is given.
std::vector<std::unique_ptr<sign::Signer>> open_signers(const Arguments& arguments, Terminal& terminal);

/// "gapstow 0.1.0": what seals name as their tool.
std::string tool_name();

}  // namespace gapstow::cli
