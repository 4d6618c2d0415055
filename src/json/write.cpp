#include "gapstow/json/write.h"

#include <array>
#include <charconv>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"

namespace gapstow::json {
namespace {

using base::Error;
using base::ErrorCode;

/// Appends runs of plain characters at once; `escape` says what stands for the others ("" for none).
template <typename Escape>
void append_quoted(std::string& out, std::string_view text, Escape escape) {
  out += '"';
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    const std::string_view escaped = escape(text[i]);
    if (escaped.empty()) continue;
    out += text.substr(plain, i - plain);
    out += escaped;
    plain = i + 1;
  }
  out += text.substr(plain);
  out += '"';
}

void append_integer(std::string& out, std::int64_t value) {
  std::array<char, 24> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  out.append(buffer.data(), result.ptr);
}

/// RFC 8785, section 3.2.2.2.
class Rfc8785 {
 public:
  static constexpr ErrorCode kRealIs = ErrorCode::internal;

  void quote(std::string& out, std::string_view text) {
    if (!base::is_utf8(text)) {
      throw Error(ErrorCode::malformed, "'" + base::printable(text) + "' cannot be written as JSON: it is not UTF-8");
    }
    append_quoted(out, text, [this](char c) { return escape(c); });
  }

 private:
  std::string_view escape(char c) {
    switch (c) {
      case '"':
        return "\\\"";
      case '\\':
        return "\\\\";
      case '\b':
        return "\\b";
      case '\f':
        return "\\f";
      case '\n':
        return "\\n";
      case '\r':
        return "\\r";
      case '\t':
        return "\\t";
      default:
        constexpr std::string_view kDigits = "0123456789abcdef";
        control_[4] = kDigits[static_cast<unsigned char>(c) >> 4];
        control_[5] = kDigits[static_cast<unsigned char>(c) & 15];
        return {control_.data(), control_.size()};
    }
  }

  std::array<char, 6> control_{'\\', 'u', '0', '0', '0', '0'};
};

/// OLPC canonical JSON: the bytes as they are, but for the two characters that would end or bend a string.
class Olpc {
 public:
  static constexpr ErrorCode kRealIs = ErrorCode::malformed;

  void quote(std::string& out, std::string_view text) {
    // Most texts hold neither: two quick searches instead of a look at each character.
    if (text.find('"') == std::string_view::npos && text.find('\\') == std::string_view::npos) {
      out += '"';
      out += text;
      out += '"';
      return;
    }
    append_quoted(out, text, [](char c) -> std::string_view { return c == '"' ? "\\\"" : c == '\\' ? "\\\\" : ""; });
  }
};

/// No white space at all.
struct Compact {
  static constexpr std::string_view kColon = ":";
  void open() {}
  void close() {}
  void line(std::string&) {}
};

/// Two spaces a level.
struct Indented {
  static constexpr std::string_view kColon = ": ";
  std::size_t level = 0;
  void open() { ++level; }
  void close() { --level; }
  void line(std::string& out) const {
    out += '\n';
    out.append(level * 2, ' ');
  }
};

template <typename Strings, typename Layout>
class Writer {
 public:
  std::string take() { return std::move(out_); }

  // As deep as the value is; the parser and the code that builds values bound that.
  void write(const Value& value) {
    if (const auto* truth = value.get_if<bool>()) {
      out_ += *truth ? "true" : "false";
    } else if (const auto* integer = value.get_if<std::int64_t>()) {
      append_integer(out_, *integer);
    } else if (const auto* text = value.get_if<std::string>()) {
      strings_.quote(out_, *text);
    } else if (const auto* items = value.get_if<Array>()) {
      write_items('[', *items, ']', [this](const Value& item) { write(item); });
    } else if (const auto* object = value.get_if<Object>()) {
      write_items('{', object->members(), '}', [this](const Object::Member& member) {
        strings_.quote(out_, member.first);
        out_ += Layout::kColon;
        write(member.second);
      });
    } else if (value.is_null()) {
      out_ += "null";
    } else {
      throw Error(Strings::kRealIs, "a real number has no canonical form");
    }
  }

 private:
  template <typename Items, typename WriteItem>
  void write_items(char begin, const Items& items, char end, WriteItem write_item) {
    out_ += begin;
    layout_.open();
    bool first = true;
    for (const auto& item : items) {
      if (!first) out_ += ',';
      first = false;
      layout_.line(out_);
      write_item(item);
    }
    layout_.close();
    if (!first) layout_.line(out_);
    out_ += end;
  }

  std::string out_;
  Strings strings_;
  Layout layout_;
};

template <typename Strings, typename Layout>
std::string written(const Value& value) {
  Writer<Strings, Layout> writer;
  writer.write(value);
  return writer.take();
}

}  // namespace

std::string serialize(const Value& value) { return written<Rfc8785, Compact>(value); }

std::string pretty(const Value& value) { return written<Rfc8785, Indented>(value) + "\n"; }

std::string canonical(const Value& value) { return written<Olpc, Compact>(value); }

}  // namespace gapstow::json
