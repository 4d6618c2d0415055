#include "layout_index.h"

#include <set>

#include "annotations.h"
#include "gapstow/base/checked.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "gapstow/json/write.h"
#include "gapstow/oci/manifest.h"

namespace gapstow::oci {
namespace {

std::string ref_name(const json::Value& entry) {
  const auto* object = entry.get_if<json::Object>();
  const auto* annotations = object == nullptr ? nullptr : object->find("annotations");
  const auto* members = annotations == nullptr ? nullptr : annotations->get_if<json::Object>();
  const auto* name = members == nullptr ? nullptr : members->find(kRefName);
  const auto* text = name == nullptr ? nullptr : name->get_if<std::string>();
  return text == nullptr ? std::string() : *text;
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
  std::set<std::string> names;
  for (const auto& entry : entries) names.insert(ref_name(entry));
  json::Array merged;
  for (const auto& entry : *index.find("manifests")->get_if<json::Array>()) {
    if (!names.contains(ref_name(entry))) merged.push_back(entry);
  }
  merged.insert(merged.end(), entries.begin(), entries.end());
  base::check_limit(merged.size(), kMaxIndexEntries, "number of images in the layout");
  index.set("manifests", std::move(merged));
  std::string text = json::serialize(std::move(index));
  base::check_limit(text.size(), kMaxManifestBytes, "size of index.json");
  return text;
}

}  // namespace gapstow::oci
