#include "emit_yaml.h"

#include <algorithm>
#include <array>

#include "gapstow/base/text.h"
#include "gapstow/json/write.h"

namespace gapstow::cluster {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Words that YAML 1.1 or 1.2 reads as something else than a string.
bool is_reserved(std::string_view text) {
  constexpr std::array<std::string_view, 9> kWords{"y", "n", "yes", "no", "on", "off", "true", "false", "null"};
  std::string lowered(text);
  for (char& c : lowered) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return std::ranges::find(kWords, lowered) != kWords.end();
}

bool may_stand_bare(std::string_view text) {
  if (text.empty() || !is_letter(text.front()) || is_reserved(text)) return false;
  return std::ranges::all_of(text, [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '/';
  });
}

/// Text of several lines, without anything that a block scalar would bend.
bool fits_block(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || !text.ends_with('\n') || text.ends_with("\n\n")) return false;
  if (text.front() == ' ' || text.front() == '\n') return false;
  return std::ranges::all_of(text, [](char c) { return c == '\n' || (c >= 0x20 && c < 0x7F); });
}

class Writer {
 public:
  explicit Writer(const YamlComments& comments) : comments_(comments) {}
  std::string take() { return std::move(out_); }

  /// `indent`: of the lines of this value.
  void block(const json::Value& value, const std::string& pointer, std::size_t indent) {
    if (const auto* object = value.get_if<json::Object>(); object != nullptr && !object->empty()) {
      return members(*object, pointer, indent, false);
    }
    if (const auto* array = value.get_if<json::Array>(); array != nullptr && !array->empty()) {
      return items(*array, pointer, indent);
    }
    line(indent, scalar(value));
  }

 private:
  void line(std::size_t indent, std::string_view text) { out_.append(indent, ' ').append(text).append("\n"); }

  void comment(const std::string& pointer, std::size_t indent) {
    const auto found = comments_.find(pointer);
    if (found == comments_.end()) return;
    for (const auto part : base::split(found->second, '\n')) line(indent, "# " + std::string(part));
  }

  static std::string scalar(const json::Value& value) {
    const auto* text = value.get_if<std::string>();
    return text != nullptr && may_stand_bare(*text) ? *text : json::serialize(value);
  }

  /// With `inline_first` the first member continues a line that holds "- " already.
  void members(const json::Object& object, const std::string& pointer, std::size_t indent, bool inline_first) {
    for (const auto& [name, value] : object.members()) {
      const std::string below = pointer + "/" + name;
      if (!inline_first) comment(below, indent);
      out_.append(inline_first ? 0 : indent, ' ').append(scalar(name)).append(":");
      inline_first = false;
      value_of(value, below, indent);
    }
  }

  void value_of(const json::Value& value, const std::string& pointer, std::size_t indent) {
    if (const auto* object = value.get_if<json::Object>(); object != nullptr && !object->empty()) {
      out_ += "\n";
      return members(*object, pointer, indent + 2, false);
    }
    if (const auto* array = value.get_if<json::Array>(); array != nullptr && !array->empty()) {
      out_ += "\n";
      return items(*array, pointer, indent + 2);
    }
    if (const auto* text = value.get_if<std::string>(); text != nullptr && fits_block(*text)) {
      out_ += " |\n";
      const auto lines = base::split(std::string_view(*text).substr(0, text->size() - 1), '\n');
      for (const auto part : lines) line(part.empty() ? 0 : indent + 2, part);
      return;
    }
    out_ += " " + scalar(value) + "\n";
  }

  void items(const json::Array& array, const std::string& pointer, std::size_t indent) {
    std::size_t index = 0;
    for (const auto& item : array) {
      const std::string below = pointer + "/" + std::to_string(index++);
      comment(below, indent);
      out_.append(indent, ' ').append("- ");
      if (const auto* object = item.get_if<json::Object>(); object != nullptr && !object->empty()) {
        members(*object, below, indent + 2, true);
      } else {
        out_ += scalar(item) + "\n";  // lists in lists do not occur; they would be written in flow style
      }
    }
  }

  const YamlComments& comments_;
  std::string out_;
};

}  // namespace

std::string write_yaml(const json::Value& value, const YamlComments& comments) {
  Writer writer(comments);
  writer.block(value, "", 0);
  return writer.take();
}

std::string join_documents(std::string head, const std::vector<std::string>& documents) {
  for (const auto& document : documents) {
    if (&document != &documents.front()) head += "---\n";
    head += document;
  }
  return head;
}

std::string comment_lines(std::string_view text) {
  std::string lines;
  for (const auto part : base::split(text, '\n')) lines.append(part.empty() ? "#" : "# ").append(part).append("\n");
  return lines;
}

std::string toml_string(std::string_view text) { return json::serialize(json::Value(text)); }

}  // namespace gapstow::cluster
