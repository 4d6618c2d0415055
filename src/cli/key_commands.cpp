#include <algorithm>

#include "gapstow/base/atomic_file.h"
#include "gapstow/base/error.h"
#include "gapstow/sign/key_file.h"
#include "options.h"
#include "passphrase.h"
#include "table.h"

namespace gapstow::cli {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::uint64_t kMaxPublicKeyBytes = 64 * 1024;

sign::KeyType key_type(const std::string& name) {
  if (name == "ed25519") return sign::KeyType::ed25519;
  if (name == "p256") return sign::KeyType::ecdsa_p256;
  throw Error(ErrorCode::usage, "'" + name + "' is no algorithm for keys", "write ed25519 or p256");
}

json::Object key_json(const sign::PublicKey& key, const std::string& file) {
  return json::Object{
      {"file", file}, {"algorithm", std::string(sign::name(key.type()))}, {"fingerprint", key.fingerprint()}};
}

void refuse_existing(base::ReadFs& fs, const std::string& secret_path, const std::string& public_path) {
  const bool has_public = fs.status(public_path).has_value();
  if (fs.status(secret_path)) {
    throw Error(ErrorCode::conflict, secret_path + " exists already",
                has_public ? "keys are never overwritten; choose another name"
                           : "its public key is missing: gapstow key public " + secret_path + " > " + public_path);
  }
  if (has_public) {
    throw Error(ErrorCode::conflict, public_path + " exists already",
                "keys are never overwritten; choose another name");
  }
}

/// The private key first: its file holds the public one too, so a run that is killed in between has lost nothing.
void write_pair(base::WriteFs& fs, const std::string& secret_path, base::ByteView secret,
                const std::string& public_path, const std::string& pem) {
  base::write_file(fs, secret_path, secret, 0600);
  try {
    base::write_file(fs, public_path, base::as_bytes(pem));
  } catch (const Error&) {
    fs.remove(secret_path);
    throw;
  }
}

int run_generate(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(1, 1, "NAME");
  const std::string& name = arguments.operands().front();
  if (name.empty() || name.back() == '/') throw Error(ErrorCode::usage, "the name of the key is empty");
  const sign::KeyType type = key_type(arguments.value_or("algorithm", "ed25519"));
  const std::string secret_path = name + ".key";
  const std::string public_path = name + ".pub";
  refuse_existing(terminal.fs, secret_path, public_path);
  std::optional<sign::SecretBytes> passphrase;
  if (!arguments.has("no-passphrase")) passphrase = ask_new_passphrase(secret_path);
  const sign::SecretKey key = sign::SecretKey::generate(type);
  base::Bytes secret = sign::write_key_file(key, passphrase);
  write_pair(terminal.fs, secret_path, secret, public_path, key.public_key().pem());
  sign::wipe(secret);
  json::Object value{{"command", "key generate"}, {"secret", secret_path}};
  value.set("key", key_json(key.public_key(), public_path));
  terminal.print(arguments,
                 "private key  " + secret_path + (passphrase ? "" : "  (not encrypted)") + "\npublic key   " +
                     public_path + "\nfingerprint  " + key.public_key().fingerprint() + "\n",
                 value);
  return 0;
}

/// The public key of a private key file or of a PEM file.
sign::PublicKey read_public(base::ReadFs& fs, const std::string& path) {
  const auto bytes = base::read_file(fs, path, kMaxPublicKeyBytes);
  return base::with_context(path, [&] {
    const auto text = base::as_text(bytes);
    return text.starts_with("{") ? sign::KeyFile::parse(bytes).public_key() : sign::PublicKey::from_pem(text);
  });
}

int run_public(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(1, 1, "KEY");
  const std::string& path = arguments.operands().front();
  const sign::PublicKey key = read_public(terminal.fs, path);
  json::Object value{{"command", "key public"}, {"pem", key.pem()}};
  value.set("key", key_json(key, path));
  terminal.print(arguments, key.pem(), value);
  return 0;
}

/// Files in a folder that hold keys, by their endings; others are none of our business.
std::vector<std::string> key_files(base::ReadFs& fs, const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& name : fs.list(folder)) {
    if (name.ends_with(".key") || name.ends_with(".pub")) paths.push_back(folder == "." ? name : folder + "/" + name);
  }
  return paths;
}

int run_list(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(0, 1, "[DIR]");
  const std::string folder = arguments.operands().empty() ? "." : arguments.operands().front();
  std::string text;
  json::Array keys;
  for (const auto& path : key_files(terminal.fs, folder)) {
    try {
      const sign::PublicKey key = read_public(terminal.fs, path);
      const std::string kind = path.ends_with(".key") ? "private" : "public";
      text += key.fingerprint() + "  " + kind + "  " + std::string(sign::name(key.type())) + "  " + path + "\n";
      json::Object item = key_json(key, path);
      item.set("kind", kind);
      keys.emplace_back(std::move(item));
    } catch (const Error& error) {
      terminal.messages << "gapstow: key list: skipped " << error.line() << " [" << base::name(error.code()) << "]\n";
    }
  }
  terminal.print(arguments, text.empty() ? "no keys in " + folder + "\n" : text,
                 json::Object{{"command", "key list"}, {"keys", std::move(keys)}});
  return 0;
}

}  // namespace

std::vector<Command> key_commands() {
  return {
      {"key generate",
       "NAME",
       "make a key pair: NAME.key (encrypted with a passphrase) and NAME.pub",
       {{"algorithm", 0, "ALGORITHM", "ed25519 (default) or p256"},
        {"no-passphrase", 0, "", "leave the private key unencrypted"}},
       run_generate},
      {"key public", "KEY", "print the public key of a key file as PEM", {}, run_public},
      {"key list", "[DIR]", "list the keys in a folder with their fingerprints", {}, run_list},
  };
}

}  // namespace gapstow::cli
