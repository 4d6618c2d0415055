#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/bundle/statement.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "statement_rules.h"

namespace gapstow::bundle {
namespace {

using base::Error;
using base::ErrorCode;
using json::Cursor;

/// A name shown in a message: bounded, safe for a terminal.
std::string shown(std::string_view text) { return "'" + base::printable(text.substr(0, 80)) + "'"; }

[[noreturn]] void refuse_newer(const std::string& what) {
  throw Error(ErrorCode::unsupported, "the bundle has " + what + ", which this program does not know",
              "read it with a newer gapstow");
}

void demand_frame(const Cursor& root, std::string_view member, std::string_view known) {
  const std::string& found = root.at(member).string();
  if (found != known) refuse_newer(std::string(member) + " " + shown(found));
}

/// Looked at before anything else, so that a newer format is told from a damaged one.
void check_version(const Cursor& root) {
  demand_frame(root, "_type", kStatementType);
  demand_frame(root, "predicateType", kPredicateType);
  const Cursor predicate = root.at("predicate");
  const std::uint64_t version = predicate.at("version").unsigned_integer();
  if (version != 1) refuse_newer("format version " + std::to_string(version));
  const std::vector<std::string> features = predicate.at("requires").strings();
  if (!features.empty()) refuse_newer("the required feature " + shown(features.front()));
}

/// One printable line, at most kMaxTextBytes long.
std::string line(const Cursor& cursor) {
  const std::string& text = cursor.string(kMaxStatementBytes);
  base::check_limit(text.size(), kMaxTextBytes, cursor.path() + ": length");
  if (base::printable(text) != text) cursor.refuse("has characters that cannot be printed");
  return text;
}

/// A line that says something.
std::string word(const Cursor& cursor) {
  std::string text = line(cursor);
  if (text.empty()) cursor.refuse("is empty");
  return text;
}

/// The items of an array, at most `limit`.
std::vector<Cursor> items(const Cursor& cursor, std::size_t limit) {
  if (const auto* array = cursor.value().get_if<json::Array>()) {
    base::check_limit(array->size(), limit, cursor.path() + ": number of items");
  }
  return cursor.array(limit);
}

template <typename Item>
std::vector<Item> list(const Cursor& cursor, std::size_t limit, Item (*read)(const Cursor&)) {
  std::vector<Item> out;
  const std::vector<Cursor> found = items(cursor, limit);
  out.reserve(found.size());
  for (const Cursor& item : found) out.push_back(read(item));
  return out;
}

digest::Digest read_hex(const Cursor& cursor) {
  return base::with_context(cursor.path(), [&] { return digest::Digest::from_sha256_hex(cursor.string()); });
}

digest::Digest read_digest(const Cursor& cursor) {
  return base::with_context(cursor.path(), [&] { return digest::Digest::parse(cursor.string()); });
}

base::Time read_time(const Cursor& cursor) {
  return base::with_context(cursor.path(), [&] { return base::parse_time(cursor.string()); });
}

Entry read_entry(const Cursor& cursor) {
  cursor.only({"name", "sha256", "size"});
  return {cursor.at("name").string(), cursor.at("size").unsigned_integer(), read_hex(cursor.at("sha256"))};
}

ProofRecord read_proof(const Cursor& cursor) {
  cursor.only({"chain", "role", "target"});
  return {cursor.at("chain").unsigned_integer(), word(cursor.at("target")), word(cursor.at("role"))};
}

AttachmentRecord read_attachment(const Cursor& cursor) {
  cursor.only({"artifactType", "digest", "kind", "mediaType", "size", "subject", "tag"});
  AttachmentRecord attachment;
  attachment.kind = word(cursor.at("kind"));
  attachment.subject = read_digest(cursor.at("subject"));
  attachment.media_type = word(cursor.at("mediaType"));
  attachment.digest = read_digest(cursor.at("digest"));
  attachment.size = cursor.at("size").unsigned_integer();
  if (const auto type = cursor.maybe("artifactType")) attachment.artifact_type = word(*type);
  if (const auto tag = cursor.maybe("tag")) attachment.tag = word(*tag);
  return attachment;
}

ImageRecord read_image(const Cursor& cursor) {
  cursor.only({"attachments", "binding", "digest", "leftOut", "mediaType", "platforms", "proof", "reference", "size"});
  ImageRecord image;
  image.reference = word(cursor.at("reference"));
  image.media_type = word(cursor.at("mediaType"));
  image.digest = read_digest(cursor.at("digest"));
  image.size = cursor.at("size").unsigned_integer();
  image.binding = word(cursor.at("binding"));
  image.platforms = list(cursor.at("platforms"), kMaxEntries, word);
  image.left_out = list(cursor.at("leftOut"), kMaxEntries, read_digest);
  if (const auto proof = cursor.maybe("proof")) image.proof = read_proof(*proof);
  if (const auto attachments = cursor.maybe("attachments")) {
    image.attachments = list(*attachments, kMaxAttachments, read_attachment);
    if (image.attachments.empty()) attachments->refuse("is empty");
  }
  return image;
}

ChainFile read_chain_file(const Cursor& cursor) {
  cursor.only({"file", "role", "version"});
  return {word(cursor.at("file")), word(cursor.at("role")), cursor.at("version").unsigned_integer()};
}

TargetFileRecord read_target_file(const Cursor& cursor) {
  cursor.only({"name", "sha256", "size"});
  return {word(cursor.at("name")), read_hex(cursor.at("sha256")), cursor.at("size").unsigned_integer()};
}

ChainRecord read_chain(const Cursor& cursor) {
  cursor.only({"dialect", "files", "firstUse", "folder", "gun", "pin", "rootKeyIds", "source", "targets"});
  ChainRecord chain;
  chain.folder = word(cursor.at("folder"));
  chain.dialect = word(cursor.at("dialect"));
  chain.gun = word(cursor.at("gun"));
  chain.source = line(cursor.at("source"));
  chain.pin = line(cursor.at("pin"));
  chain.first_use = cursor.at("firstUse").boolean();
  chain.root_key_ids = list(cursor.at("rootKeyIds"), kMaxRootKeys, word);
  chain.files = list(cursor.at("files"), kMaxChainFiles, read_chain_file);
  if (const auto targets = cursor.maybe("targets")) {
    chain.targets = list(*targets, kMaxTargetFiles, read_target_file);
    if (chain.targets.empty()) targets->refuse("is empty");
  }
  return chain;
}

CheckRecord read_check(const Cursor& cursor) {
  cursor.only({"checkedAt", "expired", "expiryRule"});
  return {word(cursor.at("expiryRule")), read_time(cursor.at("checkedAt")),
          list(cursor.at("expired"), kMaxEntries, word)};
}

Statement read_predicate(const Cursor& cursor) {
  cursor.only({"chains", "checked", "entries", "images", "metadataEntries", "requires", "sealSize", "sealedAt", "tool",
               "version"});
  Statement statement;
  statement.seal_size = cursor.at("sealSize").unsigned_integer();
  statement.sealed_at = read_time(cursor.at("sealedAt"));
  statement.tool = word(cursor.at("tool"));
  statement.entries = list(cursor.at("entries"), kMaxEntries, read_entry);
  statement.metadata_entries = cursor.at("metadataEntries").unsigned_integer();
  statement.images = list(cursor.at("images"), kMaxImages, read_image);
  statement.chains = list(cursor.at("chains"), kMaxChains, read_chain);
  statement.checked = read_check(cursor.at("checked"));
  return statement;
}

Statement read_root(base::ByteView payload) {
  const json::Value value = json::parse(payload, {.bytes = kMaxStatementBytes});
  const Cursor root(value, "statement");
  check_version(root);
  root.only({"_type", "predicate", "predicateType", "subject"});
  items(root.at("subject"), kMaxImages);
  return read_predicate(root.at("predicate"));
}

}  // namespace

Statement parse_statement(base::ByteView payload) {
  Statement statement = read_root(payload);
  check_rules(statement);
  // Spelling, white space, the order of members, and subjects: there is one text for one statement.
  if (!base::equal(write_statement(statement), payload)) {
    throw Error(ErrorCode::malformed, "statement: not the canonical text of what it says");
  }
  return statement;
}

}  // namespace gapstow::bundle
