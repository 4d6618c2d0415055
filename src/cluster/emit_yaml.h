// YAML and TOML as text. Source: YAML 1.2.2, TOML 1.0.0.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gapstow/json/value.h"

namespace gapstow::cluster {

/// Comments by JSON pointer of what they stand above: {"/spec/failurePolicy", "…"}. Several lines by line feeds.
using YamlComments = std::map<std::string, std::string>;

/// A document in block style, members sorted by name. Strings stand bare only where every reader of YAML 1.1 and 1.2
/// takes them for strings.
std::string write_yaml(const json::Value& value, const YamlComments& comments = {});

/// Documents of one file below its comment. The comment belongs to the first of them: API servers take comments with a
/// line of dashes behind them for an object without a kind.
std::string join_documents(std::string head, const std::vector<std::string>& documents);

/// Lines that begin with "# ".
std::string comment_lines(std::string_view text);

/// A basic string of TOML, with its quotes.
std::string toml_string(std::string_view text);

}  // namespace gapstow::cluster
