#include "options.h"

#include "gapstow/base/error.h"
#include "gapstow/sign/key_file.h"
#include "passphrase.h"

namespace gapstow::cli {
namespace {

constexpr const char* kSystemStore = "/etc/gapstow";

std::optional<std::string> user_store_folder() {
  if (const auto config = environment("XDG_CONFIG_HOME")) return *config + "/gapstow";
  if (const auto home = environment("HOME")) return *home + "/.config/gapstow";
  return std::nullopt;
}

bool holds_store(base::ReadFs& fs, const std::string& folder) {
  return fs.status(folder + "/" + std::string(trust::kStoreFile)).has_value();
}

}  // namespace

std::string trust_store_folder(const Arguments& arguments, base::ReadFs& fs) {
  if (const auto named = arguments.value("trust-store")) return *named;
  if (const auto named = environment("GAPSTOW_TRUST_STORE")) return *named;
  const auto own = user_store_folder();
  if (own && (holds_store(fs, *own) || !holds_store(fs, kSystemStore))) return *own;
  return kSystemStore;
}

trust::TrustStore load_trust_store(const Arguments& arguments, base::ReadFs& fs) {
  return trust::load_store(fs, trust_store_folder(arguments, fs));
}

std::optional<trust::TrustStore> load_optional_store(const Arguments& arguments, base::ReadFs& fs) {
  const std::string folder = trust_store_folder(arguments, fs);
  const bool named = arguments.has("trust-store") || environment("GAPSTOW_TRUST_STORE");
  if (!named && !holds_store(fs, folder)) return std::nullopt;
  return trust::load_store(fs, folder);
}

trust::RunPolicy run_policy(const Arguments& arguments) {
  trust::RunPolicy policy;
  if (const auto rule = arguments.value("expiry")) policy.expiry = trust::parse_expiry_rule(*rule);
  if (const auto age = arguments.value("max-age")) policy.max_age_seconds = base::parse_duration(*age);
  return policy;
}

std::string rollback_reason(const Arguments& arguments) {
  const auto reason = arguments.value("allow-rollback");
  if (reason && reason->empty()) throw base::Error(base::ErrorCode::usage, "--allow-rollback needs a reason");
  return reason.value_or("");
}

std::string state_path(const Arguments& arguments) {
  const auto named = arguments.value("state");
  return named ? *named : trust::default_state_path();
}

std::unique_ptr<sign::Signer> open_signer(const std::string& path, Terminal& terminal) {
  const auto bytes = base::read_file(terminal.fs, path, sign::kMaxKeyFileBytes);
  return base::with_context(path, [&]() -> std::unique_ptr<sign::Signer> {
    const sign::KeyFile file = sign::KeyFile::parse(bytes);
    std::optional<sign::SecretBytes> passphrase;
    if (file.is_encrypted()) passphrase = ask_passphrase(path);
    return std::make_unique<sign::SecretKey>(file.open(passphrase));
  });
}

std::vector<std::unique_ptr<sign::Signer>> open_signers(const Arguments& arguments, Terminal& terminal) {
  std::vector<std::unique_ptr<sign::Signer>> signers;
  for (const auto& path : arguments.values("signer")) signers.push_back(open_signer(path, terminal));
  if (signers.empty()) {
    throw base::Error(base::ErrorCode::usage, "nobody signs: --signer is missing",
                      "make a key with gapstow key generate NAME and give --signer NAME.key");
  }
  return signers;
}

std::string tool_name() { return "gapstow " GAPSTOW_VERSION; }

}  // namespace gapstow::cli
