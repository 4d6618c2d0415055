#include "admission_patch.h"

#include <algorithm>

#include "gapstow/base/error.h"
#include "gapstow/digest/digest.h"
#include "gapstow/enforce/admission_review.h"
#include "gapstow/enforce/relocations.h"

namespace gapstow::enforce {
namespace {

constexpr std::size_t kMaxNamePart = 63;  ///< of a qualified name in Kubernetes, behind the slash

json::Value step(std::string_view op, std::string path, json::Value value) {
  return json::Object{{"op", op}, {"path", std::move(path)}, {"value", std::move(value)}};
}

std::string annotation_of(const PodImage& image) {
  // Containers have no dot in their names, so a volume and a container cannot meet in one annotation.
  return original_image_annotation((image.part == PodImage::Part::volume ? "volume." : "") + image.name);
}

/// Whether an annotation "redis:7.2" still explains the image "docker.io/library/redis:7.2@sha256:…".
bool explains(const std::string& original, const std::string& image) {
  try {
    return image.starts_with(normalise(original).text() + "@");
  } catch (const base::Error&) {
    return false;
  }
}

/// Adds annotations; where there are none yet the object that holds them comes with them.
void add_annotations(json::Array& patch, const PodView& pod, json::Object added) {
  const std::string metadata = pod.pointer + "/metadata";
  if (added.empty()) return;
  if (pod.metadata == nullptr) {
    patch.push_back(step("add", metadata, json::Object{{"annotations", std::move(added)}}));
  } else if (pod.annotations == nullptr) {
    patch.push_back(step("add", metadata + "/annotations", std::move(added)));
  } else {
    for (const auto& [name, value] : added.members()) {
      patch.push_back(step("add", metadata + "/annotations/" + pointer_part(name), value));
    }
  }
}

}  // namespace

std::string original_image_annotation(std::string_view name) {
  constexpr std::size_t kSlash = kOriginalImage.find('/');
  constexpr std::size_t kRoom = kMaxNamePart - (kOriginalImage.size() - kSlash - 1);
  constexpr std::size_t kHashDigits = 12;
  const auto alphanumeric = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  const auto allowed = [&](char c) { return alphanumeric(c) || c == '-' || c == '_' || c == '.'; };
  std::string part(kOriginalImage);
  if (!name.empty() && name.size() <= kRoom && alphanumeric(name.back()) && std::ranges::all_of(name, allowed)) {
    return part.append(name);
  }
  for (const char c : name.substr(0, kRoom - kHashDigits - 1)) part += allowed(c) ? c : '_';
  const auto hash = digest::sha256(base::as_bytes(name));
  return part + "." + hash.hex().substr(0, kHashDigits);
}

json::Array pinning_patch(const PodView& pod, const std::vector<JudgedImage>& judged, bool with_annotations) {
  json::Array patch;
  json::Object originals;
  std::vector<std::string> outdated;
  for (const auto& [image, ruling] : judged) {
    const std::string annotation = annotation_of(*image);
    const std::string* stands = pod.annotation(annotation);
    if (ruling->verdict == Ruling::Verdict::mutate) {
      patch.push_back(step("test", image->pointer, image->reference));
      patch.push_back(step("replace", image->pointer, ruling->pinned));
      if (stands == nullptr || *stands != image->reference) originals.set(annotation, image->reference);
    } else if (stands != nullptr && !explains(*stands, ruling->local) &&
               std::ranges::find(outdated, annotation) == outdated.end()) {
      outdated.push_back(annotation);
    }
  }
  if (!with_annotations) return patch;
  for (const auto& annotation : outdated) {
    if (originals.find(annotation) != nullptr) continue;
    patch.push_back(
        json::Object{{"op", "remove"}, {"path", pod.pointer + "/metadata/annotations/" + pointer_part(annotation)}});
  }
  add_annotations(patch, pod, std::move(originals));
  return patch;
}

}  // namespace gapstow::enforce
