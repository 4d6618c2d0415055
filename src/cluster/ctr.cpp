#include "ctr.h"

#include <sstream>

#include "gapstow/base/error.h"
#include "gapstow/base/program.h"
#include "gapstow/base/text.h"

namespace gapstow::cluster {
namespace {

using base::Error;
using base::ErrorCode;

/// Lines below the heading.
std::vector<std::string_view> rows(const std::string& text) {
  auto lines = base::split(text, '\n');
  if (!lines.empty()) lines.erase(lines.begin());
  std::erase_if(lines, [](std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; });
  return lines;
}

std::vector<std::string> words_of(std::string_view line) {
  std::istringstream in{std::string(line)};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

digest::Digest digest_in(const std::string& word) {
  try {
    return digest::Digest::parse(word);
  } catch (const Error& error) {
    throw Error(ErrorCode::network, "ctr prints a table in a form that is not known: " + error.line());
  }
}

/// "a=1,b=x,y": a value may have commas, a key has none.
Ctr::Labels parse_labels(std::string_view text) {
  Ctr::Labels labels;
  std::string key;
  for (const auto part : base::split(text, ',')) {
    const auto equals = part.find('=');
    if (equals != std::string_view::npos) {
      key = part.substr(0, equals);
      labels[key] = part.substr(equals + 1);
    } else if (!key.empty()) {
      labels[key] += "," + std::string(part);
    }
  }
  return labels;
}

}  // namespace

std::map<std::string, digest::Digest> parse_image_table(const std::string& text) {
  std::map<std::string, digest::Digest> images;
  for (const auto row : rows(text)) {
    const auto words = words_of(row);
    if (words.size() < 3) throw Error(ErrorCode::network, "ctr prints a table of images in a form that is not known");
    images.emplace(words[0], digest_in(words[2]));
  }
  return images;
}

std::map<digest::Digest, Ctr::Labels> parse_content_table(const std::string& text) {
  std::map<digest::Digest, Ctr::Labels> content;
  for (const auto row : rows(text)) {
    const auto words = words_of(row);
    content.emplace(digest_in(words.at(0)), parse_labels(words.back()));
  }
  return content;
}

std::string Ctr::run(std::vector<std::string> words, base::Source* input, const base::CancelToken& cancel) const {
  words.insert(words.begin(), {program_, "--address", address_, "--namespace", name_space_});
  try {
    auto result = base::run_program({words, input}, cancel);
    if (result.exit_code == 0) return std::move(result.output);
    throw Error(ErrorCode::network,
                "containerd at " + address_ + " refuses '" + words[5] + " " + words[6] +
                    "': " + (result.errors.empty() ? "exit code " + std::to_string(result.exit_code) : result.errors),
                hint_for(result.errors));
  } catch (Error& error) {
    if (error.code() == ErrorCode::not_found) {
      error.advise(
          "install the program ctr, which comes with containerd, or import to k3s-dir:DIR or oci-archive:FILE");
    }
    throw;
  }
}

std::string Ctr::hint_for(const std::string& errors) const {
  if (errors.find("snapshotter not loaded") != std::string::npos) {
    return "set CONTAINERD_SNAPSHOTTER to the snapshotter that this containerd has, such as native";
  }
  return "'ctr --address " + address_ + " version' tells whether it answers";
}

std::map<std::string, digest::Digest> Ctr::images(const base::CancelToken& cancel) const {
  return parse_image_table(run({"images", "ls"}, nullptr, cancel));
}

std::map<digest::Digest, Ctr::Labels> Ctr::content(const base::CancelToken& cancel) const {
  return parse_content_table(run({"content", "ls"}, nullptr, cancel));
}

void Ctr::import(base::Source& tar, const std::string& platform, const base::CancelToken& cancel) const {
  std::vector<std::string> words{"images", "import", "--no-unpack"};
  // Since 2.0 another service imports unless told so, which asks for every platform of an index.
  const std::string help = run({"images", "import", "--help"}, nullptr, cancel);
  if (help.find("--local") != std::string::npos) words.push_back("--local");
  if (platform.empty()) {
    words.push_back("--all-platforms");
  } else {
    words.insert(words.end(), {"--platform", platform});
  }
  words.push_back("-");
  run(words, &tar, cancel);
}

void Ctr::tag(const std::string& from, const std::vector<std::string>& to, const base::CancelToken& cancel) const {
  std::vector<std::string> words{"images", "tag", "--force", from};
  words.insert(words.end(), to.begin(), to.end());
  run(words, nullptr, cancel);
}

void Ctr::remove(const std::vector<std::string>& names, const base::CancelToken& cancel) const {
  if (names.empty()) return;
  std::vector<std::string> words{"images", "rm"};
  words.insert(words.end(), names.begin(), names.end());
  run(words, nullptr, cancel);
}

void Ctr::label(const digest::Digest& blob, const Labels& labels, const base::CancelToken& cancel) const {
  std::vector<std::string> words{"content", "label", blob.text()};
  for (const auto& [key, value] : labels) words.push_back(key + "=" + value);
  run(words, nullptr, cancel);
}

void Ctr::unpack(const digest::Digest& image, const base::CancelToken& cancel) const {
  run({"snapshots", "unpack", image.text()}, nullptr, cancel);
}

}  // namespace gapstow::cluster
