// Notary v1 (Docker Content Trust): the parts of the dialect. Source: notaryproject/notary 0.7, docker/go
// canonical/json.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "gapstow/json/cursor.h"
#include "gapstow/tuf/dialect.h"

namespace gapstow::tuf::notary {

/// "targets/releases": starts with "targets/", characters [-a-z0-9_/], at most 255 bytes, no empty part.
bool is_delegation_name(std::string_view name);
/// Whether `role` is "targets" or a delegation, and `child` one directly below it.
bool is_direct_child(std::string_view role, std::string_view child);

/// hex(sha256(canonical({"keytype":type,"keyval":{"private":null,"public":value}}))).
std::string key_id(std::string_view type, std::string_view value);

/// Those keys of the object {id: key} that are in `needed`. Every ID must be that of its key; keys that no role uses
/// are not looked into further, whatever their kind. A key that is in `known` is taken from there: its ID says it all.
KeyMap read_keys(const json::Cursor& keys, const std::set<std::string>& needed, const KeyMap& known);
/// What `docker trust inspect` shows: the ID of the key as if it had no certificate.
std::string canonical_key_id(const Key& key);
/// Root keys must be x509: one leaf for the GUN, not a CA, soundly signed.
void check_root_key(const Key& key, const std::string& gun);

Signed<Root> parse_root(base::ByteView raw, const KeyMap& known);
Signed<Timestamp> parse_timestamp(base::ByteView raw);
Signed<Snapshot> parse_snapshot(base::ByteView raw);
Signed<Targets> parse_targets(base::ByteView raw, const std::string& role);

}  // namespace gapstow::tuf::notary
