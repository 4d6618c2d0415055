#include "http_answer.h"

#include <time.h>

#include <algorithm>
#include <array>

#include "gapstow/base/error.h"
#include "http_errors.h"

namespace gapstow::serve {
namespace {

bool has_body(unsigned status) { return status >= 200 && status != 204 && status != 304; }

bool is_one_line(std::string_view text) {
  return std::ranges::none_of(text,
                              [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; });
}

void add(std::string& head, std::string_view name, std::string_view value) {
  if (!is_one_line(name) || !is_one_line(value)) {
    throw base::Error(base::ErrorCode::internal, "a header of several lines: " + std::string(name));
  }
  head.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

const std::string& DateText::now() {
  const std::int64_t second = ::time(nullptr);
  if (second == second_) return text_;
  const time_t value = second;
  struct tm parts{};
  static_cast<void>(::gmtime_r(&value, &parts));
  // Names of days and months are English in all locales.
  constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::array<char, 48> rest{};
  const auto length = ::strftime(rest.data(), rest.size(), " %Y %H:%M:%S GMT", &parts);
  const auto day = std::to_string(parts.tm_mday);
  text_ = std::string(kDays.at(static_cast<std::size_t>(parts.tm_wday))) + ", " + (day.size() < 2 ? "0" : "") + day +
          " " + kMonths.at(static_cast<std::size_t>(parts.tm_mon)) + std::string(rest.data(), length);
  second_ = second;
  return text_;
}

Answer::Answer(Response response, Part part, Afterwards afterwards, std::string_view date)
    : response_(std::move(response)), status_(response_.status) {
  head_.reserve(512);
  head_.append("HTTP/1.1 ").append(std::to_string(response_.status)).append(" ");
  head_.append(status_text(response_.status)).append("\r\n");
  add(head_, "Date", date);
  for (const auto& [name, value] : response_.headers) add(head_, name, value);
  if (has_body(response_.status)) {
    const auto length = response_.length();
    add(head_, "Content-Length", std::to_string(length));
    if (part == Part::whole) body_length_ = length;
  }
  if (afterwards == Afterwards::closes) add(head_, "Connection", "close");
  if (afterwards == Afterwards::stays_told) add(head_, "Connection", "keep-alive");
  head_.append("\r\n");
}

base::ByteView Answer::head_left() const { return base::as_bytes(head_).subspan(head_at_); }

base::ByteView Answer::body_left() const {
  if (body_at_ == body_length_) return {};
  const auto at = static_cast<std::size_t>(body_at_);
  if (const auto* text = std::get_if<std::string>(&response_.body)) return base::as_bytes(*text).subspan(at);
  if (const auto* shared = std::get_if<SharedBody>(&response_.body)) return base::ByteView(**shared).subspan(at);
  return {};
}

const FileBody* Answer::file_left() const {
  return body_at_ < body_length_ ? std::get_if<FileBody>(&response_.body) : nullptr;
}

void Answer::advance(std::uint64_t count) {
  const auto of_head = std::min<std::uint64_t>(count, head_.size() - head_at_);
  head_at_ += static_cast<std::size_t>(of_head);
  body_at_ += count - of_head;
}

void Answer::go_on_with(const FileBody& renewed) {
  auto& body = std::get<FileBody>(response_.body);
  body.file = renewed.file;
  body.stamp = renewed.stamp;
}

}  // namespace gapstow::serve
