#include "pod_images.h"

#include <array>

#include "gapstow/base/checked.h"
#include "gapstow/enforce/review.h"

namespace gapstow::enforce {
namespace {

struct KnownKind {
  std::string_view group;
  std::string_view version;
  std::string_view kind;
  std::string_view way;  ///< joined by '/'
};

constexpr std::array kKinds{
    KnownKind{"", "v1", "Pod", ""},
    KnownKind{"", "v1", "PodTemplate", "template"},
    KnownKind{"", "v1", "ReplicationController", "spec/template"},
    KnownKind{"apps", "v1", "Deployment", "spec/template"},
    KnownKind{"apps", "v1", "ReplicaSet", "spec/template"},
    KnownKind{"apps", "v1", "StatefulSet", "spec/template"},
    KnownKind{"apps", "v1", "DaemonSet", "spec/template"},
    KnownKind{"batch", "v1", "Job", "spec/template"},
    KnownKind{"batch", "v1", "CronJob", "spec/jobTemplate/spec/template"},
    KnownKind{"batch", "v1beta1", "CronJob", "spec/jobTemplate/spec/template"},
};

/// Whatever the version: they say where a pod runs, that it goes, how many there are, who it is.
constexpr std::array kWithoutImages{
    KnownKind{"", "", "Binding", ""},
    KnownKind{"policy", "", "Eviction", ""},
    KnownKind{"autoscaling", "", "Scale", ""},
    KnownKind{"authentication.k8s.io", "", "TokenRequest", ""},
};

/// A member that may be absent, or null as Go writes what is empty.
std::optional<json::Cursor> filled(const json::Cursor& object, std::string_view name) {
  auto member = object.maybe(name);
  if (member && member->value().is_null()) member.reset();
  return member;
}

std::string text_or_empty(const json::Cursor& object, std::string_view name) {
  const auto member = filled(object, name);
  return member ? member->string(kMaxReviewBytes) : std::string();
}

const json::Object* object_or_null(const json::Cursor& parent, std::string_view name) {
  const auto member = filled(parent, name);
  if (!member) return nullptr;
  const auto* object = member->value().get_if<json::Object>();
  if (object == nullptr) member->refuse(std::string("an object is expected, not ") + member->value().kind());
  return object;
}

class Collector {
 public:
  Collector(PodView& pod, const json::Cursor& spec) : pod_(pod), spec_(spec) {}

  void containers(PodImage::Part part, std::string_view list) {
    each(list, [&](const json::Cursor& container, const std::string& pointer) {
      add({part, text_or_empty(container, "name"), pointer + "/image", text_or_empty(container, "image")});
    });
  }

  void volumes() {
    each("volumes", [&](const json::Cursor& volume, const std::string& pointer) {
      const auto image = filled(volume, "image");
      if (!image) return;
      add({PodImage::Part::volume, text_or_empty(volume, "name"), pointer + "/image/reference",
           text_or_empty(*image, "reference")});
    });
  }

 private:
  template <typename Visit>
  void each(std::string_view list, Visit visit) {
    const auto found = filled(spec_, list);
    if (!found) return;
    std::size_t index = 0;
    for (const auto& item : found->array(kMaxReviewValues)) {
      visit(item, pod_.pointer + "/spec/" + std::string(list) + "/" + std::to_string(index++));
    }
  }

  void add(PodImage image) {
    base::check_limit(pod_.images.size() + 1, kMaxReviewImages, "images of a pod");
    pod_.images.push_back(std::move(image));
  }

  PodView& pod_;
  const json::Cursor& spec_;
};

}  // namespace

std::string ObjectKind::text() const { return group + (group.empty() ? "" : "/") + version + " " + kind; }

std::optional<std::vector<std::string_view>> way_to_pod(const ObjectKind& kind) {
  for (const auto& known : kKinds) {
    if (known.group != kind.group || known.version != kind.version || known.kind != kind.kind) continue;
    std::vector<std::string_view> way;
    std::string_view rest = known.way;
    while (!rest.empty()) {
      const std::size_t slash = std::min(rest.find('/'), rest.size());
      way.push_back(rest.substr(0, slash));
      rest.remove_prefix(std::min(slash + 1, rest.size()));
    }
    return way;
  }
  return std::nullopt;
}

bool holds_no_image(const ObjectKind& kind) {
  for (const auto& known : kWithoutImages) {
    if (known.group == kind.group && known.kind == kind.kind) return true;
  }
  return false;
}

const std::string* PodView::annotation(std::string_view name) const {
  const json::Value* value = annotations == nullptr ? nullptr : annotations->find(name);
  return value == nullptr ? nullptr : value->get_if<std::string>();
}

std::optional<PodView> find_pod(const json::Value& object, const std::vector<std::string_view>& way) {
  PodView pod;
  json::Cursor at(object);
  for (const auto part : way) {
    const auto next = filled(at, part);
    if (!next) {
      // The template of a ReplicationController is optional; without one there is no image to judge.
      if (part == "template") return std::nullopt;
      at.refuse(std::string(part) + " is missing");
    }
    at = *next;
    pod.pointer += "/" + std::string(part);
  }
  pod.metadata = object_or_null(at, "metadata");
  if (pod.metadata != nullptr) pod.annotations = object_or_null(at.at("metadata"), "annotations");
  const json::Cursor spec = at.at("spec");
  Collector collector(pod, spec);
  collector.containers(PodImage::Part::container, "containers");
  collector.containers(PodImage::Part::init_container, "initContainers");
  collector.containers(PodImage::Part::ephemeral_container, "ephemeralContainers");
  collector.volumes();
  return pod;
}

std::string pointer_part(std::string_view name) {
  std::string part;
  for (const char c : name) {
    if (c == '~') {
      part += "~0";
    } else if (c == '/') {
      part += "~1";
    } else {
      part += c;
    }
  }
  return part;
}

}  // namespace gapstow::enforce
