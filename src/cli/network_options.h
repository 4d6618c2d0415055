// The network options of commands that speak to registries and Notary servers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gapstow/cli/arguments.h"
#include "gapstow/cli/terminal.h"
#include "gapstow/registry/network.h"

namespace gapstow::cli {

/// --plain-http, --ca-file, --cert-file, --key-file, --creds, --authfile, --retries, --timeout.
const std::vector<Option>& network_options();
/// The same as --src-… and --dest-…, for commands with two sides; they beat the general ones.
const std::vector<Option>& side_options();

/// What the options say for one side: "src", "dest", or empty for commands with one side.
registry::Settings network_settings(const Arguments& arguments, const std::string& side);
std::unique_ptr<registry::Network> open_network(const Arguments& arguments, const std::string& side,
                                                Terminal& terminal);

/// Where uploads that were cut are remembered: beside the state database.
std::string journal_folder(const Arguments& arguments);

/// `list` and what `more` holds.
std::vector<Option> joined(std::vector<Option> list, const std::vector<Option>& more);

}  // namespace gapstow::cli
