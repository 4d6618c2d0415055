#include "admission_request.h"

#include "gapstow/json/cursor.h"
#include "review_parts.h"

namespace gapstow::enforce {
namespace {

constexpr std::size_t kMaxNameBytes = 1024;  ///< names in Kubernetes have at most 253 characters
constexpr std::size_t kShownBytes = 300;

const json::Value* present(const json::Cursor& object, std::string_view name) {
  const auto member = object.maybe(name);
  return !member || member->value().is_null() ? nullptr : &member->value();
}

std::string text_or_empty(const json::Cursor& object, std::string_view name) {
  return present(object, name) == nullptr ? std::string() : object.at(name).string(kMaxNameBytes);
}

}  // namespace

std::string AdmissionRequest::text() const {
  std::string text = operation + " " + (resource.empty() ? kind.kind : resource);
  if (!subresource.empty()) text += "/" + subresource;
  text += " ";
  if (!place.empty()) text += place + "/";
  return shown(text + (name.empty() ? "(new)" : name), kShownBytes);
}

AdmissionRequest read_admission_request(const json::Value& review) {
  const json::Cursor request = json::Cursor(review).at("request");
  AdmissionRequest read;
  read.uid = request.at("uid").string(kMaxNameBytes);
  if (read.uid.empty()) request.at("uid").refuse("it is empty");
  read.operation = request.at("operation").string(kMaxNameBytes);
  const auto kind = request.at("kind");
  read.kind = {text_or_empty(kind, "group"), text_or_empty(kind, "version"), text_or_empty(kind, "kind")};
  if (present(request, "resource") != nullptr) read.resource = text_or_empty(request.at("resource"), "resource");
  read.subresource = text_or_empty(request, "subResource");
  read.place = text_or_empty(request, "namespace");
  read.name = text_or_empty(request, "name");
  read.object = present(request, "object");
  read.old_object = present(request, "oldObject");
  return read;
}

}  // namespace gapstow::enforce
