#include "layout_index.h"

#include <set>
#include <utility>

#include "annotations.h"
#include "gapstow/base/checked.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "gapstow/json/write.h"
#include "gapstow/oci/manifest.h"

namespace gapstow::oci {
namespace {

const json::Value* member(const json::Value* value, std::string_view name) {
  const auto* object = value == nullptr ? nullptr : value->get_if<json::Object>();
  return object == nullptr ? nullptr : object->find(name);
}

std::string text_of(const json::Value* value) {
  const auto* text = value == nullptr ? nullptr : value->get_if<std::string>();
  return text == nullptr ? std::string() : *text;
}

/// What only one entry may have: its ref.name; without one the digest.
std::pair<std::string, std::string> key_of(const json::Value& entry) {
  const std::string name = text_of(member(member(&entry, "annotations"), kRefName));
  return {name, name.empty() ? text_of(member(&entry, "digest")) : std::string()};
}

}  // namespace

json::Object read_index_object(base::ReadFs& fs, const std::string& path) {
  const base::Bytes bytes = base::read_file(fs, path, kMaxManifestBytes);
  return base::with_context(path, [&] {
    const json::Value value = json::parse(bytes);
    const json::Cursor at(value);
    at.no_case_variants({"schemaVersion", "manifests"});
    at.at("schemaVersion").integer(2, 2);
    for (const auto& entry : at.at("manifests").array()) entry.members();
    return *value.get_if<json::Object>();
  });
}

std::string merge_index(json::Object index, const json::Array& entries) {
  std::set<std::pair<std::string, std::string>> keys;
  for (const auto& entry : entries) keys.insert(key_of(entry));
  json::Array merged;
  for (const auto& entry : *index.find("manifests")->get_if<json::Array>()) {
    if (!keys.contains(key_of(entry))) merged.push_back(entry);
  }
  merged.insert(merged.end(), entries.begin(), entries.end());
  base::check_limit(merged.size(), kMaxIndexEntries, "number of images in the layout");
  index.set("manifests", std::move(merged));
  std::string text = json::serialize(std::move(index));
  base::check_limit(text.size(), kMaxManifestBytes, "size of index.json");
  return text;
}

}  // namespace gapstow::oci
