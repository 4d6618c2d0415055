// What the command line says about a service.
#pragma once

#include <string_view>
#include <vector>

#include "gapstow/cli/arguments.h"
#include "gapstow/cli/terminal.h"
#include "gapstow/serve/service.h"

namespace gapstow::cli {

/// All options of `serve` that are its own.
const std::vector<Option>& serve_options();

/// Error{usage} for addresses that are none, for a listener that other machines can reach without TLS (unless
/// --plain-http), and for an admission listener without TLS or without a word about client certificates.
serve::ServiceSettings serve_settings(const Arguments& arguments, Terminal& terminal);

/// HOST:PORT, [HOST]:PORT or :PORT (all addresses of this machine). Error{usage}.
serve::Endpoint parse_endpoint(std::string_view text);

}  // namespace gapstow::cli
