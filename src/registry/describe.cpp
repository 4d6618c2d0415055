#include <algorithm>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/json/parse.h"
#include "gapstow/registry/server.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t kMaxDescription = 300;
constexpr std::size_t kMaxErrors = 3;
constexpr std::size_t kMaxWord = 80;  // of text without spaces: what is longer may be a token

std::string text_member(const json::Object& object, std::string_view name) {
  const auto* value = object.find(name);
  const auto* text = value == nullptr ? nullptr : value->get_if<std::string>();
  return text == nullptr ? std::string() : *text;
}

/// "NAME_UNKNOWN: repository name not known to registry"
std::string one_error(const json::Object& error) {
  const auto code = text_member(error, "code");
  const auto message = text_member(error, "message");
  if (code.empty() || message.empty()) return code + message;
  return code + ": " + message;
}

/// The documents of registries ("errors"), Notary servers (the same) and token servers ("details", OAuth2 "error").
std::string from_document(const json::Value& document) {
  const auto* object = document.get_if<json::Object>();
  if (object == nullptr) return {};
  std::vector<std::string> parts;
  const auto* errors = object->find("errors");
  if (const auto* list = errors == nullptr ? nullptr : errors->get_if<json::Array>()) {
    for (const auto& item : *list) {
      const auto* error = item.get_if<json::Object>();
      if (error != nullptr && parts.size() < kMaxErrors) parts.push_back(one_error(*error));
    }
  }
  for (const auto* name : {"error", "error_description", "details", "message"}) {
    if (auto text = text_member(*object, name); parts.size() < kMaxErrors && !text.empty()) {
      parts.push_back(std::move(text));
    }
  }
  return base::join(parts, "; ");
}

std::string complaint_of(const Reply& reply) {
  const auto text = base::as_text(reply.body);
  if (text.empty()) return {};
  try {
    return from_document(json::parse(reply.body, {.bytes = kMaxReplyBytes, .depth = 32, .reals = true}));
  } catch (const Error&) {
    // Not JSON: a short plain line says something, a page does not.
    const auto type = reply.headers.find("Content-Type").value_or("");
    return type.starts_with("text/plain") ? std::string(text.substr(0, text.find_first_of("\r\n"))) : std::string();
  }
}

/// Without query strings, which may be capabilities, and without what is as long as a token.
std::string without_secrets(const std::string& text) {
  std::string out;
  for (auto word : base::split(text, ' ')) {
    if (!out.empty()) out += ' ';
    const auto query = word.find("://") == std::string_view::npos ? word.find("?_state=") : word.find('?');
    word = word.substr(0, query);
    const bool is_long = word.size() > kMaxWord && word.find("sha256:") == std::string_view::npos;
    out += is_long ? std::string(word.substr(0, 16)) + "\u2026" : std::string(word);
    if (out.size() > 2 * kMaxDescription) break;
  }
  return out;
}

}  // namespace

std::string describe(const Reply& reply) {
  auto text = std::to_string(reply.status);
  if (const auto complaint = without_secrets(complaint_of(reply)); !complaint.empty()) text += " " + complaint;
  text = base::printable(text);
  if (text.size() <= kMaxDescription) return text;
  auto end = kMaxDescription;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // whole characters
  return text.substr(0, end) + "\u2026";
}

void refuse(const Reply& reply, const std::string& what) {
  const auto text = what + ": " + describe(reply);
  if (reply.status == 401 || reply.status == 403) {
    throw Error(ErrorCode::unauthorized, text,
                "give credentials with --creds or --authfile, or log in with docker login");
  }
  throw Error(reply.status == 404 ? ErrorCode::not_found : ErrorCode::network, text);
}

}  // namespace gapstow::registry
