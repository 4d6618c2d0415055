#include "network_options.h"

#include "gapstow/base/error.h"
#include "options.h"

namespace gapstow::cli {
namespace {

/// The option for the side, or the general one.
std::optional<std::string> value(const Arguments& arguments, const std::string& side, const std::string& name) {
  if (!side.empty()) {
    if (auto found = arguments.value(side + "-" + name)) return found;
  }
  return arguments.value(name);
}

bool has(const Arguments& arguments, const std::string& side, const std::string& name) {
  return arguments.has(name) || (!side.empty() && arguments.has(side + "-" + name));
}

}  // namespace

const std::vector<Option>& network_options() {
  static const std::vector<Option> list{
      {"plain-http", 0, "", "speak http to registries and allow notary:http://…"},
      {"ca-file", 0, "PEM", "authorities trusted besides those of the system"},
      {"cert-file", 0, "PEM", "client certificate"},
      {"key-file", 0, "PEM", "key of the client certificate, when it is not in the same file"},
      {"creds", 0, "USER:PASSWORD", "credentials for the registry"},
      {"authfile", 0, "FILE", "credentials as docker or podman keep them (default: $REGISTRY_AUTH_FILE, then theirs)"},
      {"retries", 0, "N", "how often a failed request is tried again (default 5)"},
      {"timeout", 0, "DURATION", "longest time without a byte (default 60s)"}};
  return list;
}

const std::vector<Option>& side_options() {
  static const std::vector<Option> list{{"src-plain-http", 0, "", "as --plain-http, for the source"},
                                        {"src-ca-file", 0, "PEM", "as --ca-file, for the source"},
                                        {"src-cert-file", 0, "PEM", "as --cert-file, for the source"},
                                        {"src-key-file", 0, "PEM", "as --key-file, for the source"},
                                        {"src-creds", 0, "USER:PASSWORD", "as --creds, for the source"},
                                        {"src-authfile", 0, "FILE", "as --authfile, for the source"},
                                        {"dest-plain-http", 0, "", "as --plain-http, for the destination"},
                                        {"dest-ca-file", 0, "PEM", "as --ca-file, for the destination"},
                                        {"dest-cert-file", 0, "PEM", "as --cert-file, for the destination"},
                                        {"dest-key-file", 0, "PEM", "as --key-file, for the destination"},
                                        {"dest-creds", 0, "USER:PASSWORD", "as --creds, for the destination"},
                                        {"dest-authfile", 0, "FILE", "as --authfile, for the destination"}};
  return list;
}

registry::Settings network_settings(const Arguments& arguments, const std::string& side) {
  registry::Settings settings;
  settings.plain_http = has(arguments, side, "plain-http");
  settings.ca_file = value(arguments, side, "ca-file").value_or("");
  settings.cert_file = value(arguments, side, "cert-file").value_or("");
  settings.key_file = value(arguments, side, "key-file").value_or("");
  settings.credentials = value(arguments, side, "creds").value_or("");
  settings.auth_file = value(arguments, side, "authfile").value_or("");
  if (!settings.key_file.empty() && settings.cert_file.empty()) {
    throw base::Error(base::ErrorCode::usage, "--key-file goes with --cert-file");
  }
  settings.retries = arguments.number("retries", 0, 100).value_or(registry::kDefaultRetries);
  if (const auto timeout = arguments.value("timeout")) {
    const std::int64_t seconds = base::parse_duration(*timeout);
    if (seconds < 1 || seconds > 86400) {
      throw base::Error(base::ErrorCode::usage, "--timeout is 1s to 24h, not " + *timeout);
    }
    settings.timeout = std::chrono::seconds(seconds);
  }
  settings.user_agent = tool_name();
  return settings;
}

std::unique_ptr<registry::Network> open_network(const Arguments& arguments, const std::string& side,
                                                Terminal& terminal) {
  return std::make_unique<registry::Network>(network_settings(arguments, side), terminal.fs, terminal.clock,
                                             terminal.cancel);
}

std::string journal_folder(const Arguments& arguments) { return state_path(arguments) + ".uploads"; }

std::vector<Option> joined(std::vector<Option> list, const std::vector<Option>& more) {
  list.insert(list.end(), more.begin(), more.end());
  return list;
}

}  // namespace gapstow::cli
