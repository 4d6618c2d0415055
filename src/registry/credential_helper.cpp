#include "credential_helper.h"

#include <algorithm>

#include "gapstow/base/error.h"
#include "gapstow/base/program.h"
#include "gapstow/base/text.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "wipe.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t kMaxServer = 4096;
constexpr std::string_view kHasNothing = "credentials not found in native keychain";

[[noreturn]] void refuse_helper(const std::string& program, const std::string& why) {
  throw Error(ErrorCode::unauthorized, "credential helper " + program + ": " + why,
              "the helper is named in the file of credentials; --creds and --authfile go around it");
}

base::ProgramResult ask(const std::string& program, base::Source& question, const base::CancelToken& cancel,
                        std::chrono::milliseconds time) {
  try {
    return base::run_program({{program, "get"}, &question, time, kMaxHelperOutput}, cancel);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::interrupted) throw;
    refuse_helper(program, error.why());
  }
}

Credential parse_answer(std::string_view text) {
  const auto document = json::parse(base::as_bytes(text), {.bytes = kMaxHelperOutput, .depth = 8, .reals = true});
  const json::Cursor answer(document);
  Credential credential;
  const auto& user = answer.at("Username").string();
  const auto& secret = answer.at("Secret").string();
  if (user == "<token>") {
    credential.identity_token = secret;
  } else {
    credential.user = user;
    credential.secret = secret;
  }
  return credential;
}

bool is_helper_name(const std::string& name) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return !name.empty() && name.size() <= 128 && std::ranges::all_of(name, is_allowed);
}

}  // namespace

std::optional<Credential> ask_helper(const std::string& name, const std::string& server,
                                     const base::CancelToken& cancel, std::chrono::milliseconds time) {
  if (!is_helper_name(name)) throw Error(ErrorCode::malformed, "'" + name + "' is no name of a credential helper");
  if (server.size() > kMaxServer) throw Error(ErrorCode::limit_exceeded, "the server's name is too long");
  const auto program = "docker-credential-" + name;
  base::MemorySource question(base::as_bytes(server));
  auto result = ask(program, question, cancel, time);
  auto& text = result.output;
  if (result.exit_code != 0) {
    if (text.find(kHasNothing) != std::string::npos) return std::nullopt;
    refuse_helper(program, "failed: " + base::printable(text.substr(0, std::min<std::size_t>(200, text.find('\n')))));
  }
  auto credential = base::with_context(program, [&] { return parse_answer(text); });
  wipe(text);
  if (credential.user.empty() && credential.secret.empty() && credential.identity_token.empty()) return std::nullopt;
  return credential;
}

}  // namespace gapstow::registry
